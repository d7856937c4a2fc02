"""Stopping a built-in proxy, and doing several things at once."""

from __future__ import annotations

import contextlib

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from core.endpoints import ConsoleSink, ConsoleWatch
from core.errors import (
    AlreadyWatched,
    ConsoleBroken,
    ProxyError,
)
from core.proxy import KataBuiltInProxy, NoProxy, ProxyParams
from tests.core.proxy.consoles import BOTH, END, Console
from tests.core.proxy.logbook import Logbook


@BOTH
@pytest.mark.anyio
async def test_stop_closes_the_console_whatever_the_pid(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        for pid in (42, 0, -1, 2**200):
            await proxy.start(params)
            await proxy.stop(pid)
            assert not proxy.console_watched
            assert proxy.sandbox_id == ""
            assert console.guest.clients == 0
            await proxy.stop(pid)
    assert END not in logbook.messages


@pytest.mark.anyio
async def test_stop_logs_what_was_unfinished(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with KataBuiltInProxy(opener=console.open) as proxy:
        await proxy.start(params)
        console.guest.write(b"line\nlogin: ")
        await logbook.until_lines("line")
        await proxy.stop(42)
        assert logbook.lines == ["line", "login: "]


@pytest.mark.anyio
async def test_stop_does_not_fail_when_closing_does(
    params: ProxyParams, console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __init__(self, watch: ConsoleWatch) -> None:
            self.watch = watch

        async def aclose(self) -> None:
            await self.watch.aclose()
            raise ConsoleBroken("it broke while it was closed")

    async def open_broken(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        return Broken(await console.open(url, sink, tasks))

    async with KataBuiltInProxy(opener=open_broken) as proxy:
        await proxy.start(params)
        await proxy.stop(42)
        assert not proxy.console_watched
    assert "closing a console failed" in caplog.text


@BOTH
@pytest.mark.anyio
async def test_leaving_the_block_closes_the_console(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        await proxy.start(params)
        console.guest.write(b"login: ")
    assert not proxy.console_watched
    assert console.guest.clients == 0
    async with proxy:
        await proxy.start(params)
        assert proxy.console_watched


@pytest.mark.anyio
async def test_cancelled_block_closes_the_console(params: ProxyParams, console: Console) -> None:
    with anyio.fail_after(10), anyio.CancelScope() as scope:
        async with KataBuiltInProxy(opener=console.open) as proxy:
            await proxy.start(params)
            scope.cancel()
            await anyio.sleep_forever()
    assert not proxy.console_watched
    assert console.guest.clients == 0


@pytest.mark.anyio
async def test_start_that_goes_on_while_the_block_is_left_leaves_nothing_open(
    params: ProxyParams, console: Console
) -> None:
    is_opening, may_open = anyio.Event(), anyio.Event()

    async def open_slowly(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        is_opening.set()
        await may_open.wait()
        return await console.open(url, sink, tasks)

    async def start_too_late(proxy: NoProxy, then: anyio.Event) -> None:
        await anyio.wait_all_tasks_blocked()
        # The block is being left, and waits for the first start.
        with pytest.raises(ProxyError, match="outside its block"):
            await proxy.start(params)
        then.set()

    async with (
        anyio.create_task_group() as tasks,
        KataBuiltInProxy(opener=open_slowly) as proxy,
    ):
        tasks.start_soon(proxy.start, params)
        await is_opening.wait()
        tasks.start_soon(start_too_late, proxy, may_open)
    assert console.guest.clients == 0
    assert not proxy.console_watched


# Several at once.


@BOTH
@pytest.mark.anyio
async def test_of_many_starts_at_once_one_wins(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    outcomes: list[str] = []

    async def start(proxy: NoProxy) -> None:
        try:
            await proxy.start(params)
        except AlreadyWatched:
            outcomes.append("already watched")
        else:
            outcomes.append("started")

    async with proxy_class(opener=console.open) as proxy:
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(start, proxy)
        assert sorted(outcomes) == ["already watched"] * 9 + ["started"]
        assert console.guest.clients == 1


@pytest.mark.anyio
async def test_starts_and_stops_at_once_take_turns(params: ProxyParams, console: Console) -> None:
    async def start(proxy: NoProxy) -> None:
        with contextlib.suppress(AlreadyWatched):
            await proxy.start(params)
        assert console.guest.clients <= 1

    with anyio.fail_after(10):
        async with KataBuiltInProxy(opener=console.open) as proxy:
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(start, proxy)
                    tasks.start_soon(proxy.stop, 42)
            await proxy.stop(42)
            assert console.guest.clients == 0
