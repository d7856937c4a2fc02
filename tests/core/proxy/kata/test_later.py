"""A kata-proxy after its block, and in a later process."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.errors import (
    ProxyStartError,
)
from core.proxy import KataProxy, ProxyParams, running
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.logbook import Logbook
from tests.core.proxy.programs import Programs, end_of_zombie, is_running, is_zombie

pytestmark = pytest.mark.anyio


async def test_leaving_the_block_leaves_the_program_running_until_stop(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
    assert is_running(handle.pid)
    assert (runtime / "proxies" / "vm1" / "process.json").exists()
    await proxy.stop(handle.pid)
    assert programs.has_reported("terminated")
    assert not is_running(handle.pid)
    assert not is_zombie(handle.pid)
    assert not (runtime / "proxies" / "vm1").exists()
    assert proxy.exit_status == 0


async def test_cancelled_block_leaves_the_program_running(
    params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    with anyio.fail_after(20), anyio.CancelScope() as scope:
        async with proxy:
            handle = await proxy.start(params)
            await programs.reported("started")
            scope.cancel()
            await anyio.sleep_forever()
    assert is_running(handle.pid)
    await proxy.stop(handle.pid)
    assert not is_running(handle.pid)


async def test_any_other_proxy_object_stops_it(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    before = open_descriptors()
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
    await KataProxy(runtime_dir=runtime).stop(handle.pid)
    assert programs.has_reported("terminated")
    assert not is_zombie(handle.pid)
    assert not (runtime / "proxies" / "vm1").exists()
    assert open_descriptors() == before


async def test_what_was_left_running_is_reaped_later(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs, logbook: Logbook
) -> None:
    before = open_descriptors()
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
    programs.order(b"x")
    await end_of_zombie(handle.pid)
    async with KataProxy(runtime_dir=runtime):
        assert not is_zombie(handle.pid)
    assert not (runtime / "proxies" / "vm1").exists()
    assert proxy.ended.is_set()
    assert proxy.exit_status == 7
    logbook.one("The kata-proxy ended by itself: exit status 7")
    assert open_descriptors() == before


async def test_program_that_runs_already_is_the_one_that_is_started(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    before = open_descriptors()
    async with proxy:
        first = await proxy.start(params)
        await programs.reported("started")
        assert await proxy.start(params) == first
    async with KataProxy(runtime_dir=runtime, run_storage=runtime / "sbs") as later:
        assert await later.start(params) == first
        assert not later.ended.is_set()
        assert not programs.has_reported("started")
        await later.stop(first.pid)
        assert later.ended.is_set()
        assert later.exit_words == "exit status 0"
        assert not is_running(first.pid)
        assert not is_zombie(first.pid)
        assert not (runtime / "proxies" / "vm1").exists()
    assert open_descriptors() == before


async def test_end_of_a_program_that_ran_already_is_noticed(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
    async with KataProxy(runtime_dir=runtime, run_storage=runtime / "sbs") as later:
        assert await later.start(params) == handle
        programs.order(b"x")
        with anyio.fail_after(10):
            await later.ended.wait()
        assert later.exit_status == 7
    assert proxy.exit_status == 7
    assert not is_zombie(handle.pid)


async def test_program_that_runs_with_other_arguments_is_in_the_way(
    params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        inside = open_descriptors()
        with pytest.raises(ProxyStartError) as caught:
            await proxy.start(dataclasses.replace(params, debug=True))
        assert str(handle.pid) in str(caught.value)
        assert str(handle.pid) in caught.value.hint
        assert open_descriptors() == inside
        assert is_running(handle.pid)
        await proxy.stop(handle.pid)
        debug = await proxy.start(dataclasses.replace(params, debug=True))
        await programs.reported("started")
        await proxy.stop(debug.pid)


LATER = """
import anyio, json, logging, sys
from core.proxy import KataProxy, ProxyParams

