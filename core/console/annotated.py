"""Lines of ours between a guest's rows, without moving one of them.

Theory of operation. A line of ours at offset O stands before the first row that begins at
O or behind it, so behind the row it happened in. Its position is O itself with a `rank`
below a row's, wherever rows begin: as the guest writes on, as old output is dropped and as
a filter hides rows, both keep their positions, and so their order. Merging needs nothing
but that order.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import merge
from itertools import islice

from core.console.script import Script
from core.console.transcript import Position, TranscriptRow

_position: Callable[[TranscriptRow], Position] = lambda line: line.position  # noqa: E731


class Annotated:
    """A script with lines of ours between its rows: another script.

    Args:
        script: the rows.
        lines: the lines of ours; their positions have a `rank` below 0.
    """

    def __init__(self, script: Script, lines: Script) -> None:
        self._script = script
        self._lines = lines

    @property
    def first(self) -> Position:
        """Where the first row or line is."""
        return self._outermost(self._script.first, self._lines.first, min)

    @property
    def last(self) -> Position:
        """Behind the last row or line."""
        return self._outermost(self._script.last, self._lines.last, max)

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The `count` rows and lines from `at` on; any place will do."""
        rows, lines = self._rows_from(at, count), self._lines.forward(at, count)
        return list(islice(merge(rows, lines, key=_position), max(count, 0)))

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The last `count` rows and lines before `at`, in order; any place will do."""
        rows, lines = self._rows_before(at, count), self._lines.backward(at, count)
        return sorted([*rows, *lines], key=_position)[-count:] if count > 0 else []

    def _outermost(
        self, ours: Position, other: Position, choose: Callable[[Position, Position], Position]
    ) -> Position:
        if self._lines.first >= self._lines.last:
            return ours
        return other if self._script.first >= self._script.last else choose(ours, other)

    def _rows_from(self, at: Position, count: int) -> list[TranscriptRow]:
        """The rows at or behind `at`, which may lie within one."""
        if not at.rank:
            return self._script.forward(at, count)
        before = self._script.backward(at.bare, 1)
        anchor = before[-1].end if before else self._script.first
        # The row that holds the place begins before it.
        rows = self._script.forward(anchor, count + 1)
        return [row for row in rows if row.position >= at][:count]

    def _rows_before(self, at: Position, count: int) -> list[TranscriptRow]:
        if at.rank:
            following = self._rows_from(at, 1)
            at = following[0].position if following else self._script.last
        return self._script.backward(at, count)
