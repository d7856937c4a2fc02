"""How a kata-proxy ends."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.proxy import KataProxy, ProxyHandle, ProxyParams, running
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.logbook import FailingHandler, Logbook
from tests.core.proxy.programs import Programs, is_child, is_running, is_zombie

pytestmark = pytest.mark.anyio


WAITS = "#!/bin/sh\nexec sleep 600\n"


async def test_stop_ends_the_program_with_sigterm_and_reaps_it(
    params: ProxyParams, proxy: KataProxy, programs: Programs, logbook: Logbook
) -> None:
    before = open_descriptors()
    async with proxy:
        inside = open_descriptors()
        handle = await proxy.start(params)
        await programs.reported("started")
        await proxy.stop(handle.pid)
        assert programs.has_reported("terminated")
        assert proxy.ended.is_set()
        assert proxy.exit_status == 0
        assert not is_child(handle.pid)
        with anyio.fail_after(10):
            # The task that waits for the end has a descriptor for that until it wakes.
            while open_descriptors() > inside:
                await anyio.lowlevel.checkpoint()
        await proxy.stop(handle.pid)
    end = logbook.one("The kata-proxy was stopped: exit status 0")
    assert end.levelno == logging.INFO
    assert vars(end)["sandbox"] == "vm1"
    assert vars(end)["pid"] == handle.pid
    assert open_descriptors() == before


async def test_program_without_a_handler_is_killed_by_the_signal(
    params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(
            dataclasses.replace(params, path=str(programs.script("waits", WAITS)))
        )
        await proxy.stop(handle.pid)
        assert proxy.ended.is_set()
        assert proxy.exit_status == -signal.SIGTERM
        assert proxy.exit_words == "killed by SIGTERM"


@pytest.mark.parametrize(
    ("order", "status", "words"), [(b"x", 7, "exit status 7"), (b"k", -9, "killed by SIGKILL")]
)
async def test_program_that_ends_by_itself_is_noticed_logged_and_reaped(
    order: bytes,
    status: int,
    words: str,
    params: ProxyParams,
    proxy: KataProxy,
    runtime: Path,
    programs: Programs,
    logbook: Logbook,
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        assert proxy.exit_words == ""
        await programs.reported("started")
        programs.order(order)
        with anyio.fail_after(10):
            await proxy.ended.wait()
        assert proxy.exit_status == status
        assert proxy.exit_words == words
        assert not is_zombie(handle.pid)
        end = logbook.one(f"The kata-proxy ended by itself: {words}")
        assert end.levelno == logging.ERROR
        assert vars(end)["exit_status"] == status
        assert list((runtime / "proxies").iterdir()) == []
        await proxy.stop(handle.pid)
        again = await proxy.start(params)
        await programs.reported("started")
        assert not proxy.ended.is_set()
        await proxy.stop(again.pid)


async def test_program_that_dies_at_once_is_still_started(
    params: ProxyParams, proxy: KataProxy, programs: Programs, logbook: Logbook
) -> None:
    dies = programs.script("dies", "#!/bin/sh\nexit 3\n")
    async with proxy:
        for _ in range(10):
            handle = await proxy.start(dataclasses.replace(params, path=str(dies)))
            assert handle.pid > 0
            with anyio.fail_after(10):
                await proxy.ended.wait()
            assert proxy.exit_status == 3
            assert not is_zombie(handle.pid)
    assert len(logbook.facts("exit_status")) == 10


async def test_program_that_does_not_end_is_told_of_and_can_be_stopped_later(
    params: ProxyParams,
    proxy: KataProxy,
    runtime: Path,
    programs: Programs,
    logbook: Logbook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "STOP_TIMEOUT_S", 0.05)
    stubborn = str(programs.make("stubborn", ends=False))
    async with proxy:
        handle = await proxy.start(dataclasses.replace(params, path=stubborn))
        await programs.reported("started")
        await proxy.stop(handle.pid)
        await programs.reported("terminated")
        assert is_running(handle.pid)
        assert not proxy.ended.is_set()
        assert (runtime / "proxies" / "vm1" / "process.json").exists()
        warning = logbook.one("The kata-proxy was told to end and still runs after 0.05 s")
        assert warning.levelno == logging.WARNING
        await proxy.stop(handle.pid)
        await programs.reported("terminated")
        programs.order(b"k")
        with anyio.fail_after(10):
            await proxy.ended.wait()


async def test_stop_touches_no_process_but_a_proxy_that_was_started(
    params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        for pid in (0, -1, -handle.pid, handle.pid + 1, 1, os.getpid(), 2**31, 2**200):
            await proxy.stop(pid)
        assert is_running(handle.pid)
        assert not programs.has_reported("terminated")
        await proxy.stop(handle.pid)


# Several at once, and loggers.


async def test_many_starts_and_stops_at_once_leave_nothing(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    started: list[ProxyHandle] = []

    async def start() -> None:
        started.append(await proxy.start(params))

    async with proxy:
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(start)
        assert len({handle.pid for handle in started}) == 1
        await programs.reported("started")
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(proxy.stop, started[0].pid)
    assert list((runtime / "proxies").iterdir()) == []
    assert not is_zombie(started[0].pid)


async def test_logger_that_fails_does_not_end_the_block(
    params: ProxyParams, proxy: KataProxy, programs: Programs, logbook: Logbook
) -> None:
    failing = FailingHandler()
    logbook.logger.addHandler(failing)
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        programs.order(b"k")
        with anyio.fail_after(10):
            await proxy.ended.wait()
        assert failing.asked == 1
        assert proxy.exit_status == -signal.SIGKILL
        await proxy.stop(handle.pid)
