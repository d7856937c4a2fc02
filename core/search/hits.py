"""Which rows were found: sorted, compact, and whole at every moment while more come.

Theory of operation. A hit is a row's start, so it stays with its text whatever is
written behind it or dropped before it. A generation is thought of in chunks of 1 MiB
and a chunk in pages of 64 KiB, so that a hit takes two bytes: twenty million of them,
a gigabyte of short lines that are all found, take 40 MB. Chunks come in any order,
those around the view first.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add
from typing import NamedTuple

from core.console.transcript import Position

CHUNK_BYTES = 1 << 20
_PAGE_BITS = 16
_PAGE_MASK = (1 << _PAGE_BITS) - 1
_PAGES = CHUNK_BYTES >> _PAGE_BITS
_PAGE_ENDS = range(1, _PAGES + 1)


class Step(NamedTuple):
    """Where a step from hit to hit leads."""

    number: int
    """Its place among all hits, from 0."""
    position: Position
    wrapped: bool
    """It went around the end, or around the begin."""


class _Chunk:
    """The hits of one chunk: the low halves of their offsets, and where each page of them ends."""

    __slots__ = ("_ends", "_lows")

    def __init__(self, ends: array[int], lows: array[int]) -> None:
        self._ends = ends
        self._lows = lows

    @classmethod
    def of(cls, offsets: Sequence[int]) -> _Chunk:
        """A chunk with these hits, sorted."""
        ends = array("I", [bisect_left(offsets, page << _PAGE_BITS) for page in _PAGE_ENDS])
        return cls(ends, array("H", [offset & _PAGE_MASK for offset in offsets]))

    @classmethod
    def unpacked(cls, data: bytes) -> _Chunk:
        """A chunk that was packed."""
        ends, lows = array("I"), array("H")
        ends.frombytes(data[: 4 * _PAGES])
        lows.frombytes(data[4 * _PAGES :])
        return cls(ends, lows)

    def packed(self) -> bytes:
        """Its bytes, for another process of this machine."""
        return self._ends.tobytes() + self._lows.tobytes()

    def __len__(self) -> int:
        return len(self._lows)

    def __getitem__(self, index: int) -> int:
        return bisect_right(self._ends, index) << _PAGE_BITS | self._lows[index]

    def count_before(self, offset: int) -> int:
        """How many hits are before `offset`."""
        page = offset >> _PAGE_BITS
        if page >= _PAGES:
            return len(self._lows)
        first = self._ends[page - 1] if page > 0 else 0
        return bisect_left(self._lows, offset & _PAGE_MASK, first, self._ends[page])

    def between(self, begin: int, end: int) -> _Chunk:
        """The hits from `begin` up to `end`."""
        first = self.count_before(begin)
        last = max(first, self.count_before(end))
        ends = array("I", [min(max(each, first), last) - first for each in self._ends])
        return _Chunk(ends, self._lows[first:last])

    def joined(self, other: _Chunk) -> _Chunk:
        """All hits of two chunks, those of `other` behind all of this one's."""
        ends = array("I", map(add, self._ends, other._ends))
        return _Chunk(ends, self._lows + other._lows)


class _Part:
    """The hits of one generation."""

    def __init__(self) -> None:
        self._chunks: dict[int, _Chunk] = {}
        self._numbers: list[int] = []
        self._ends: list[int] = []
        self._is_current = True

    def put(self, begin: int, end: int, hits: _Chunk) -> None:
        """In `begin` to `end`, within a chunk, is exactly this."""
        number = begin // CHUNK_BYTES
        base = number * CHUNK_BYTES
        known = self._chunks.get(number)
        if known is not None:
            before, behind = known.between(0, begin - base), known.between(end - base, CHUNK_BYTES)
            hits = before.joined(hits).joined(behind)
        self._set(number, hits)

    def drop_before(self, offset: int) -> None:
        """Forget what is before `offset`."""
        number = offset // CHUNK_BYTES
        for gone in [each for each in self._chunks if each < number]:
            self._set(gone, None)
        chunk = self._chunks.get(number)
        if chunk is not None:
            self._set(number, chunk.between(offset - number * CHUNK_BYTES, CHUNK_BYTES))

    def _set(self, number: int, chunk: _Chunk | None) -> None:
        if chunk:
            self._chunks[number] = chunk
        else:
            self._chunks.pop(number, None)
        self._is_current = False

    def __len__(self) -> int:
        self._order()
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> int:
        self._order()
        place = bisect_right(self._ends, index)
        before = self._ends[place - 1] if place else 0
        number = self._numbers[place]
        return number * CHUNK_BYTES + self._chunks[number][index - before]

    def count_before(self, offset: int) -> int:
        """How many hits are before `offset`."""
        self._order()
        number = offset // CHUNK_BYTES
        place = bisect_left(self._numbers, number)
        before = self._ends[place - 1] if place else 0
        if place == len(self._numbers) or self._numbers[place] != number:
            return before
        return before + self._chunks[number].count_before(offset - number * CHUNK_BYTES)

    def _order(self) -> None:
        if not self._is_current:
            self._numbers = sorted(self._chunks)
            self._ends = list(accumulate(len(self._chunks[each]) for each in self._numbers))
            self._is_current = True


