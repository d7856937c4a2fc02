"""What a kata-proxy prints."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.proxy import KataProxy, ProxyParams, new_proxy, running
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.programs import Programs, is_running

pytestmark = pytest.mark.anyio


async def read_all(fd: int) -> bytes:
    """Read a pipe to its end."""
    os.set_blocking(fd, False)
    found = b""
    with anyio.fail_after(20):
        while True:
            await anyio.wait_readable(fd)
            data = os.read(fd, 65536)
            if not data:
                os.close(fd)
                return found
            found += data


async def test_output_gets_all_that_the_program_prints(
    params: ProxyParams, runtime: Path, programs: Programs
) -> None:
    taken: list[int] = []
    printed: list[bytes] = []

    async def read() -> None:
        printed.append(await read_all(taken[0]))

    before = open_descriptors()
    async with new_proxy("kataProxy", output=taken.append, runtime_dir=runtime) as proxy:
        handle = await proxy.start(params)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            facts = await programs.reported("started")
            places = facts["places"]
            assert isinstance(places, list)
            assert places[0] == os.devnull
            assert places[1] == places[2]
            assert places[1].startswith("pipe:")
            programs.order(b"p")
            await programs.reported("printed")
            await proxy.stop(handle.pid)
    assert len(printed[0]) == 300_000 + len("last words\n")
    assert printed[0].endswith(b"last words\n")
    assert open_descriptors() == before


async def test_program_that_is_left_running_goes_on_printing(
    params: ProxyParams, runtime: Path, programs: Programs
) -> None:
    taken: list[int] = []
    before = open_descriptors()
    async with KataProxy(output=taken.append, runtime_dir=runtime) as proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        os.close(taken[0])
    # More than a pipe holds, and writing to a closed one would have killed it.
    programs.order(b"p")
    await programs.reported("printed")
    assert is_running(handle.pid)
    await proxy.stop(handle.pid)
    assert programs.has_reported("terminated")
    # What drained the pipe ends with it.
    with anyio.fail_after(10):
        while open_descriptors() > before:
            await anyio.lowlevel.checkpoint()
            running.reap()


async def test_output_that_fails_leaves_nothing_behind(
    params: ProxyParams, runtime: Path, programs: Programs
) -> None:
    def refuse(fd: int) -> None:
        raise MemoryError

    async with KataProxy(output=refuse, runtime_dir=runtime) as proxy:
        inside = open_descriptors()
        with pytest.raises(MemoryError):
            await proxy.start(params)
        assert open_descriptors() == inside
        assert list((runtime / "proxies").iterdir()) == []
