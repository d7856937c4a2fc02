"""The control socket: greets, answers commands, passes events on.

Each client has a reader and a writer task and a bounded queue between them and
the rest of capture. A client that does not read loses events, is told so, and
holds up nobody.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import msgspec
from anyio.abc import TaskGroup, UNIXSocketStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from core import __version__, wire
from core.capture.contain import Contained
from core.capture.supervisor import Supervisor
from core.capture.viewers import Viewers
from core.errors import GuestwatchError

log = logging.getLogger("guestwatch.control")

QUEUE_EVENTS = 1024
"""How many events a client may be behind."""

_SEND_S = 10.0
"""A client that takes nothing for this long is dropped."""

_LAST_WORDS_S = 1.0
"""How long a client that is shown out may take to read why."""

_encoder = msgspec.json.Encoder()
_A = TypeVar("_A", bound=msgspec.Struct)


class ControlServer:
    """Serves every client of one capture.

    Args:
        supervisor: carries the commands out.
        viewers: told who comes and goes.
        shut_down: called when a client asks capture to end.
    """

    def __init__(
        self, supervisor: Supervisor, viewers: Viewers, shut_down: Callable[[], None]
    ) -> None:
        self._supervisor = supervisor
        self._viewers = viewers
        self._shut_down = shut_down
        self._is_ending = False
        self._clients: set[_Client] = set()

    def end(self) -> None:
        """Refuse viewers from now on: they would be shown out at once."""
        self._is_ending = True

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
                    peer, _ = listener.accept()
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

    async def _serve_one(self, peer: socket.socket) -> None:
        with Contained("serving a client", lambda _error: peer.close()):
            if _is_trusted(peer):
                await self._serve(await UNIXSocketStream.from_socket(peer))
            else:
                peer.close()

    async def _serve(self, stream: UNIXSocketStream) -> None:
        client = _Client(stream)
        try:
            async with stream, anyio.create_task_group() as tasks:
                tasks.start_soon(client.write)
                about = wire.About(__version__, wire.PROTOCOL, os.getpid())
                await client.answer(_encoder.encode(wire.Greeting(about)))
                # Not before: an event must not come ahead of the greeting.
                self._clients.add(client)
                await self._obey(client)
                client.close_queue()
                with anyio.move_on_after(_LAST_WORDS_S):
                    await client.written.wait()
                tasks.cancel_scope.cancel()
        except* (anyio.BrokenResourceError, anyio.ClosedResourceError, TimeoutError):
            pass
        finally:
            self._clients.discard(client)
            if client.is_viewer:
                self._viewers.lose()

    async def _obey(self, client: _Client) -> None:
        buffer = bytearray()
        while True:
            try:
                buffer += await client.stream.receive()
            except anyio.EndOfStream:
                return
            while 0 <= (end := buffer.find(b"\n")) <= wire.MAX_REQUEST_BYTES:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                await client.answer(await self._answer(client, line))
            if len(buffer) > wire.MAX_REQUEST_BYTES:
                refusal = wire.Failure("RequestTooLong", "A request may have 64 KiB")
                await client.answer(_encoder.encode(wire.Refused(None, refusal)))
                return

    async def _answer(self, client: _Client, line: bytes) -> bytes:
        request_id: int | str | None = None
        try:
            request = msgspec.json.decode(line, type=wire.Request)
            request_id = request.id
            result = await self._execute(client, request)
        except GuestwatchError as error:
            failure = wire.Failure(type(error).__name__, str(error), error.hint)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            failure = wire.Failure("InvalidRequest", str(error))
        else:
            return _encoder.encode(wire.Done(request_id, msgspec.Raw(_encoder.encode(result))))
        return _encoder.encode(wire.Refused(request_id, failure))

    async def _execute(self, client: _Client, request: wire.Request) -> msgspec.Struct:
        match request.execute:
            case "list":
                return wire.Listing(self._supervisor.facts())
            case "hello":
                hello = _arguments(request, wire.Hello)
                if hello.viewer and self._is_ending:
                    raise CaptureEnding("Capture is ending", hint="Start guestwatch again.")
                if hello.viewer and not client.is_viewer:
                    client.is_viewer = True
                    self._viewers.arrive()
            case "goodbye":
                goodbye = _arguments(request, wire.Goodbye)
                if client.is_viewer:
                    client.is_viewer = False
                    self._viewers.leave(keep=goodbye.keep)
            case "watch":
                await self._supervisor.watch(_arguments(request, wire.Watch).sandbox)
            case "start":
                await self._one(request, lambda s: self._supervisor.get(s).start())
            case "stop":
                await self._one(request, lambda s: self._supervisor.get(s).stop())
            case "take":
                await self._one(request, lambda s: self._supervisor.get(s).take())
            case "configure":
                self._supervisor.configure(_arguments(request, wire.Configure).settings)
            case "set-debug":
                debug = _arguments(request, wire.Debug)
                await self._supervisor.get(debug.id).set_debug(debug.debug)
            case "shut-down":
                self._shut_down()
            case other:
                raise UnknownCommand(f"Unknown command {other[:64]}")
        return wire.Nothing()

    async def _one(self, request: wire.Request, act: Callable[[str], Awaitable[None]]) -> None:
        await act(_arguments(request, wire.Which).id)


class UnknownCommand(GuestwatchError):
    """A command this capture does not have; the viewer may be newer than it."""


class _Answer(bytes):
    """A line that answers a request."""


class CaptureEnding(GuestwatchError):
    """Somebody wants to look on while capture lets its consoles go."""


class _Client:
    """One connection: its stream, its queue, whether it is a viewer."""

    def __init__(self, stream: UNIXSocketStream) -> None:
        self.stream = stream
        self.is_viewer = False
        self.written = anyio.Event()
        """Set once `write` has ended."""
        self._lost = False
        self._may_answer = anyio.Semaphore(1)
        self._queue: MemoryObjectSendStream[bytes]
        self._waiting: MemoryObjectReceiveStream[bytes]
        self._queue, self._waiting = anyio.create_memory_object_stream[bytes](QUEUE_EVENTS)

    def tell(self, line: bytes) -> None:
        """Queue an event; note that some were lost when the queue is full."""
        if self._lost:
            return
        try:
            self._queue.send_nowait(line)
        except anyio.WouldBlock:
            self._lost = True
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            # Its writer has ended already; the rest of it is about to.
            self._lost = True

    async def answer(self, line: bytes) -> None:
        """Queue an answer once the one before was taken: who does not read is not obeyed.

        A list may have a megabyte, and a thousand of them would have room in the queue.
        """
        await self._may_answer.acquire()
        await self._queue.send(_Answer(line + b"\n"))

    def close_queue(self) -> None:
        """Queue nothing more; `write` sends what is left and ends."""
        self._queue.close()

    async def write(self) -> None:
        """Send what is queued, until the queue is closed or the client takes nothing."""
        try:
            with self._queue, self._waiting:
                async for line in self._waiting:
                    await self._send(line)
                    if isinstance(line, _Answer):
                        self._may_answer.release()
        finally:
            self.written.set()

    async def _send(self, line: bytes) -> None:
        with anyio.fail_after(_SEND_S):
            await self.stream.send(line)
            if self._lost and self._waiting.statistics().current_buffer_used == 0:
                self._lost = False
                await self.stream.send(_encoder.encode(wire.EventsLost()) + b"\n")


def _arguments(request: wire.Request, kind: type[_A]) -> _A:
    return msgspec.json.decode(request.arguments, type=kind)


def _is_trusted(peer: socket.socket) -> bool:
    """Whether the other end runs as this user or as root."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return uid in (os.getuid(), 0)
