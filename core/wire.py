"""The control socket's language: JSON lines, shaped like QMP.

    ◀ {"guestwatch": {"version": "0.1.0", "protocol": 2, "pid": 4711}}
    ▶ {"execute": "start", "arguments": {"id": "vm1"}, "id": 7}
    ◀ {"return": {}, "id": 7}
    ◀ {"error": {"class": "SandboxClash", "desc": "…", "hint": "…"}, "id": 8}
    ◀ {"event": "sandbox-changed", "facts": {…}}

A request is one line of at most `MAX_REQUEST_BYTES`. Its `id` comes back in the
answer. Events come between answers, in the order things happened.
"""

from __future__ import annotations

import msgspec

from core.sandboxes.model import AlertFacts, SandboxFacts, SandboxSpec, Traffic
from core.settings import Settings

PROTOCOL = 2
MAX_REQUEST_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""A list of 1,000 sandboxes is about 1 MB; more than this is no answer of ours."""


class About(msgspec.Struct, frozen=True):
    """Who answers."""

    version: str
    protocol: int
    pid: int


class Greeting(msgspec.Struct, frozen=True):
    """The first line on a connection."""

    guestwatch: About


class Request(msgspec.Struct, frozen=True):
    """A command."""

    execute: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    id: int | str | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a command was refused."""

    kind: str = msgspec.field(name="class")
    desc: str
    hint: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What came of a command, as a viewer reads it: `result` is empty beside an `error`."""

    id: int | str | None = None
    result: msgspec.Raw = msgspec.field(name="return", default_factory=msgspec.Raw)
    error: Failure | None = None


class Done(msgspec.Struct, frozen=True):
    """What came of a command that was carried out, as capture writes it."""

    id: int | str | None
    result: msgspec.Raw = msgspec.field(name="return")


class Refused(msgspec.Struct, frozen=True):
    """What came of a command that was not, as capture writes it."""

    id: int | str | None
    error: Failure


# Arguments.


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who connects. Only viewers keep a capture alive."""

    viewer: bool = False


class Goodbye(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A viewer leaves; with `keep` capture goes on without viewers."""

    keep: bool = False


class Which(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sandbox."""

    id: str


class Debug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sandbox, and whether it is watched."""

    id: str
    debug: bool


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in a sandbox's output to mark, and what to say there."""

    id: str
    generation: str
    """The generation's folder name."""
    offset: int
    """Where the marked row begins."""
    note: str = ""


class Unmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mark to take away."""

    id: str
    generation: str
    mark: int
    """Where its line begins in the generation's ledger."""


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sandbox to add."""

    sandbox: SandboxSpec


class Configure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What capture is to keep and to warn of from now on."""

    settings: Settings


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments, or nothing to return."""


class Listing(msgspec.Struct, frozen=True):
    """Every sandbox, in the order they appeared."""

    sandboxes: list[SandboxFacts]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Capture as a whole."""

    version: str
    protocol: int
    pid: int
    since: float
    """When it began: seconds since the epoch, UTC."""
    started_by: str
    """`dashboard`, `record` or `service`."""
    stays: bool
    """Whether it goes on without viewers."""
    viewers: int
    clients: int
    """How many are connected, viewers and whoever asked for this included."""
    descriptors: int = 0
    """How many it has open; 0 where the system does not tell."""
    descriptor_limit: int = 0
    settings: Settings = Settings()
    """What it keeps and warns of."""
    disk_bytes: int = 0
    """How much all recordings take on disk, those of sandboxes that it does not watch included."""
    warnings: tuple[str, ...] = ()
    """What should be seen to, in words."""


# Events.


class SandboxChanged(msgspec.Struct, frozen=True, tag="sandbox-changed", tag_field="event"):
    """A sandbox appeared or something about it changed: its facts, whole."""

    facts: SandboxFacts


class TrafficCounted(msgspec.Struct, frozen=True, tag="stats", tag_field="event"):
    """Once a second: every sandbox's traffic, by id."""

    traffic: dict[str, Traffic]


class AlertRaised(msgspec.Struct, frozen=True, tag="alert", tag_field="event"):
    """The scanner found something worth alarm."""

    id: str
    """The sandbox."""
    alert: AlertFacts


class EventsLost(msgspec.Struct, frozen=True, tag="events-lost", tag_field="event"):
    """This viewer was too slow and missed events; it should ask for the list again."""


class CaptureGone(msgspec.Struct, frozen=True, tag="capture-gone", tag_field="event"):
    """Capture ends; nothing more comes. Recordings stay readable."""

    reason: str = ""


Event = SandboxChanged | TrafficCounted | AlertRaised | EventsLost | CaptureGone
