"""What the sandboxes of a capture share, and what is known of a console being read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anyio.abc import TaskGroup

from core.capture.readloop import ReadLoop
from core.sandboxes.model import ConsoleFacts


@dataclass(frozen=True, slots=True)
class Services:
    """What all consoles of a capture share."""

    loop: ReadLoop
    recordings: Path
    tasks: TaskGroup
    """Outlives every console: what was read is still written when one is let go."""


class Reading(Protocol):
    """A console, or what stands in its place, being read into a recording."""

    console: ConsoleFacts
    family: str
    vmm_pid: int
    generation: str
    """The present generation's folder name; empty while nothing is recorded."""
    trouble: str
    """Why the recording lags; empty when it does not."""

    @property
    def size(self) -> int:
        """How much the present generation holds."""

    @property
    def last_byte_at(self) -> float:
        """When the last byte came: seconds since the epoch, 0 for never."""
