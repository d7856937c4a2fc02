"""A viewer's line to capture."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.client import open_client
from core.errors import CaptureError
from core.sandboxes.model import SandboxSpec
from tests.core.capture.conftest import PATIENCE_S, running_capture
from tests.guests.qemu import short_folder

__all__ = ["short_folder"]

pytestmark = pytest.mark.anyio


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "run").mkdir(mode=0o700)
    return Places(tmp_path / "run", tmp_path / "state")


async def test_many_tasks_may_ask_at_once(places: Places) -> None:
    async with running_capture(places) as client:
        with anyio.fail_after(PATIENCE_S):
            async with anyio.create_task_group() as tasks:
                for number in range(50):
                    # As long as a request may be, so that the socket cannot take them all.
                    spec = SandboxSpec(id=f"vm{number}", console="/" + "x" * 60_000, start=False)
                    tasks.start_soon(client.watch, spec)
        assert len(await client.sandboxes()) == 50


GREETING = b'{"guestwatch": {"version": "0.1.0", "protocol": 1, "pid": 4711}}\n'
GREETED = b'{"return": {}, "id": 1}\n'


@contextlib.asynccontextmanager
async def server(
    path: Path, *answers: bytes, patience_s: float = PATIENCE_S
) -> AsyncIterator[None]:
    """Serves one client: says each thing once it has heard something, and hangs up."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)

        async def serve() -> None:
            await anyio.wait_readable(listener)
            with listener.accept()[0] as peer:
                for words in answers:
                    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                        peer.sendall(words)
                        with anyio.move_on_after(patience_s):
                            await anyio.wait_readable(peer)
                            peer.recv(64 * 1024)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve)
            with anyio.fail_after(PATIENCE_S):
                yield
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "answer",
    [
        b'{"return": {}, "id": "\xee"}\n',
        b'{"event": "\xff\xfe"}\n',
        b'{"return": {"sandboxes": 3}, "id": 2}\n',
        b'{"return": {"sandboxes": [{"id": "\xee"}]}, "id": 2}\n',
        b'{"return": ' + b"[" * 60_000 + b'], "id": 2}\n',
        b"[" * 60_000 + b"\n",
    ],
    ids=["no UTF-8", "event", "other type", "no UTF-8 within", "deep within", "deep"],
)
async def test_a_server_that_answers_nonsense_is_a_capture_error(
    short_folder: Path, answer: bytes
) -> None:
    path = short_folder / "control.sock"
    async with server(path, GREETING, GREETED, answer):
        with pytest.raises(CaptureError):
            async with open_client(path, viewer=True) as client:
                await client.sandboxes()


async def test_a_greeting_that_never_stops_to_nest_is_a_capture_error(short_folder: Path) -> None:
    path = short_folder / "control.sock"
    async with server(path, b"[" * 1_030):
        with pytest.raises(CaptureError):
            async with open_client(path, viewer=True):
                pass
