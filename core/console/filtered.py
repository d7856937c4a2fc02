"""A script of which only some rows are shown, with rows of context around each.

Theory of operation. Which rows match is decided elsewhere, and known as a sorted set
that grows. A match shows itself and the rows around it; where two such groups do not
touch, a gap stands between them in the place of what is hidden. All of it is decided
by walking forward from match to match: within a group row by row, over a gap in one
step, however much is hidden there. Backward is walked forward too, from so many
matches further up as are needed; their number is doubled until enough is seen, so that
it never costs more than a few times what is asked for. So both ways show the same.

Positions stay those of the script below: a view that holds a row goes on holding it
when the filter goes, and while matches are found above it and below.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from core.console.model import SafeStr
from core.console.safe import safe_text
from core.console.script import Script
from core.console.transcript import Position, TranscriptRow

MAX_CONTEXT = 50
"""Rows of context on one side; who wants more wants the whole text."""

COUNTED_GAP_BYTES = 16_384
"""The rows of a longer gap are not counted: nobody shall wait for what is not shown."""

GAP_LOOK = "hidden"
"""What sort of line of ours a gap is."""

_COUNTED_GAP_ROWS = 250

_KEPT_GAPS = 256


class Matches(Protocol):
    """Rows that match: a sorted set, which grows while it is looked for more."""

    def __len__(self) -> int:
        """How many are known."""

    def __getitem__(self, index: int) -> Position:
        """The one with this index, from 0."""

    def count_before(self, position: Position) -> int:
        """How many are before a position: the index of the first one at or behind it."""


class GapText(Protocol):
    """Says what a gap hides."""

    def __call__(self, rows: int | None, size: int | None, seam: SafeStr) -> SafeStr:
        """The words.

        Args:
            rows: how many rows are hidden; None: too many to count them.
            size: bytes that are hidden; None when they are of several generations.
            seam: what the hidden seam of the generation behind the gap says; empty
                when none is hidden.
        """


class Filtered:
    """The rows of a script that match, and those around them; a `Script` itself.

    Args:
        script: all the rows.
        matches: those of them that are shown for their own sake. Positions that the
            script does not know, or not any more, show nothing.
        gap_text: says what a gap hides.
        context: rows that are shown before and behind each match. With 0 only a gap
            over the begin of a generation is shown as one.
    """

    def __init__(
        self, script: Script, matches: Matches, gap_text: GapText, context: int = 0
    ) -> None:
        self._script = script
        self._matches = matches
        self._gap_text = gap_text
        self._context = max(0, min(context, MAX_CONTEXT))
        self._gaps: dict[tuple[Position, Position], TranscriptRow] = {}

    @property
    def first(self) -> Position:
        """Where what there is begins, shown or not."""
        return self._script.first

    @property
    def last(self) -> Position:
        """Behind the last row, shown or not."""
        return self._script.last

    def is_match(self, at: Position) -> bool:
        """Whether the row at `at` is shown for its own sake."""
        index = self._matches.count_before(at)
        return index < len(self._matches) and self._matches[index] == at

    def nearest(self, at: Position) -> Position | None:
        """The first row or gap from `at` on, or else the last one before it."""
        found = self.forward(at, 1) or self.backward(at, 1)
        return found[0].position if found else None

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The `count` rows and gaps from `at` on. What a source raises passes through."""
        return list(islice(self._walk(at), max(0, count)))

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The last `count` rows and gaps before `at`. What a source raises passes through."""
        if count <= 0:
            return []
        oldest = self._matches.count_before(self.first)
        here = self._matches.count_before(at)
        back = 0
        while True:
            index = max(oldest, here - back)
            found: list[TranscriptRow] = []
            if index < len(self._matches):
                found = self._between(self._begin(self._matches[index]), at)
            if len(found) >= count or index == oldest:
                return found[-count:]
            back = max(1, back * 2)

    def _between(self, start: Position, stop: Position) -> list[TranscriptRow]:
        found: list[TranscriptRow] = []
        for line in self._walk(start):
            if line.position >= stop:
                break
            found.append(line)
        return found

    def _begin(self, match: Position) -> Position:
        """Where the context before a match begins."""
        above = self._script.backward(match, self._context)
        return above[0].position if above else match

    def _walk(self, at: Position) -> Iterator[TranscriptRow]:
        """All that is shown from `at` on."""
        matches, context = self._matches, self._context
        at = max(at, self.first)
        index = matches.count_before(at)
        # `left` rows from `at` on are shown for the sake of a match before them.
        left = self._left(at, index)
        end = None if left is None else at
        left = left or 0
        while True:
            if left:
                rows = self._script.forward(at, left)
            elif index < len(matches):
                match = matches[index]
                rows = self._script.forward(match, context + 1)
                if rows and rows[0].position != match:
                    index = matches.count_before(rows[0].position)
                    continue
            else:
                return
            if not rows:
                return
            if not left:
                above = [row for row in self._script.backward(match, context) if row.position >= at]
                gap = self._gap(end, (above or rows)[0].position)
                if gap is not None:
                    yield gap
                yield from above
            for row in rows:
                if index < len(matches) and matches[index] < row.position:
                    index = matches.count_before(row.position)
                if index < len(matches) and matches[index] == row.position:
                    index, left = index + 1, context + 1
                yield row
                left -= 1
                at = end = row.end

    def _left(self, at: Position, index: int) -> int | None:
        """How many rows from `at` on are shown for the sake of a match before `at`.

        None when the row just before `at` is not shown for such a match's sake either.
        """
        if index == 0:
            return None
        above = self._script.backward(at, self._context + 1)
        for distance, row in enumerate(reversed(above)):
            if self.is_match(row.position):
                return self._context - distance
        return None

    def _gap(self, end: Position | None, start: Position) -> TranscriptRow | None:
        """What stands between a group that ends and one that starts there."""
        if end is None or end >= start:
            return None
        if self._context == 0 and end.generation == start.generation and end.offset >= 0:
            return None
        known = self._gaps.get((end, start))
        if known is not None:
            return known
        hidden = self._script.forward(end, 1)
        if not hidden or hidden[0].position >= start:
            return None
        first = hidden[0].position
        rows = size = None
        seam = safe_text("")
        if first.generation != start.generation or first.offset < 0:
            seam = self._seam(start)
        else:
            size = start.offset - first.offset
            rows = self._count(first, start) if size <= COUNTED_GAP_BYTES else None
        if len(self._gaps) >= _KEPT_GAPS:
            self._gaps.clear()
        gap = TranscriptRow(first, start, None, self._gap_text(rows, size, seam), GAP_LOOK)
        self._gaps[end, start] = gap
        return gap

    def _seam(self, start: Position) -> SafeStr:
        """What the seam of a generation says, if it is before `start`."""
        begin = self._script.forward(Position(start.generation, -1), 1)
        if begin and begin[0].row is None and begin[0].position < start:
            return begin[0].seam
        return safe_text("")

    def _count(self, first: Position, start: Position) -> int | None:
        """The guest's rows between two places; None when they are too many."""
        asked = 8
        while True:
            rows = self._script.forward(first, asked)
            if len(rows) < asked or rows[-1].position >= start:
                return sum(row.row is not None for row in rows if row.position < start)
            if asked > _COUNTED_GAP_ROWS:
                return None
            asked *= 4
