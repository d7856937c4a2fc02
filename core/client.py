"""How a viewer speaks to capture.

`CaptureLink` is all that a viewer may ask; `Client` (below) is the real one, over
the control socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from core.sandboxes.model import SandboxFacts, SandboxSpec, Traffic


class SandboxChanged(msgspec.Struct, frozen=True, tag="sandbox-changed", tag_field="event"):
    """A sandbox appeared or something about it changed: its facts, whole."""

    facts: SandboxFacts


class TrafficCounted(msgspec.Struct, frozen=True, tag="stats", tag_field="event"):
    """Once a second: every sandbox's traffic, by id."""

    traffic: dict[str, Traffic]


class EventsLost(msgspec.Struct, frozen=True, tag="events-lost", tag_field="event"):
    """This viewer was too slow and missed events; it should ask for the list again."""


class CaptureGone(msgspec.Struct, frozen=True, tag="capture-gone", tag_field="event"):
    """Capture went away; nothing more comes. Recordings stay readable."""

    reason: str = ""


CaptureEvent = SandboxChanged | TrafficCounted | EventsLost | CaptureGone


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

    async def say_goodbye(self, *, keep: bool) -> None:
        """Take leave: without `keep`, a capture that a dashboard started may stop."""
