"""How a viewer speaks to capture.

`CaptureLink` is all that a viewer may ask. `Client` is the real one, over the
control socket; `open_client` makes one and ends it.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
import msgspec
from anyio.abc import SocketAttribute, UNIXSocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.memory import MemoryObjectReceiveStream

from core import wire
from core.dialling import check_greeting, dial
from core.errors import (
    CaptureUnreachable,
    CommandRefused,
    GuestwatchError,
)
from core.sandboxes.model import SandboxFacts, SandboxSpec
from core.settings import Settings
from core.wire import AlertRaised, CaptureGone, EventsLost, SandboxChanged, TrafficCounted

CaptureEvent = wire.Event

__all__ = [
    "AlertRaised",
    "CaptureEvent",
    "CaptureGone",
    "CaptureLink",
    "Client",
    "EventsLost",
    "SandboxChanged",
    "TrafficCounted",
    "open_client",
]

ANSWER_S = 15.0
"""A capture that does not answer for this long is taken for gone."""

CLOSE_S = 1.0
"""How long the reader may take to see that the connection has ended."""

_EVENTS = 4096

_A = TypeVar("_A", bound=msgspec.Struct)


class CaptureLink(Protocol):
    """A viewer's line to capture."""

    async def sandboxes(self) -> list[SandboxFacts]:
        """Every sandbox, in the order they appeared.

        Raises:
            CaptureError: capture does not answer.
        """

    def events(self) -> AsyncIterator[CaptureEvent]:
        """What changes from now on; ends after `CaptureGone`."""

    async def watch(self, spec: SandboxSpec) -> None:
        """Add a sandbox. Naming one again with the same URL changes nothing.

        Raises:
            CommandRefused: the id is taken by another URL, or the spec is not valid.
        """

    async def start(self, sandbox_id: str) -> None:
        """Start a sandbox's proxy.

        Raises:
            CommandRefused: it could not be started; the message says why.
        """

    async def stop(self, sandbox_id: str) -> None:
        """Stop a sandbox's proxy."""

    async def set_debug(self, sandbox_id: str, debug: bool) -> None:
        """Turn debug watching on or off; a running proxy is restarted with it.

        Raises:
            CommandRefused: it could not be started again; the message says why.
        """

    async def take(self, sandbox_id: str) -> None:
        """A person's yes: attach a console whatever that does to others.

        Raises:
            CommandRefused: there is nothing to take; the message says why.
        """

    async def mark(self, sandbox_id: str, generation: str, offset: int, note: str) -> None:
        """Mark a row in a sandbox's recording.

        Args:
            sandbox_id: whose.
            generation: the generation's folder name.
            offset: where the row begins.
            note: what to say there; may be empty.

        Raises:
            CommandRefused: it cannot be marked; the message says why.
        """

    async def unmark(self, sandbox_id: str, generation: str, mark: int) -> None:
        """Take a mark away.

        Args:
            sandbox_id: whose.
            generation: the generation's folder name.
            mark: where the mark's line begins in the generation's ledger.

        Raises:
            CommandRefused: there is no such mark, or that cannot be entered.
        """

    async def status(self) -> wire.Status:
        """Capture as a whole.

        Raises:
            CaptureError: capture does not answer.
        """

    async def say_goodbye(self, *, keep: bool) -> None:
        """Take leave: without `keep`, a capture that a dashboard started may stop."""


class _Event(msgspec.Struct):
    event: str | None = None


