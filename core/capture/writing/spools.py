"""All recordings that are being written: what they may keep in memory, and which they are."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import anyio

from core.clock import Instant
from core.recording.gaps import Gap
from core.recording.layout import SEGMENT_BYTES

TOTAL_BYTES = 256 * 1024 * 1024
"""How much memory all consoles' bytes together may take while they wait for the disk."""

WRITERS = 16
"""So many threads may hang on a disk; nobody else's threads are among them."""


class Writing(Protocol):
    """One recording that is being written."""

    @property
    def folder(self) -> Path | None:
        """The generation's; None while it could not be opened."""

    @property
    def memory(self) -> int:
        """How much memory is taken by what waits."""

    @property
    def rotations(self) -> int:
        """How often a new segment was begun."""

    def drop_oldest(self) -> bool:
        """Give the oldest bytes up that wait; whether there were any."""

    def enter_gap(self, gap: Gap, at: Instant, *, offset: int | None = None) -> None:
        """Enter a gap into the ledger."""

    def set_segment_bytes(self, segment_bytes: int) -> None:
        """Begin a new segment at this size from now on."""


class Spools:
    """The recordings of a capture that are being written.

    Args:
        limit_bytes: how much memory they may take together.
    """

    def __init__(self, limit_bytes: int = TOTAL_BYTES) -> None:
        self.memory = 0
        """How much memory is taken now; each spool adds its part."""
        self.threads = anyio.CapacityLimiter(WRITERS)
        self.segment_bytes = SEGMENT_BYTES
        """From what size on a segment is full: for whoever opens a recording."""
        self._limit = limit_bytes
        self._all: set[Writing] = set()

    def join(self, spool: Writing) -> None:
        """Count this one from now on."""
        self._all.add(spool)

    def leave(self, spool: Writing) -> None:
        """Count it no more. Harmless when repeated."""
        self._all.discard(spool)

    def has(self, spool: Writing) -> bool:
        """Whether this one is still being written."""
        return spool in self._all

    def set_segment_bytes(self, segment_bytes: int) -> None:
        """Begin new segments at this size from now on, in all of them."""
        self.segment_bytes = segment_bytes
        for spool in self._all:
            spool.set_segment_bytes(segment_bytes)

    def make_room(self) -> None:
        """Keep to the limit: whoever takes most gives its oldest bytes up."""
        while self.memory > self._limit:
            if not max(self._all, key=lambda spool: spool.memory).drop_oldest():
                return

    def writing(self) -> dict[Path, Writing]:
        """Who writes which generation's folder."""
        return {spool.folder: spool for spool in self._all if spool.folder is not None}

    @property
    def rotations(self) -> int:
        """Another number whenever a segment was begun."""
        return sum(spool.rotations for spool in self._all)
