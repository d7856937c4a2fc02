"""How many lines a guest wrote since somebody last looked.

Counting reads every new byte, so it is bounded a call: after a flood the count
catches up over the next calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.console import Position, Source

COUNT_BYTES = 4 * 1024 * 1024
"""The most that one call reads: a few milliseconds of a frame."""

_CHUNK_BYTES = 256 * 1024


class Numbered(NamedTuple):
    """One generation's bytes, with its place among its sandbox's generations."""

    sequence: int
    source: Source


class LineCounter:
    """Counts the lines that end after a position."""

    def __init__(self) -> None:
        self._at = self.seen = Position(0, 0)
        """Everything before `seen` has been seen."""
        self.lines = 0

    def reset(self, at: Position) -> None:
        """Everything before `at` has been seen."""
        self._at = self.seen = at
        self.lines = 0

    def count(self, sources: Sequence[Numbered], budget: int = COUNT_BYTES) -> bool:
        """Count on from where the last call stopped, `budget` bytes at most.

        Args:
            sources: the generations, oldest first.
            budget: bytes.

        Returns:
            Whether `lines` is another number now.
        """
        before = self.lines
        for sequence, source in sources:
            if sequence < self._at.generation:
                continue
            if sequence > self._at.generation:
                self._at = Position(sequence, 0)
            budget -= self._count_source(source, budget)
            if budget <= 0 or self._at.offset < source.end:
                break
        return self.lines != before

    def _count_source(self, source: Source, budget: int) -> int:
        # Dropped segments cannot be counted any more.
        offset = start = max(self._at.offset, source.start)
        while offset - start < budget:
            data = source.read(offset, min(_CHUNK_BYTES, budget - (offset - start)))
            if not data:
                break
            self.lines += data.count(b"\n")
            offset += len(data)
        self._at = Position(self._at.generation, offset)
        return offset - start
