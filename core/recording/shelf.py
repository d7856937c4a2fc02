"""Events in the order in which they lie in a generation, a million of them in 20 MB.

Pure. Kept in pieces of bounded size, so that one more costs the same wherever it belongs:
alerts are found behind what was printed meanwhile, and a ledger from elsewhere may be in
any order.
"""

from __future__ import annotations

import enum
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_PIECE = 2048
"""A piece that has twice as many is cut in two."""


class EventKind(enum.IntEnum):
    """What happened."""

    ATTACHED = 0
    DETACHED = 1
    ENDED = 2
    FAILED = 3
    GAP = 4
    PROXY_STARTED = 5
    PROXY_STOPPED = 6
    ALERT = 7
    NOTICE = 8
    """An alert of severity note: worth a line, not worth alarm."""
    MARK = 9
    """Somebody marked the line."""


class Event(NamedTuple):
    """One thing that happened; ordered by where it lies, then by when it was entered."""

    offset: int
    """It stands before the first row that begins here or later."""
    place: int
    """Where its line begins in the ledger: names it for as long as the ledger is there."""
    kind: EventKind


class Shelf:
    """Some events in their order. Holds `limit` at most; the oldest go first."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        """How many were let go because there were too many."""
        self._limit = limit
        self._count = 0
        self._pieces: list[_Piece] = []

    def __len__(self) -> int:
        return self._count

    def add(self, event: Event) -> None:
        """Put an event in its place."""
        number = 0
        if self._pieces:
            number = min(self._piece_of(event[:2]), len(self._pieces) - 1)
        else:
            self._pieces.append(_Piece())
        piece = self._pieces[number]
        piece.add(event)
        self._count += 1
        if len(piece.offsets) >= 2 * _PIECE:
            self._pieces.insert(number + 1, piece.split())
        if self._count > self._limit:
            self._pieces[0].drop(1)
            self._shrunk(0, 1)
            self.dropped += 1

    def discard(self, offset: int, place: int) -> bool:
        """Take an event away; whether it was there."""
        found = next(self.forward(offset, place), None)
        if found is None or found[:2] != (offset, place):
            return False
        number = self._piece_of((offset, place))
        piece = self._pieces[number]
        piece.remove(piece.index((offset, place)))
        self._shrunk(number, 1)
        return True

    def drop_before(self, offset: int) -> bool:
        """Let go of what lies before `offset`; whether there was any."""
        before = self._count
        while self._pieces and self._pieces[0].offsets[0] < offset:
            piece = self._pieces[0]
            gone = piece.index((offset, -1))
            piece.drop(gone)
            self._shrunk(0, gone)
        return self._count != before

    def forward(self, offset: int, place: int) -> Iterator[Event]:
        """The events from a place on, oldest first."""
        number = self._piece_of((offset, place))
        if number == len(self._pieces):
            return
        at = self._pieces[number].index((offset, place))
        for piece in self._pieces[number:]:
            for i in range(at, len(piece.offsets)):
                yield piece.event(i)
            at = 0

    def backward(self, offset: int, place: int) -> Iterator[Event]:
        """The events before a place, newest first."""
        number = self._piece_of((offset, place))
        if number < len(self._pieces):
            piece = self._pieces[number]
            for i in range(piece.index((offset, place)) - 1, -1, -1):
                yield piece.event(i)
        for piece in reversed(self._pieces[:number]):
            for i in range(len(piece.offsets) - 1, -1, -1):
                yield piece.event(i)

    def _piece_of(self, key: tuple[int, int]) -> int:
        """The piece that holds the first event at or behind `key`."""
        return bisect_left(self._pieces, key, key=_Piece.last)

    def _shrunk(self, number: int, by: int) -> None:
        self._count -= by
        if not self._pieces[number].offsets:
            del self._pieces[number]


class _Piece:
    """Some successive events; never empty while it is in a shelf."""

    __slots__ = ("kinds", "offsets", "places")

    def __init__(self) -> None:
        self.offsets = array("q")
        self.places = array("q")
        self.kinds = array("B")

    def last(self) -> tuple[int, int]:
        return (self.offsets[-1], self.places[-1])

    def event(self, i: int) -> Event:
        return Event(self.offsets[i], self.places[i], EventKind(self.kinds[i]))

    def index(self, key: tuple[int, int]) -> int:
        """Where the first event at or behind `key` is."""
        offset, place = key
        low = bisect_left(self.offsets, offset)
        high = bisect_right(self.offsets, offset, low)
        return bisect_left(self.places, place, low, high)

    def add(self, event: Event) -> None:
        if not self.offsets or event[:2] > self.last():
            at = len(self.offsets)
        else:
            at = self.index(event[:2])
        self.offsets.insert(at, event.offset)
        self.places.insert(at, event.place)
        self.kinds.insert(at, event.kind)

    def remove(self, i: int) -> None:
        del self.offsets[i], self.places[i], self.kinds[i]

    def drop(self, count: int) -> None:
        del self.offsets[:count], self.places[:count], self.kinds[:count]

    def split(self) -> _Piece:
        """Cut off the newer half."""
        half = len(self.offsets) // 2
        newer = _Piece()
        newer.offsets, self.offsets = self.offsets[half:], self.offsets[:half]
        newer.places, self.places = self.places[half:], self.places[:half]
        newer.kinds, self.kinds = self.kinds[half:], self.kinds[:half]
        return newer
