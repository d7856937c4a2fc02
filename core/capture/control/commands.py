"""What a client may ask for, and who carries it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from core import wire
from core.capture.control.client import ControlClient
from core.capture.supervisor import Supervisor
from core.capture.viewers import Viewers
from core.errors import GuestwatchError

MAX_VIEWERS = 64
"""How many viewers are served at a time; each may be owed 4 MiB of events."""

_encoder = msgspec.json.Encoder()
_A = TypeVar("_A", bound=msgspec.Struct)


class UnknownCommand(GuestwatchError):
    """A command this capture does not have; the viewer may be newer than it."""


class CaptureEnding(GuestwatchError):
    """Somebody wants to look on while capture lets its consoles go."""


class TooManyViewers(GuestwatchError):
    """Somebody wants to look on while `MAX_VIEWERS` do."""


class Commands:
    """Carries commands out.

    Args:
        supervisor: has the sandboxes.
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
        self._supervisor = supervisor
        self._viewers = viewers
        self._status = status
        self._shut_down = shut_down
        self.is_ending = False
        """Whether viewers are refused, because they would be shown out at once."""

    async def answer(self, client: ControlClient, line: bytes) -> bytes:
        """What comes of one request, as a line without its end. Never fails on nonsense."""
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

    async def _execute(self, client: ControlClient, request: wire.Request) -> msgspec.Struct:
        match request.execute:
            case "list":
                return wire.Listing(self._supervisor.facts())
            case "status":
                return self._status()
            case "hello":
                self._greet(client, is_viewer=_arguments(request, wire.Hello).viewer)
            case "goodbye":
                goodbye = _arguments(request, wire.Goodbye)
                if client.is_viewer:
                    client.is_viewer = False
                    self._viewers.leave(keep=goodbye.keep)
            case "watch":
                await self._supervisor.watch(_arguments(request, wire.Watch).sandbox)
            case "start":
                await self._supervisor.get(_arguments(request, wire.Which).id).start()
            case "stop":
                await self._supervisor.get(_arguments(request, wire.Which).id).stop()
            case "take":
                await self._supervisor.get(_arguments(request, wire.Which).id).take()
            case "mark":
                await self._supervisor.mark(_arguments(request, wire.Mark))
            case "unmark":
                await self._supervisor.unmark(_arguments(request, wire.Unmark))
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

    def _greet(self, client: ControlClient, *, is_viewer: bool) -> None:
        if not is_viewer or client.is_viewer:
            return
        if self.is_ending:
            raise CaptureEnding("Capture is ending", hint="Start guestwatch again.")
        if self._viewers.present >= MAX_VIEWERS:
            raise TooManyViewers(
                f"{MAX_VIEWERS} viewers look on already", hint="Quit one of them first."
            )
        client.is_viewer = True
        self._viewers.arrive()


def _arguments(request: wire.Request, kind: type[_A]) -> _A:
    return msgspec.json.decode(request.arguments, type=kind)
