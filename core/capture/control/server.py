"""The control socket: greets, answers commands, passes events on.

Each client has a reader and a writer task and a bounded queue between them and
the rest of capture. A client that does not read loses events, is told so, and
holds up nobody.

Whoever may connect is this user or root, and may still be a program gone wild. So
all that a client can make grow has a bound: a request 64 KiB, an answer at a time,
a queue of events (`core.capture.control.client`), `MAX_ASKERS` connections of those
that are no viewers, and as many viewers. When one asker more comes, the process
that has the most connections loses one: first of those that never asked anything,
then the one that asked longest ago. A thousand connections of one process so cost
that process its own, and nobody else's.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable

import anyio
import anyio.lowlevel
import msgspec
from anyio.abc import TaskGroup, UNIXSocketStream

from core import __version__, wire
from core.capture.control.client import ControlClient
from core.capture.control.commands import Commands
from core.capture.supervisor import Supervisor
from core.capture.viewers import Viewers
from core.contain import Contained
from core.limits import Reserve

log = logging.getLogger("guestwatch.control")

MAX_ASKERS = 64
"""How many clients that are no viewers are served at a time."""

RESERVED = 8
"""Descriptors kept back, so that a few clients are served also when consoles, or whoever
else, have taken all the others."""

_LAST_WORDS_S = 1.0
"""How long a client that is shown out may take to read why."""

_QUIET_S = 10.0
"""How often the log tells of too many connections at most."""

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)

_encoder = msgspec.json.Encoder()


class ControlServer:
    """Serves every client of one capture.

    Args:
        supervisor: carries the commands out.
        viewers: told who comes and goes.
        status: tells of capture as a whole.
        shut_down: called when a client asks capture to end.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        viewers: Viewers,
        status: Callable[[], wire.Status],
        shut_down: Callable[[], None],
    ) -> None:
        self._viewers = viewers
        self._commands = Commands(supervisor, viewers, status, shut_down)
        self._clients: dict[ControlClient, None] = {}
        """In the order they came."""
        self._reserve = Reserve(RESERVED)
        self._told_until = 0.0

    @property
    def clients(self) -> int:
        """How many are connected, viewers included."""
        return len(self._clients)

    def end(self) -> None:
        """Refuse viewers from now on: they would be shown out at once."""
        self._commands.is_ending = True

    def close(self) -> None:
        """Let go of the descriptors that were kept back."""
        self._reserve.close()

    def publish(self, event: wire.Event) -> None:
        """Queue an event for every client."""
        if self._clients:
            line = _encoder.encode(event) + b"\n"
            for client in self._clients:
                client.tell(line)

    async def accept(self, listener: socket.socket, tasks: TaskGroup) -> None:
        """Accept clients until cancelled; each is served in `tasks`, and outlives `listener`.

        Takes ownership of `listener`.
        """
        told = ""
        with contextlib.closing(listener):
            listener.setblocking(False)
            while True:
                await anyio.wait_readable(listener)
                try:
                    peer = self._accept_one(listener)
                except OSError as error:
                    # Out of descriptors, or the client is gone again: neither may
                    # end the server, make it spin or fill its log.
                    if str(error) != told:
                        told = str(error)
                        log.warning("accept: %s", error)
                    await anyio.sleep(0.1)
                    continue
                told = ""
                tasks.start_soon(self._serve_one, peer)
                # Those that are served already get their turn.
                await anyio.lowlevel.checkpoint()

    def _accept_one(self, listener: socket.socket) -> socket.socket:
        try:
            return listener.accept()[0]
        except OSError as error:
            if error.errno not in _NO_DESCRIPTORS or not self._reserve.give():
                raise
        try:
            return listener.accept()[0]
        except OSError:
            self._reserve.fill()
            raise

    async def _serve_one(self, peer: socket.socket) -> None:
        with Contained("serving a client", lambda _error: peer.close()):
            pid, uid = _credentials(peer)
            if may_command(uid):
                await self._serve(await UNIXSocketStream.from_socket(peer), pid)
            else:
                peer.close()
        self._reserve.fill()

    async def _serve(self, stream: UNIXSocketStream, pid: int) -> None:
        client = ControlClient(stream, pid)
        if not self._make_room():
            await stream.aclose()
            return
        self._clients[client] = None
        try:
            async with stream, anyio.create_task_group() as tasks:
                tasks.start_soon(client.write)
                about = wire.About(__version__, wire.PROTOCOL, os.getpid())
                await client.answer(_encoder.encode(wire.Greeting(about)))
                client.is_greeted = True
                await self._obey(client)
                client.close_queue()
                with anyio.move_on_after(_LAST_WORDS_S):
                    await client.written.wait()
                tasks.cancel_scope.cancel()
        except* (anyio.BrokenResourceError, anyio.ClosedResourceError, TimeoutError):
            pass
        finally:
            del self._clients[client]
            if client.is_viewer:
                self._viewers.lose()

    def _make_room(self) -> bool:
        """Drop an asker when there are as many as may be; whether there is room then."""
        askers = [c for c in self._clients if not (c.is_viewer or c.is_dropped)]
        if len(askers) < MAX_ASKERS:
            return True
        if sum(client.is_dropped for client in self._clients) >= MAX_ASKERS:
            # What they asked for is still being carried out.
            return False
        shares = Counter(client.pid for client in askers)
        most = max(shares.values())
        # min takes the first of equals: the one that has been here longest.
        victim = min(
            (client for client in askers if shares[client.pid] == most),
            key=lambda client: client.asked_at,
        )
        if anyio.current_time() > self._told_until:
            self._told_until = anyio.current_time() + _QUIET_S
            log.warning("process %d has %d connections: some are closed", victim.pid, most)
        victim.drop()
        return True

    async def _obey(self, client: ControlClient) -> None:
        buffer = bytearray()
        while True:
            try:
                buffer += await client.stream.receive()
            except anyio.EndOfStream:
                return
            while 0 <= (end := buffer.find(b"\n")) <= wire.MAX_REQUEST_BYTES:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                client.asked_at = anyio.current_time()
                await client.answer(await self._commands.answer(client, line))
            if len(buffer) > wire.MAX_REQUEST_BYTES:
                refusal = wire.Failure("RequestTooLong", "A request may have 64 KiB")
                await client.answer(_encoder.encode(wire.Refused(None, refusal)))
                return


def may_command(uid: int) -> bool:
    """Whether a user may command this capture: the one it runs as, and root."""
    return uid in (os.geteuid(), 0)


def _credentials(peer: socket.socket) -> tuple[int, int]:
    """Pid and uid of the other end, as they were when it connected."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _gid = struct.unpack("3i", credentials)
    return pid, uid
