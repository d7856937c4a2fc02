"""The demo's guests together: five sandboxes on real sockets."""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream, TaskStatus

from core.demo import demo_specs, qemu_console, qemu_specs, run_guests, run_qemu_guest
from core.demo.tools import Tools
from core.errors import DemoError
from core.proxy.types import ProxyType
from tests.guests.qemu import PANIC_LINE

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[None]:
    async def run(*, task_status: TaskStatus[None]) -> None:
        await run_guests(folder, pace=0, wait=True, task_status=task_status)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            await tasks.start(run)
            yield
            tasks.cancel_scope.cancel()


async def connect(path: Path) -> SocketStream:
    """A client, as soon as somebody listens."""
    while True:
        try:
            return await anyio.connect_unix(path)
        except (FileNotFoundError, ConnectionRefusedError):
            await anyio.sleep(0.01)


async def hear(path: Path, mark: bytes, typed: bytes = b"") -> bytes:
    heard = b""
    async with await connect(path) as client:
        await client.send(typed)
        while mark not in heard:
            heard += await client.receive()
    return heard


def consoles(folder: Path) -> dict[str, Path]:
    return {spec.id: Path(spec.console.removeprefix("unix:")) for spec in demo_specs(folder)}


async def test_every_sandbox_has_a_socket_that_boots(short_folder: Path) -> None:
    async with demo(short_folder):
        for path in consoles(short_folder).values():
            await hear(path, b"[    0.000000] Linux version")


async def test_sandboxes_are_five_with_ids_and_families(short_folder: Path) -> None:
    specs = demo_specs(short_folder)
    assert [spec.id for spec in specs] == ["web-1", "build-7", "nginx-7c9", "fuzz-2", "db-0"]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", spec.id) for spec in specs)
    assert {spec.family for spec in specs} == {"qemu", "kata"}
    assert all(spec.debug and spec.start for spec in specs)


async def test_built_in_kata_proxy_gets_the_agent_url_it_demands(short_folder: Path) -> None:
    built_in = [s for s in demo_specs(short_folder) if s.proxy_type is ProxyType.KATA_BUILT_IN]
    assert [spec.agent_url for spec in built_in] == ["vsock://7:1024"]


async def test_crasher_comes_back_with_a_new_socket(short_folder: Path) -> None:
    path = consoles(short_folder)["fuzz-2"]
    async with demo(short_folder):
        for _ in range(3):
            heard = b""
            async with await connect(path) as client:
                try:
                    while True:
                        heard += await client.receive()
                except anyio.EndOfStream:
                    pass
            assert heard.startswith(b"[    0.000000] Linux version")
            assert heard.endswith(b"Rebooting in 5 seconds..\r\n")


async def test_sockets_are_gone_when_the_demo_ends(short_folder: Path) -> None:
    async with demo(short_folder / "made"):
        assert len(list((short_folder / "made").iterdir())) == 5
    assert list((short_folder / "made").iterdir()) == []


async def test_demo_in_a_folder_with_a_long_path_is_explained(short_folder: Path) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(DemoError, match="107"), flatten_subgroups=True):
        await run_guests(short_folder / ("x" * 100))


@pytest.mark.qemu
@pytest.mark.timeout(180)
async def test_real_guest_is_booted_again_after_its_panic(
    short_folder: Path, qemu_tools: Tools
) -> None:
    console = qemu_console(short_folder)
    (spec,) = qemu_specs(short_folder)
    assert spec.console == f"unix:{console}"
    with anyio.fail_after(150):
        async with anyio.create_task_group() as tasks:
            await tasks.start(functools.partial(_run, console))
            await hear(console, b"heartbeat")
            await hear(console, b"Kernel panic", PANIC_LINE)
            while console.exists():
                await anyio.sleep(0.01)
            await hear(console, b"guest ready")
            tasks.cancel_scope.cancel()
    assert not console.exists()


async def _run(console: Path, *, task_status: TaskStatus[None]) -> None:
    await run_qemu_guest(console, task_status=task_status)
