"""The rows of several consoles as one scroll, by when they came.

Each console keeps its own order; between two of them the earlier row comes first, and of
rows of the same moment that of the console with the lower number. A row that is not dated
yet comes last. Only what is around the place in view is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from math import inf, nextafter
from typing import NamedTuple, Protocol

from core.console.script import Script
from core.console.transcript import Position, TranscriptRow

_BATCH = 16
"""Rows that are read of a console at once."""


class DatedConsole(Protocol):
    """One console's rows, and when they came."""

    @property
    def script(self) -> Script:
        """Its rows."""

    def when(self, at: Position) -> float | None:
        """When the row at `at` came: seconds on the clock of all consoles; None: not known yet."""

    def seek(self, when: float) -> Position:
        """Where the first row is that came at `when` or later; the end when none did.

        Rows that are not dated yet came later than any moment.
        """


class Place(NamedTuple):
    """A place among the rows of several consoles; ordered."""

    when: float
    """Infinite for a row that is not dated yet."""
    console: int
    """The console's number."""
    at: Position


FIRST = Place(-inf, -1, Position(0, 0))
"""Before every row."""
LAST = Place(inf, 1 << 62, Position(0, 0))
"""Behind every row."""


@dataclass(frozen=True, slots=True)
class InterleavedRow:
    """A row of one of the consoles."""

    place: Place
    line: TranscriptRow


class Interleaved:
    """One scroll over several consoles. Holds no bytes.

    A place stays that of its row, whatever is written later, also where that row had no date
    when the place was taken.

    Args:
        consoles: by number. Where a clock was set back, a console's rows keep their order.
    """

    def __init__(self, consoles: Mapping[int, DatedConsole]) -> None:
        self._consoles = dict(sorted(consoles.items()))

    def forward(self, at: Place, count: int) -> list[InterleavedRow]:
        """The `count` rows from `at` on, fewer at the end. What a console raises passes through."""
        at = self.dated(at)
        rows = (self._rows_from(number, at) for number in self._consoles)
        return [row for _, row in islice(merge(*rows, key=_key), max(0, count))]

    def backward(self, at: Place, count: int) -> list[InterleavedRow]:
        """The last `count` rows before `at`, in order. What a console raises passes through."""
        at = self.dated(at)
        rows = (self._rows_before(number, at) for number in self._consoles)
        found = islice(merge(*rows, key=_key, reverse=True), max(0, count))
        return [row for _, row in found][::-1]

    def dated(self, at: Place) -> Place:
        """The same row's place, with its date if it has one by now."""
        console = self._consoles.get(at.console)
        if at.when != inf or console is None:
            return at
        return self._place(at.console, console, at.at)

    def _place(self, number: int, console: DatedConsole, at: Position) -> Place:
        when = console.when(at)
        return Place(inf if when is None else when, number, at)

    def _placed(
        self, number: int, batch: Sequence[TranscriptRow]
    ) -> list[tuple[TranscriptRow, Place]]:
        """Rows with their places, in order: a console may know that what follows is not dated."""
        console = self._consoles[number]
        return [(line, self._place(number, console, line.position)) for line in batch]

    def _rows_from(self, number: int, at: Place) -> Iterator[tuple[Place, InterleavedRow]]:
        console = self._consoles[number]
        if at.when == -inf:
            begin = console.script.first
        elif number == at.console:
            begin = at.at
        else:
            begin = self._bound(number, console, at)
        last = FIRST
        while batch := console.script.forward(begin, _BATCH):
            for line, place in self._placed(number, batch):
                # A clock that was set back reorders no console.
                last = max(last, place._replace(at=line.position))
                yield last._replace(at=line.position), InterleavedRow(place, line)
            begin = batch[-1].end

    def _rows_before(self, number: int, at: Place) -> Iterator[tuple[Place, InterleavedRow]]:
        console = self._consoles[number]
        if at.when == -inf:
            return
        end = at.at if number == at.console else self._bound(number, console, at)
        last = LAST
        while batch := console.script.backward(end, _BATCH):
            for line, place in reversed(self._placed(number, batch)):
                last = min(last, place)
                yield last._replace(console=number, at=line.position), InterleavedRow(place, line)
            end = batch[0].position

    def _bound(self, number: int, console: DatedConsole, at: Place) -> Position:
        """Where the rows of another console begin that come behind `at`."""
        if number > at.console:
            return console.seek(at.when)
        # Of rows of the same moment, those with the lower number come first.
        return console.script.last if at.when == inf else console.seek(nextafter(at.when, inf))


def _key(found: tuple[Place, InterleavedRow]) -> Place:
    return found[0]
