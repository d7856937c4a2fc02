"""What a sandbox is, and what is known of one at a moment.

`SandboxSpec` is a wish: what the command line, the config or the demo asked for.
`SandboxFacts` is what capture answers. Both travel over the control socket as
they stand here. Names found outside (`name`, `reason`, `holder_name`) are
hostile: they go through `core.console.safe_text` before anybody sees them.
"""

from __future__ import annotations

import enum

import msgspec

from core.proxy.types import ProxyType
from core.settings import Auto, Severity


class SandboxSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sandbox somebody wants watched."""

    id: str
    console: str = ""
    """The console's URL, as `core.endpoints.url` knows them."""
    name: str = ""
    """What people call it; the id when empty."""
    family: str = ""
    """qemu, kata, clh, firecracker, demo; empty until the console's peer tells."""
    proxy_type: ProxyType = ProxyType.NO_PROXY
    proxy_path: str = ""
    """The kata-proxy program; only `kataProxy` runs one."""
    agent_url: str = ""
    auto: Auto = Auto.SAFE
    """When the console is attached to without asking."""
    debug: bool = True
    """Whether the console is watched."""
    start: bool = True
    """Whether the proxy is started when the sandbox appears."""


class ProxyState(enum.StrEnum):
    """Whether a sandbox's proxy runs."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


class ConsoleState(enum.StrEnum):
    """What is known of a console, so that an empty pane can say why it is empty."""

    ABSENT = "absent"
    """Nothing is at its path yet."""
    CONNECTING = "connecting"
    WAITING = "waiting"
    """Queued behind another client, or its queue is full."""
    HELD = "held"
    """Another process has the console: `holder_pid`, `holder_name`."""
    CONNECTED = "connected"
    """Proven ours. Live or silent is a matter of `last_byte_at`."""
    ENDED = "ended"
    """End of file: the guest or its VMM went away."""
    FAILED = "failed"
    NOT_WATCHED = "not watched"


class ProxyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A sandbox's proxy."""

    state: ProxyState = ProxyState.STOPPED
    pid: int = 0
    url: str = ""
    reason: str = ""
    """Why it failed."""


class ConsoleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A sandbox's console."""

    state: ConsoleState = ConsoleState.NOT_WATCHED
    reason: str = ""
    """Why it is in this state, in words a person can act on."""
    hint: str = ""
    since: float = 0.0
    """When it came into this state: seconds since the epoch, UTC."""
    holder_pid: int = 0
    holder_name: str = ""
    consequence: str = ""
    """What attaching would do to others, in words; empty when it harms nobody."""
    is_takeable: bool = False
    """Whether a person's yes attaches it all the same: the `take` command."""
    note: str = ""
    """What to know of the bytes that come, such as that another reader takes some of them."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """How much a console has given in its present generation."""

    bytes: int = 0
    bytes_per_s: float = 0.0
    last_byte_at: float = 0.0
    """Seconds since the epoch, UTC; 0 when nothing came yet."""


class AlertFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One thing worth alarm that the scanner found. All texts are the guest's: hostile."""

    kind: str
    """panic, oops, hung-task, …, or the name of a user's own pattern."""
    title: str
    """The line that says it."""
    severity: Severity = Severity.WARNING
    generation: str = ""
    start: int = 0
    """The offset of its first byte in that generation."""
    end: int = 0
    """The offset behind its last line: a trace is one alert with its whole extent."""
    wall: float = 0.0
    """When its first line came: seconds since the epoch, UTC."""


class ScanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the scanner found in a sandbox's present generation, and how far it is behind."""

    alerts: int = 0
    """How many alerts, notes not counted."""
    last: AlertFacts | None = None
    """The newest of the gravest ones."""
    lag_bytes: int = 0
    """How much was recorded and not scanned yet."""


class SandboxFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that capture knows of one sandbox."""

    spec: SandboxSpec
    family: str = ""
    vmm_pid: int = 0
    proxy: ProxyFacts = ProxyFacts()
    console: ConsoleFacts = ConsoleFacts()
    traffic: Traffic = Traffic()
    recordings: str = ""
    """The folder that holds this sandbox's generations; empty while nothing was recorded."""
    generation: str = ""
    """The present generation's folder name in it."""
    recording_trouble: str = ""
    """Why the recording is not written as it should be; empty when it is."""
    scan: ScanFacts = ScanFacts()
    disk_bytes: int = 0
    """How much all of this sandbox's recordings take on disk, compressed ones as they are."""

    @property
    def id(self) -> str:
        """The sandbox's id."""
        return self.spec.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.spec.name or self.spec.id
