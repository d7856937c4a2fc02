"""A running capture in folders of its own, and a guest to watch."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.capture.process import run_capture
from core.client import Client, open_client
from core.sandboxes.model import SandboxFacts, SandboxSpec
from core.sandboxes.named import sandbox_spec
from core.settings import Settings

PATIENCE_S = 20.0


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "run").mkdir(mode=0o700)
    return Places(tmp_path / "run", tmp_path / "state")


@asynccontextmanager
async def running_capture(
    places: Places,
    *specs: SandboxSpec,
    linger_s: float = 3600.0,
    settings: Settings | None = None,
) -> AsyncIterator[Client]:
    """A capture in this process, and a viewer of it; ends with the block."""
    ready = anyio.Event()

    async def capture() -> None:
        await run_capture(
            places,
            stays=False,
            specs=specs,
            settings=settings,
            on_ready=ready.set,
            linger_s=linger_s,
        )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(capture)
        with anyio.fail_after(PATIENCE_S):
            await ready.wait()
        async with open_client(places.control_socket, viewer=True) as client:
            yield client
            await client.say_goodbye(keep=False)


class Chardev:
    """A guest's console socket as QEMU serves it: one client at a time, the next one queued."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.setblocking(False)
        self.peer: socket.socket | None = None

    async def accept(self) -> None:
        self.hang_up()
        with anyio.fail_after(PATIENCE_S):
            await anyio.wait_readable(self.listener)
        self.peer, _ = self.listener.accept()
        self.peer.setblocking(False)

    async def write(self, data: bytes) -> None:
        assert self.peer is not None
        view = memoryview(data)
        while view:
            try:
                view = view[self.peer.send(view) :]
            except BlockingIOError:
                await anyio.wait_writable(self.peer)

    def hang_up(self) -> None:
        if self.peer is not None:
            self.peer.close()
            self.peer = None

    def exit(self) -> None:
        self.hang_up()
        self.listener.close()
        self.path.unlink(missing_ok=True)

    @property
    def spec(self) -> SandboxSpec:
        return sandbox_spec("vm1", f"unix:{self.path}")


@pytest.fixture
def chardev(tmp_path: Path) -> Iterator[Chardev]:
    guest = Chardev(tmp_path / "vm1.sock")
    yield guest
    guest.exit()


async def facts_when(client: Client, wanted: object, sandbox_id: str = "vm1") -> SandboxFacts:
    """The sandbox's facts once `wanted(facts)` is true."""
    assert callable(wanted)
    with anyio.fail_after(PATIENCE_S):
        while True:
            for facts in await client.sandboxes():
                if facts.id == sandbox_id and wanted(facts):
                    return facts
            await anyio.sleep(0.01)


async def recorded(facts: SandboxFacts, size: int) -> bytes:
    """The present generation's log once it has `size` bytes."""
    log = Path(facts.recordings) / facts.generation / "console.log"
    with anyio.fail_after(PATIENCE_S):
        while log.stat().st_size < size:
            await anyio.sleep(0.01)
    return log.read_bytes()
