"""A console that is being watched, until it ends."""

from __future__ import annotations

import dataclasses
import logging

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from core.endpoints import ConsoleSink, ConsoleWatch
from core.errors import (
    AlreadyWatched,
    ConsoleBroken,
    ConsoleError,
    ConsoleRefused,
    ProxyError,
)
from core.proxy import KataBuiltInProxy, NoProxy, ProxyHandle, ProxyParams, builtin
from tests.core.proxy.consoles import BOTH, END, URL, Console
from tests.core.proxy.logbook import FailingHandler, Logbook


@BOTH
@pytest.mark.anyio
async def test_every_line_goes_to_the_logger(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        await proxy.start(params)
        assert proxy.console_watched
        assert proxy.sandbox_id == "vm1"
        start = logbook.one("Start to watch the console")
        assert start.levelno == logging.DEBUG
        console.guest.write(b"[    0.0] Linux\r\n[    0.1] Command line: quiet\r\n")
        await logbook.until_lines("[    0.0] Linux", "[    0.1] Command line: quiet")
        assert logbook.facts("sandbox") == ["vm1"] * 3
        assert logbook.messages[1:] == ["reading guest console"] * 2
        assert logbook.facts("console_protocol") == ["memory"] * 2
        assert logbook.facts("console_url") == [URL] * 2


@pytest.mark.anyio
async def test_prompt_is_logged_after_a_second(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with KataBuiltInProxy(opener=console.open) as proxy:
        await proxy.start(params)
        console.guest.write(b"login: ")
        await logbook.until_lines("login: ")


@pytest.mark.anyio
async def test_endless_line_ends_neither_watch_nor_guest(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with KataBuiltInProxy(opener=console.open) as proxy:
        await proxy.start(params)
        console.guest.write(b"x" * 5_000_000 + b"\nafter\n")
        await logbook.until(lambda: "after" in logbook.lines)
        assert proxy.console_watched
    assert sum(len(str(line)) for line in logbook.lines) == 5_000_005


@BOTH
@pytest.mark.anyio
async def test_watched_console_is_never_watched_twice(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        await proxy.start(params)
        for again in (params, dataclasses.replace(params, id="vm2", debug=False)):
            with pytest.raises(AlreadyWatched) as caught:
                await proxy.start(again)
            message = f"The console has been watched for sandbox {again.id}"
            assert str(caught.value) == message
            assert isinstance(caught.value, ProxyError)
        assert proxy.console_watched
        assert proxy.sandbox_id == "vm1"
        assert console.guest.clients == 1


@BOTH
@pytest.mark.anyio
async def test_failed_watch_is_forgotten_and_can_be_tried_again(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        console.guest.is_refusing = True
        with pytest.raises(ConsoleRefused):
            await proxy.start(params)
        assert not proxy.console_watched
        assert proxy.sandbox_id == ""
        console.guest.is_refusing = False
        await proxy.start(params)
        assert proxy.console_watched


@pytest.mark.anyio
async def test_error_of_a_start_leaves_the_block_by_its_own_name(
    params: ProxyParams, console: Console
) -> None:
    console.guest.is_refusing = True
    with pytest.raises(ConsoleRefused):
        async with KataBuiltInProxy(opener=console.open) as proxy:
            await proxy.start(params)


@pytest.mark.anyio
async def test_opener_that_hangs_is_given_up(
    params: ProxyParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        await anyio.sleep_forever()
        raise AssertionError

    assert 2.0 < builtin.OPEN_TIMEOUT_S < 3.0
    monkeypatch.setattr(builtin, "OPEN_TIMEOUT_S", 0.01)
    async with KataBuiltInProxy(opener=hang) as proxy:
        with anyio.fail_after(10), pytest.raises(ConsoleError, match="took longer than"):
            await proxy.start(params)
        assert not proxy.console_watched
        assert proxy.sandbox_id == ""


# The end of a console.


@BOTH
@pytest.mark.anyio
async def test_ended_console_counts_as_watched_no_more_and_starts_again(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        for number in (1, 2):
            await proxy.start(params)
            console.guest.write(b"life %d" % number)
            console.guest.hang_up()
            await logbook.until(lambda n=number: logbook.messages.count(END) == n)  # type: ignore[misc]
            assert not proxy.console_watched
        assert logbook.lines == ["life 1", "life 2"]
        assert logbook.records[-1].levelno == logging.INFO
        assert vars(logbook.records[-1])["sandbox"] == "vm1"


@pytest.mark.anyio
async def test_console_that_hangs_up_at_once_ends_like_any_other(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async def open_and_end(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        watch = await console.open(url, sink, tasks)
        sink.end(None)
        return watch

    async with KataBuiltInProxy(opener=open_and_end) as proxy:
        assert await proxy.start(params) == ProxyHandle(42, "unix:///agent.sock")
        assert not proxy.console_watched
        assert END in logbook.messages
        await proxy.start(params)
        assert not proxy.console_watched


@pytest.mark.anyio
async def test_watch_of_an_ended_console_is_closed_before_the_next(
    params: ProxyParams, console: Console
) -> None:
    order: list[str] = []

    class Noting:
        def __init__(self, watch: ConsoleWatch) -> None:
            self.watch = watch

        async def aclose(self) -> None:
            order.append("closed")
            await self.watch.aclose()

    async def open_noting(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        order.append("opened")
        return Noting(await console.open(url, sink, tasks))

    async with KataBuiltInProxy(opener=open_noting) as proxy:
        await proxy.start(params)
        console.sinks[0].end(None)
        await proxy.start(params)
        assert order == ["opened", "closed", "opened"]
        assert console.guest.clients == 1
    assert order[3:] == ["closed"]


@pytest.mark.anyio
async def test_console_that_fails_is_an_error_and_starts_again(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with KataBuiltInProxy(opener=console.open) as proxy:
        await proxy.start(params)
        console.sinks[0].end(ConsoleBroken("Connection reset by peer"))
        assert not proxy.console_watched
        failure = logbook.one("Failed to read agent logs")
        assert failure.levelno == logging.ERROR
        assert vars(failure)["console_protocol"] == "memory"
        assert vars(failure)["console_socket"] == "guest"
        await proxy.start(params)
        assert proxy.console_watched


# Loggers.


class Refusing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise ZeroDivisionError


@BOTH
@pytest.mark.anyio
async def test_logger_that_fails_does_not_end_the_watch(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    logbook.logger.addHandler(FailingHandler())
    async with proxy_class(opener=console.open) as proxy:
        await proxy.start(params)
        console.guest.write(b"one\ntwo\n")
        await logbook.until_lines("one", "two")
        logbook.logger.addFilter(Refusing())
        console.guest.write(b"three\n")
        console.guest.hang_up()
        with anyio.fail_after(10):
            while proxy.console_watched:
                await anyio.lowlevel.checkpoint()
        assert logbook.lines == ["one", "two"]


@pytest.mark.anyio
async def test_console_is_drained_while_the_logger_is_at_info(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    logbook.logger.setLevel(logging.INFO)
    async with KataBuiltInProxy(opener=console.open) as proxy:
        await proxy.start(params)
        # Far more than a socket holds: whoever does not read it all never hears the end.
        console.guest.write(b"x" * 20_000_000)
        console.guest.hang_up()
        await logbook.until(lambda: END in logbook.messages)
        assert not proxy.console_watched
    assert logbook.messages == [END]