class Hits:
    """The rows that were found so far, over all generations, in the order of the scroll."""

    def __init__(self) -> None:
        self._parts: dict[int, _Part] = {}
        self._sequences: list[int] = []

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts.values())

    def __contains__(self, position: Position) -> bool:
        part = self._parts.get(position.generation)
        if part is None or position.rank:
            return False
        index = part.count_before(position.offset)
        return index < len(part) and part[index] == position.offset

    def __getitem__(self, index: int) -> Position:
        if index >= 0:
            for sequence in self._sequences:
                part = self._parts[sequence]
                if index < len(part):
                    return Position(sequence, part[index])
                index -= len(part)
        raise IndexError(index)

    def window(self, index: int, count: int) -> list[Position]:
        """Up to `count` hits from the `index`th on."""
        stop = min(len(self), index + count)
        return [self[each] for each in range(max(0, index), stop)]

    def count_before(self, position: Position) -> int:
        """How many hits are before `position`: also the index of the first at or behind it."""
        before = sum(
            len(self._parts[sequence])
            for sequence in self._sequences
            if sequence < position.generation
        )
        part = self._parts.get(position.generation)
        if part is not None and position.offset > 0:
            before += part.count_before(position.offset)
        return before

    def count_after(self, position: Position) -> int:
        """How many hits are at `position` or behind it."""
        return len(self) - self.count_before(position)

    def nearest(self, position: Position, *, prefers_above: bool) -> Step | None:
        """The hit to go to from a row: it, or the nearest above it, else below; or reversed."""
        count = len(self)
        if not count:
            return None
        index = self.count_before(position)
        is_here = index < count and self[index] == position
        if not is_here and prefers_above:
            index = index - 1 if index else 0
        elif index == count:
            index -= 1
        return Step(index, self[index], wrapped=False)

    def after(self, position: Position) -> Step | None:
        """The first hit behind `position`, or around the end the very first."""
        count = len(self)
        if not count:
            return None
        # A line of ours stands before the row that begins there.
        behind = position.offset + (position.rank >= 0)
        index = self.count_before(Position(position.generation, behind))
        return Step(index % count, self[index % count], wrapped=index == count)

    def before(self, position: Position) -> Step | None:
        """The last hit before `position`, or around the begin the very last."""
        count = len(self)
        if not count:
            return None
        index = self.count_before(position) - 1
        return Step(index % count, self[index % count], wrapped=index < 0)

    # What is put in.

    def put(self, generation: int, begin: int, end: int, hits: bytes) -> None:
        """In a stretch of a generation exactly these rows are found.

        Args:
            generation: its sequence number.
            begin: where the stretch begins.
            end: behind its end; in the same chunk of `CHUNK_BYTES`, or where it ends.
            hits: the rows' starts, all in the stretch, as `packed` makes them.
        """
        part = self._parts.get(generation)
        if part is None:
            part = self._parts[generation] = _Part()
            self._sequences = sorted(self._parts)
        part.put(begin, end, _Chunk.unpacked(hits))

    def drop_before(self, generation: int, offset: int) -> None:
        """What is before `offset` in a generation is gone."""
        if generation in self._parts:
            self._parts[generation].drop_before(offset)

    def keep(self, generations: Iterable[int]) -> None:
        """All other generations are gone."""
        kept = set(generations)
        self._parts = {each: part for each, part in self._parts.items() if each in kept}
        self._sequences = sorted(self._parts)


def packed(offsets: Sequence[int]) -> bytes:
    """Rows' starts, sorted and all in one chunk of their generation, in few bytes."""
    return _Chunk.of([offset % CHUNK_BYTES for offset in offsets]).packed()
