"""One client of the control socket: its stream, its queue, whether it is a viewer."""

from __future__ import annotations

import contextlib
import socket
from collections import deque

import anyio
import msgspec
from anyio.abc import SocketAttribute, UNIXSocketStream

from core import wire

QUEUE_EVENTS = 1024
"""How many events a client may be behind."""

QUEUE_BYTES = 4 * 1024 * 1024
"""How much those events may weigh; one of 1,000 sandboxes' traffic has 100 kB."""

SEND_S = 10.0
"""A client that takes nothing for this long is dropped."""

_EVENTS_LOST = msgspec.json.encode(wire.EventsLost()) + b"\n"


class _Answer(bytes):
    """A line that answers a request."""


class ControlClient:
    """One connection. `write` sends what `answer` and `tell` queue, in that order.

    Args:
        stream: the connection.
        pid: the peer's process; 0 when it is in a pid namespace we cannot see.
    """

    def __init__(self, stream: UNIXSocketStream, pid: int) -> None:
        self.stream = stream
        self.pid = pid
        self.is_viewer = False
        self.is_greeted = False
        """Whether it was told who speaks: no event comes ahead of that."""
        self.asked_at = 0.0
        """When it last sent a whole request; 0 as long as it never did."""
        self.written = anyio.Event()
        """Set once `write` has ended."""
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._more = anyio.Event()
        self._is_closed = False
        self.is_dropped = False
        """Whether `drop` was called; what it asked last may still be carried out."""
        self._lost = False
        self._may_answer = anyio.Semaphore(1)

    def tell(self, line: bytes) -> None:
        """Queue an event; note that some were lost when the queue is full."""
        if self._lost or self._is_closed or not self.is_greeted:
            return
        if len(self._queue) >= QUEUE_EVENTS or self._queued_bytes + len(line) > QUEUE_BYTES:
            self._lost = True
        else:
            self._add(line)

    async def answer(self, line: bytes) -> None:
        """Queue an answer once the one before was taken: who does not read is not obeyed.

        A list may have a megabyte, and a thousand of them would have room in the queue.
        """
        await self._may_answer.acquire()
        self._add(_Answer(line + b"\n"))

    def close_queue(self) -> None:
        """Queue nothing more; `write` sends what is left and ends."""
        self._is_closed = True
        self._more.set()

    def drop(self) -> None:
        """Hang up at once; whoever serves it finds the connection closed."""
        self.is_dropped = True
        self.close_queue()
        # What waits to be read or written is woken and fails.
        with contextlib.suppress(OSError):
            self.stream.extra(SocketAttribute.raw_socket).shutdown(socket.SHUT_RDWR)

    async def write(self) -> None:
        """Send what is queued, until the queue is closed or the client takes nothing."""
        try:
            while self._queue or not self._is_closed:
                if not self._queue:
                    self._more = anyio.Event()
                    await self._more.wait()
                    continue
                line = self._queue.popleft()
                self._queued_bytes -= len(line)
                await self._send(line)
                if isinstance(line, _Answer):
                    self._may_answer.release()
        finally:
            self._is_closed = True
            self.written.set()

    def _add(self, line: bytes) -> None:
        self._queue.append(line)
        self._queued_bytes += len(line)
        self._more.set()

    async def _send(self, line: bytes) -> None:
        with anyio.fail_after(SEND_S):
            await self.stream.send(line)
            if self._lost and not self._queue:
                self._lost = False
                await self.stream.send(_EVENTS_LOST)