async def main(runtime, path):
    from pathlib import Path
    params = ProxyParams(
        id="vm1",
        path=path,
        agent_url="unix:///run/agent.sock",
        console_url="unix:///run/console.sock",
        logger=logging.getLogger(),
    )
    async with KataProxy(runtime_dir=Path(runtime)) as proxy:
        print((await proxy.start(params)).pid)

anyio.run(main, *sys.argv[1:])
"""


async def started_by_another_process(runtime: Path, params: ProxyParams) -> int:
    """The pid of a kata-proxy whose parent has ended."""
    with anyio.fail_after(20):
        command = [sys.executable, "-c", LATER, str(runtime), params.path]
        done = await anyio.run_process(command, stderr=None)
    return int(done.stdout)


async def test_proxy_of_an_earlier_process_is_stopped_by_its_record(
    params: ProxyParams, runtime: Path, programs: Programs
) -> None:
    before = open_descriptors()
    pid = await started_by_another_process(runtime, params)
    await programs.reported("started")
    await KataProxy(runtime_dir=runtime / "elsewhere").stop(pid)
    assert is_running(pid)
    assert not programs.has_reported("terminated")
    await KataProxy(runtime_dir=runtime).stop(pid)
    assert programs.has_reported("terminated")
    assert not is_running(pid)
    assert not (runtime / "proxies" / "vm1").exists()
    assert open_descriptors() == before


async def test_proxy_of_an_earlier_process_is_the_one_that_is_started(
    params: ProxyParams, runtime: Path, programs: Programs, logbook: Logbook
) -> None:
    pid = await started_by_another_process(runtime, params)
    await programs.reported("started")
    before = open_descriptors()
    async with KataProxy(runtime_dir=runtime) as proxy:
        inside = open_descriptors()
        with pytest.raises(ProxyStartError, match="other arguments"):
            await proxy.start(dataclasses.replace(params, debug=True))
        assert open_descriptors() == inside
        assert (await proxy.start(params)).pid == pid
        programs.order(b"x")
        with anyio.fail_after(10):
            await proxy.ended.wait()
        assert proxy.exit_status is None
        assert proxy.exit_words == "exit status unknown"
    logbook.one("The kata-proxy ended by itself: exit status unknown")
    assert not (runtime / "proxies" / "vm1").exists()
    assert open_descriptors() == before


async def test_proxy_of_an_earlier_process_that_does_not_end_can_be_stopped_later(
    params: ProxyParams, runtime: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "STOP_TIMEOUT_S", 0.05)
    stubborn = dataclasses.replace(params, path=str(programs.make("stubborn", ends=False)))
    before = open_descriptors()
    pid = await started_by_another_process(runtime, stubborn)
    await programs.reported("started")
    for _ in range(2):
        await KataProxy(runtime_dir=runtime).stop(pid)
        await programs.reported("terminated")
        assert is_running(pid)
        assert open_descriptors() == before
    assert (runtime / "proxies" / "vm1" / "process.json").exists()


async def test_folder_that_a_later_proxy_has_is_left_to_it(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    async with proxy:
        ours = await proxy.start(params)
        await programs.reported("started")
    programs.order(b"x")
    await end_of_zombie(ours.pid)
    # That it is dead is seen by another process before this one has reaped it.
    pid = await started_by_another_process(runtime, params)
    await programs.reported("started")
    assert pid != ours.pid
    running.reap()
    assert not is_zombie(ours.pid)
    assert (runtime / "proxies" / "vm1" / "process.json").exists()
    await proxy.stop(pid)
    assert programs.has_reported("terminated")
    assert not (runtime / "proxies" / "vm1").exists()


async def test_proxy_is_found_and_stopped_when_its_record_is_gone(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        shutil.rmtree(runtime / "proxies")
        assert await proxy.start(params) == handle
    async with proxy:
        assert await proxy.start(params) == handle
        await proxy.stop(handle.pid)
        assert proxy.ended.is_set()
    assert not is_running(handle.pid)