class Client:
    """A connection to capture. Made by `open_client`, which runs its reader."""

    def __init__(self, stream: UNIXSocketStream) -> None:
        self._stream = stream
        self._ids = itertools.count(1)
        self._asked: dict[int, _Question] = {}
        self._sending = anyio.Lock()
        self._events, self._told = anyio.create_memory_object_stream[CaptureEvent](_EVENTS)
        self._over = False
        self._closed = False

    async def sandboxes(self) -> list[SandboxFacts]:
        """Every sandbox, in the order they appeared."""
        answer = await self._ask("list", wire.Nothing())
        return _decoded(answer, wire.Listing).sandboxes

    def events(self) -> AsyncIterator[CaptureEvent]:
        """What changes from now on; ends after `CaptureGone`."""
        return _Events(self._told)

    async def hello(self, *, viewer: bool) -> None:
        """Say whether this is a viewer, whom capture stays for."""
        await self._ask("hello", wire.Hello(viewer))

    async def watch(self, spec: SandboxSpec) -> None:
        """Add a sandbox."""
        await self._ask("watch", wire.Watch(spec))

    async def start(self, sandbox_id: str) -> None:
        """Start a sandbox's proxy."""
        await self._ask("start", wire.Which(sandbox_id))

    async def stop(self, sandbox_id: str) -> None:
        """Stop a sandbox's proxy."""
        await self._ask("stop", wire.Which(sandbox_id))

    async def set_debug(self, sandbox_id: str, debug: bool) -> None:
        """Turn debug watching on or off."""
        await self._ask("set-debug", wire.Debug(sandbox_id, debug))

    async def take(self, sandbox_id: str) -> None:
        """Attach a console whatever that does to others."""
        await self._ask("take", wire.Which(sandbox_id))

    async def mark(self, sandbox_id: str, generation: str, offset: int, note: str) -> None:
        """Mark a row in a sandbox's recording."""
        await self._ask("mark", wire.Mark(sandbox_id, generation, offset, note))

    async def unmark(self, sandbox_id: str, generation: str, mark: int) -> None:
        """Take a mark away."""
        await self._ask("unmark", wire.Unmark(sandbox_id, generation, mark))

    async def configure(self, settings: Settings) -> None:
        """Say what capture is to keep and to warn of."""
        await self._ask("configure", wire.Configure(settings))

    async def say_goodbye(self, *, keep: bool) -> None:
        """Take leave."""
        await self._ask("goodbye", wire.Goodbye(keep))

    async def status(self) -> wire.Status:
        """Capture as a whole."""
        answer = await self._ask("status", wire.Nothing())
        return _decoded(answer, wire.Status)

    async def shut_down(self) -> None:
        """Ask capture to let every console go and end."""
        await self._ask("shut-down", wire.Nothing())

    async def _ask(self, command: str, arguments: msgspec.Struct) -> bytes:
        if self._over:
            raise CaptureUnreachable("Capture is gone", hint="Start guestwatch again.")
        number = next(self._ids)
        request = wire.Request(command, msgspec.Raw(msgspec.json.encode(arguments)), number)
        question = self._asked[number] = _Question()
        try:
            with anyio.fail_after(ANSWER_S):
                # Several tasks may ask at once, and a stream has one sender at a time.
                async with self._sending:
                    await self._stream.send(msgspec.json.encode(request) + b"\n")
                await question.answered.wait()
        except (TimeoutError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise CaptureUnreachable(
                f"Capture does not answer {command}", hint="Its log tells more."
            ) from error
        finally:
            del self._asked[number]
        return question.result()

    async def read(self) -> None:
        """Take in answers and events until capture goes away."""
        lines = BufferedByteReceiveStream(self._stream)
        reason = "the capture process went away"
        try:
            while True:
                line = await lines.receive_until(b"\n", wire.MAX_ANSWER_BYTES)
                self._take(line)
        except (
            anyio.EndOfStream,
            anyio.IncompleteRead,
            anyio.BrokenResourceError,
            anyio.ClosedResourceError,
        ):
            pass
        except (anyio.DelimiterNotFound, ValueError, RecursionError) as error:
            reason = f"capture answered what is no answer: {error}"
        self._over = True
        for question in self._asked.values():
            question.answered.set()
        self._tell(CaptureGone(reason))

    def _take(self, line: bytes) -> None:
        if msgspec.json.decode(line, type=_Event).event is not None:
            self._tell(msgspec.json.decode(line, type=wire.Event))
            return
        answer = msgspec.json.decode(line, type=wire.Answer)
        if isinstance(answer.id, int) and answer.id in self._asked:
            self._asked[answer.id].answer = answer
            self._asked[answer.id].answered.set()

    def _tell(self, event: CaptureEvent) -> None:
        if self._closed:
            return
        try:
            self._events.send_nowait(event)
        except anyio.WouldBlock:
            # The viewer has stopped listening; make room and let it ask again.
            while self._told.statistics().current_buffer_used:
                self._told.receive_nowait()
            self._events.send_nowait(event if isinstance(event, CaptureGone) else EventsLost())

    def close(self) -> None:
        """Forget the events nobody took."""
        self._closed = True
        self._events.close()
        self._told.close()


class _Events:
    """The events that a viewer takes one by one; may be left at any of them."""

    def __init__(self, told: MemoryObjectReceiveStream[CaptureEvent]) -> None:
        self._told = told
        self._over = False

    def __aiter__(self) -> AsyncIterator[CaptureEvent]:
        return self

    async def __anext__(self) -> CaptureEvent:
        if self._over:
            raise StopAsyncIteration
        event = await self._told.receive()
        self._over = isinstance(event, CaptureGone)
        return event


class _Question:
    def __init__(self) -> None:
        self.answered = anyio.Event()
        self.answer: wire.Answer | None = None

    def result(self) -> bytes:
        if self.answer is None:
            raise CaptureUnreachable(
                "Capture went away before it answered", hint="Start guestwatch again."
            )
        if self.answer.error is not None:
            error = self.answer.error
            raise CommandRefused(error.desc, kind=error.kind, hint=error.hint)
        return bytes(self.answer.result)


def _decoded(answer: bytes, kind: type[_A]) -> _A:
    """What capture answered.

    Raises:
        CaptureUnreachable: it is no such answer.
    """
    try:
        return msgspec.json.decode(answer, type=kind)
    except (ValueError, RecursionError) as error:
        # Text that is no UTF-8 is a UnicodeDecodeError, and no error of msgspec's.
        raise CaptureUnreachable(
            f"Capture answered what is no answer: {error}", hint="Start guestwatch again."
        ) from error


@asynccontextmanager
async def open_client(control_socket: Path, *, viewer: bool) -> AsyncIterator[Client]:
    """A client of the capture behind `control_socket`.

    Raises:
        CaptureUnreachable: nobody answers there, or somebody who is no capture.
        CaptureSkew: a capture of another version does.
    """
    peer = await dial(control_socket)
    async with await UNIXSocketStream.from_socket(peer) as stream:
        await check_greeting(stream, control_socket)
        client = Client(stream)
        trouble: GuestwatchError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.read)
            try:
                await client.hello(viewer=viewer)
                yield client
            except GuestwatchError as error:
                # Raised outside the group, which would wrap it.
                trouble = error
            finally:
                client.close()
                # Its end ends the reader. A reader that is cancelled just as something
                # comes leaves a complaint of asyncio's on stderr.
                with contextlib.suppress(OSError):
                    stream.extra(SocketAttribute.raw_socket).shutdown(socket.SHUT_RDWR)
                tasks.cancel_scope.deadline = anyio.current_time() + CLOSE_S
    if trouble is not None:
        raise trouble
