"""T17: what is on disk when capture ends in the middle of 10 MB/s, killed or told to."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from core.capture.lock import read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.endpoints.protocol import READ_BYTES
from tests.core.capture.conftest import PATIENCE_S, Chardev, chardev, facts_when, places
from tests.figures import Figure

__all__ = ["chardev", "places"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", ["asyncio"]),  # what ends has its own loop
]

RATE = 10_000_000
ENDS = 3
AHEAD = 3_000_000
"""How much has come before the end."""

NAIVE = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
with open(sys.argv[2], "wb", buffering=1 << 24) as log:
    while data := peer.recv(65536):
        log.write(data)
"""


class Flow:
    """A guest that prints numbered lines, so many bytes a second, until its reader is gone."""

    def __init__(self, guest: Chardev) -> None:
        assert guest.peer is not None
        self.peer = guest.peer
        self.sent = bytearray()
        self.is_over = False
        self._line = 0

    async def run(self) -> None:
        began = anyio.current_time()
        start = len(self.sent)
        while not self.is_over:
            due = start + int((anyio.current_time() - began) * RATE) - len(self.sent)
            if due < 4096:
                await anyio.sleep(0.001)
                continue
            try:
                self._send(min(due, 65536))
            except BlockingIOError:
                await anyio.wait_writable(self.peer)
            except (BrokenPipeError, ConnectionResetError):
                return

    def _send(self, size: int) -> None:
        lines = b"".join(b"%015d\n" % (self._line + n) for n in range(size // 16))
        offset = len(self.sent) - 16 * self._line
        taken = self.peer.send(lines[offset:])
        self.sent += lines[offset : offset + taken]
        self._line = len(self.sent) // 16


def room(peer: socket.socket) -> int:
    """How much a sender may be ahead of a reader that has not read it."""
    return peer.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def logged(places: Places) -> bytes:
    return b"".join(
        path.read_bytes() for path in sorted(places.recordings.glob("vm1/*/console*.log"))
    )


async def gone(pid: int) -> None:
    with anyio.fail_after(PATIENCE_S):
        while Path(f"/proc/{pid}").exists():
            await anyio.sleep(0.01)


async def end_capture(
    places: Places, guest: Chardev, end: Callable[[int, Flow], None]
) -> tuple[Flow, int]:
    """End a capture in the middle of the flow; returns that, and what it had said it has."""
    async with open_capture(places) as client:
        pid = read_owner(places.state_lock)[0]
        await client.watch(guest.spec)
        await guest.accept()
        flow = Flow(guest)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flow.run)
            before = len(logged(places))
            facts = await facts_when(client, lambda f: f.traffic.bytes > before + AHEAD)
            end(pid, flow)
            await gone(pid)
            flow.is_over = True
            tasks.cancel_scope.cancel()
    return flow, facts.traffic.bytes - before


async def test_a_killed_capture_loses_no_more_than_it_had_in_hand(
    places: Places, chardev: Chardev, figure: Figure
) -> None:
    worst = 0
    for _ in range(ENDS):
        before = len(logged(places))
        flow, told = await end_capture(places, chardev, lambda pid, _: os.kill(pid, signal.SIGKILL))
        kept = logged(places)[before:]
        assert flow.sent.startswith(kept)
        # What it ever told of is there; of what was sent, all but what it could not have read.
        assert len(kept) >= told
        worst = max(worst, len(flow.sent) - room(flow.peer) - len(kept))
    assert worst <= READ_BYTES
    figure("T17", f"{ENDS} x kill -9 at 10 MB/s: at most {max(0, worst):,} bytes lost in a block")


async def test_a_capture_that_is_told_to_end_loses_nothing(
    places: Places, chardev: Chardev, figure: Figure
) -> None:
    def end(pid: int, flow: Flow) -> None:
        # What is sent after the last read can be nobody's; what was sent before is.
        flow.is_over = True
        os.kill(pid, signal.SIGTERM)

    lost = 0
    for _ in range(ENDS):
        before = len(logged(places))
        flow, _ = await end_capture(places, chardev, end)
        kept = logged(places)[before:]
        assert flow.sent.startswith(kept)
        lost += len(flow.sent) - len(kept)
    assert lost == 0
    figure("T17", f"{ENDS} x SIGTERM at 10 MB/s: {lost} bytes lost")


async def test_a_reader_that_buffers_would_lose_more(
    tmp_path: Path, chardev: Chardev, figure: Figure
) -> None:
    """The control: the same kill of a program that writes the usual way."""
    log = tmp_path / "naive.log"
    command = [sys.executable, "-c", NAIVE, str(chardev.path), str(log)]
    async with await anyio.open_process(command) as naive, anyio.create_task_group() as tasks:
        await chardev.accept()
        flow = Flow(chardev)
        tasks.start_soon(flow.run)
        with anyio.fail_after(PATIENCE_S):
            while len(flow.sent) < AHEAD:
                await anyio.sleep(0.001)
        naive.kill()
        await naive.wait()
        tasks.cancel_scope.cancel()
    lost = len(flow.sent) - room(flow.peer) - log.stat().st_size
    figure("T17", f"control: a reader that buffers loses {max(0, lost):,} bytes")
    assert lost > READ_BYTES
