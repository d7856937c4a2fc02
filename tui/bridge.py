"""The one place between capture's facts and Textual's messages.

Facts come up as messages; wishes go down as commands. `Bridge.run` belongs to the
program's own task group: Textual does not wait for its workers when it ends, and a
command on its way must not be torn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import anyio
from textual.message import Message

from core.client import (
    AlertRaised,
    CaptureGone,
    CaptureLink,
    EventsLost,
    SandboxChanged,
    TrafficCounted,
)
from core.errors import CaptureError, GuestwatchError
from core.sandboxes.model import SandboxFacts, Traffic
from core.wire import Status

STATUS_S = 1.0
"""How long capture may take to tell of itself; somebody waits for it."""

MAX_WISHES = 64
"""More key presses than a person makes while one command is on its way."""


class Listed(Message):
    """Every sandbox there is."""

    def __init__(self, facts: tuple[SandboxFacts, ...]) -> None:
        super().__init__()
        self.facts = facts


class SandboxTold(Message):
    """One sandbox appeared or changed."""

    def __init__(self, facts: SandboxFacts) -> None:
        super().__init__()
        self.facts = facts


class TrafficTold(Message):
    """What every console gave in the last second."""

    def __init__(self, traffic: dict[str, Traffic]) -> None:
        super().__init__()
        self.traffic = traffic


class CaptureLost(Message):
    """Capture went away, or never answered; nothing more will be told."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__()
        self.reason = reason
        self.hint = hint


class WishRefused(Message):
    """A command came to nothing."""

    def __init__(self, sandbox_id: str, error: GuestwatchError) -> None:
        super().__init__()
        self.sandbox_id = sandbox_id
        self.error = error


@dataclass(frozen=True, slots=True)
class StartProxy:
    """The wish that a sandbox's proxy runs."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class StopProxy:
    """The wish that a sandbox's proxy stops."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class SetDebug:
    """The wish that a sandbox is, or is not, watched."""

    sandbox_id: str
    debug: bool


@dataclass(frozen=True, slots=True)
class TakeConsole:
    """The wish that a sandbox's console is attached, whatever that does to others."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class EnterMark:
    """The wish that a row of a sandbox's recording is marked."""

    sandbox_id: str
    generation: str
    """The generation's folder name."""
    offset: int
    note: str


@dataclass(frozen=True, slots=True)
class RemoveMark:
    """The wish that a mark goes away."""

    sandbox_id: str
    generation: str
    mark: int
    """Where its line begins in the generation's ledger."""


Wish = StartProxy | StopProxy | SetDebug | TakeConsole | EnterMark | RemoveMark


class Bridge:
    """Carries facts up and wishes down.

    Args:
        link: the line to capture.
        post: takes each message; must return at once.
    """

    def __init__(self, link: CaptureLink, post: Callable[[Message], object]) -> None:
        self._link = link
        self._post = post
        self._wishes, self._made = anyio.create_memory_object_stream[Wish](MAX_WISHES)
        self._is_running = False

    def wish(self, wish: Wish) -> None:
        """Ask capture for something; a refusal comes as `WishRefused`."""
        try:
            self._wishes.send_nowait(wish)
        except anyio.WouldBlock:
            error = CaptureError("Too many commands at once", hint="Try again in a moment.")
            self._post(WishRefused(wish.sandbox_id, error))

    async def status(self) -> Status | None:
        """What capture says of itself; None when it does not answer soon."""
        with anyio.move_on_after(STATUS_S), contextlib.suppress(CaptureError):
            return await self._link.status()
        return None

    def close(self) -> None:
        """Take no more wishes; those that were made are still carried."""
        self._wishes.close()
        if not self._is_running:
            self._made.close()

    async def run(self) -> None:
        """Carry until cancelled."""
        self._is_running = True
        with self._wishes, self._made:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._carry_facts)
                async for wish in self._made:
                    # One a task: a slow sandbox holds up no other.
                    tasks.start_soon(self._grant, wish)

    async def _carry_facts(self) -> None:
        try:
            await self._list()
            async for event in self._link.events():
                match event:
                    case SandboxChanged():
                        self._post(SandboxTold(event.facts))
                    case TrafficCounted():
                        self._post(TrafficTold(event.traffic))
                    case AlertRaised():
                        # The sandbox's facts, which follow, count it.
                        pass
                    case EventsLost():
                        await self._list()
                    case CaptureGone():
                        self._post(CaptureLost(event.reason))
                        return
                    case _:
                        assert_never(event)
        except CaptureError as error:
            self._post(CaptureLost(error.message, error.hint))

    async def _list(self) -> None:
        self._post(Listed(tuple(await self._link.sandboxes())))

    async def _grant(self, wish: Wish) -> None:
        try:
            match wish:
                case StartProxy():
                    await self._link.start(wish.sandbox_id)
                case StopProxy():
                    await self._link.stop(wish.sandbox_id)
                case SetDebug():
                    await self._link.set_debug(wish.sandbox_id, wish.debug)
                case TakeConsole():
                    await self._link.take(wish.sandbox_id)
                case EnterMark():
                    await self._link.mark(wish.sandbox_id, wish.generation, wish.offset, wish.note)
                case RemoveMark():
                    await self._link.unmark(wish.sandbox_id, wish.generation, wish.mark)
                case _:
                    assert_never(wish)
        except GuestwatchError as error:
            self._post(WishRefused(wish.sandbox_id, error))
