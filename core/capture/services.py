"""What the sandboxes of a capture share, and what is known of a console being read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from anyio.abc import TaskGroup

from core.capture.readloop import ReadLoop
from core.capture.scanning import Scanning
from core.capture.watching.asking import Asking
from core.capture.watching.noticing import Noticing
from core.capture.writing.spools import Spools
from core.clock import Instant, now
from core.sandboxes.model import ConsoleFacts


@dataclass(frozen=True, slots=True)
class Services:
    """What all consoles of a capture share."""

    loop: ReadLoop
    recordings: Path
    runtime: Path
    """Where kata-proxies have their folders."""
    previous_alive: float
    """When the capture before this one was last alive: since the epoch, 0 when unknown."""
    noticing: Noticing
    asking: Asking
    """Finds out who has a console."""
    tasks: TaskGroup
    """Outlives every console: what was read is still written when one is let go."""
    scanning: Scanning
    """Told of every recording, looks in it for what is worth alarm."""
    spools: Spools = field(default_factory=Spools)
    """What they write, and the memory they share when the disk is slow or full."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """What each sandbox's recordings take on disk; kept by the janitor."""


CAPTURE_ENDED = "capture ended"
"""Why a visit ends when it is not the sandbox that does."""


@dataclass(slots=True)
class Visit:
    """One run of a sandbox's proxy, as its ledger tells of it."""

    facts: dict[str, str | int | float | bool]
    """What is entered when the recording begins: which proxy, with debug or not."""
    began: Instant = field(default_factory=now)
    leaving: str = CAPTURE_ENDED
    """Why the run ends: known only then, when it is not capture that does."""


class Reading(Protocol):
    """A console, or what stands in its place, being read into a recording."""

    @property
    def console(self) -> ConsoleFacts:
        """What is known of the console."""

    @property
    def family(self) -> str:
        """The VMM's family; empty while it is unknown."""

    @property
    def vmm_pid(self) -> int:
        """The VMM's process; 0 while it is unknown."""

    @property
    def generation(self) -> str:
        """The present generation's folder name; empty while nothing is recorded."""

    @property
    def trouble(self) -> str:
        """Why the recording lags; empty when it does not."""

    @property
    def size(self) -> int:
        """How much the present generation holds."""

    @property
    def received(self) -> int:
        """How many bytes came since this reading began, over all generations."""

    @property
    def last_byte_at(self) -> float:
        """When the last byte came: seconds since the epoch, 0 for never."""
