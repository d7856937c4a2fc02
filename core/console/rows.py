"""Where a guest's bytes break into rows, decided from the bytes around each break alone.

Theory of operation. A row ends behind every newline. A line without an end is cut so
that no row is long: the bytes are thought of in blocks of 8 KiB, counted from the
generation's begin, and a block without any newline ends in a forced break. The break
moves forward past UTF-8 continuation bytes, three at most, so that no character is
torn. So, whatever came before:

- whether a row starts at an offset can be told from two blocks before it, and any place
  in a 100 MB line without a newline is shown at once;
- a row's start never changes as the guest writes on. A break counts only when all the
  bytes that decide it are there; until then the last row is incomplete;
- a row is never longer than two blocks and three bytes.

When old bytes are dropped from the recording, what was in them is unknown. They are
taken for bytes that hold no newline, which keeps every row start that was there before
and may add one in the first block that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

MAX_ROW_BYTES = 8192
"""The size of a block. A row is a screenful at most, and rendered in a few milliseconds."""

_SLIDE = 3
"""Continuation bytes that the longest UTF-8 character has."""

_KEPT_BLOCKS = 4
"""A row touches three blocks; the search for its start looks one further back."""

_TRIES = 8
"""Each further try means that bytes were dropped during the one before."""


class Source(Protocol):
    """The bytes of one generation. Offsets count from the generation's begin."""

    @property
    def start(self) -> int:
        """The first offset that can still be read; it moves when old bytes are dropped."""

    @property
    def end(self) -> int:
        """The offset behind the last byte; it grows."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`: short or empty at the end, empty before `start`."""


class Row(NamedTuple):
    """One row of a generation."""

    start: int
    """The offset of its first byte: the row's identity in its generation."""
    end: int
    """The offset of the next row, behind the newline."""
    data: bytes
    """Its bytes without the newline."""
    continued: bool
    """It is a piece of a line that began before `start`, or may be: what was before is gone."""
    complete: bool
    """It ended in a newline or a forced break. One that did not may grow."""


def rows_forward(
    source: Source, offset: int, count: int, *, block_bytes: int = MAX_ROW_BYTES
) -> list[Row]:
    """The `count` rows from `offset` on, fewer at the end.

    Args:
        source: the generation's bytes.
        offset: a row's start. Before `source.start` it means that: old bytes are gone.
        count: rows.
        block_bytes: bytes of a block, 4 at least.
    """
    rows: list[Row] = []
    for _ in range(_TRIES):
        blocks = _Blocks(source, block_bytes, source.end)
        at = max(offset, blocks.start)
        while len(rows) < count and at < blocks.end:
            found = blocks.break_after(at)
            row = blocks.row(at, blocks.end if found is None else found, found is not None)
            if row is None:
                break
            rows.append(row)
            at = row.end
        if rows or source.start <= blocks.start:
            break
    return rows


def rows_backward(
    source: Source, offset: int, count: int, *, block_bytes: int = MAX_ROW_BYTES
) -> list[Row]:
    """The last `count` rows that end at `offset` or before it, in their order.

    An incomplete row at the end of the source ends there.

    Args:
        source: the generation's bytes.
        offset: a row's start, or the source's end.
        count: rows.
        block_bytes: bytes of a block, 4 at least.
    """
    rows: list[Row] = []
    end = source.end
    for _ in range(_TRIES):
        blocks = _Blocks(source, block_bytes, end)
        rows = blocks.rows_before(min(offset, blocks.end), count)
        if rows or not blocks.is_torn:
            break
        end = blocks.end
    return rows


def row_start(source: Source, offset: int, *, block_bytes: int = MAX_ROW_BYTES) -> int:
    """The start of the row that holds `offset`, or of the one that will."""
    blocks = _Blocks(source, block_bytes, source.end)
    return blocks.break_before(min(max(offset, blocks.start), blocks.end) + 1)


def row_edge(source: Source, offset: int, *, block_bytes: int = MAX_ROW_BYTES) -> int:
    """The first row start at `offset` or behind it; the source's end when there is none."""
    start = row_start(source, offset, block_bytes=block_bytes)
    if start >= offset:
        return start
    found = rows_forward(source, start, 1, block_bytes=block_bytes)
    return found[0].end if found else source.end


def forced_breaks(
    source: Source, begin: int, end: int, *, block_bytes: int = MAX_ROW_BYTES
) -> list[int]:
    """The row starts between two offsets that no newline made, in order."""
    blocks = _Blocks(source, block_bytes, source.end)
    return list(blocks.forced_between(begin, end))


class _Blocks:
    """A source as it stands at one moment, read by whole blocks, each one once."""

    def __init__(self, source: Source, block_bytes: int, end: int) -> None:
        self._source = source
        self._size = block_bytes
        self._kept: dict[int, bytes] = {}
        self.start = source.start
        self.end = max(end, self.start)
        self.is_torn = False
        """Bytes that should be there were not: `end` is now where they begin."""

    def break_after(self, at: int) -> int | None:
        """The first row start behind `at`; None when it is not decided yet."""
        # The break that the block before forces may lie a little behind the block's end.
        number = at // self._size - (at % self._size < _SLIDE)
        number = max(number, 0)
        while number * self._size < self.end:
            base, data = self._block(number)
            found = data.find(b"\n", max(0, at - base))
            if found >= 0:
                return base + found + 1
            if b"\n" not in data:
                forced = self._forced(number)
                if forced is None or forced > at:
                    return forced
            number += 1
        return None

    def break_before(self, at: int) -> int:
        """The last row start before `at`; the source's start is one."""
        number = (at - 1) // self._size
        # A block that is gone as a whole may still force a break in the one behind it.
        first = max(0, self.start // self._size - 1)
        while number >= first:
            base, data = self._block(number)
            if self.is_torn:
                break
            found = data.rfind(b"\n", 0, max(0, at - 1 - base))
            if found >= 0:
                return base + found + 1
            if (number + 1) * self._size < at and b"\n" not in data:
                forced = self._forced(number)
                if forced is not None and self.start < forced < at:
                    return forced
            number -= 1
        return self.start

    def forced_between(self, begin: int, end: int) -> Iterator[int]:
        """The breaks behind `begin` and before `end` that blocks without a newline force."""
        for number in range(max(0, begin // self._size - 1), end // self._size + 1):
            if b"\n" in self._block(number)[1]:
                continue
            forced = self._forced(number)
            if forced is not None and begin < forced < end:
                yield forced

    def rows_before(self, at: int, count: int) -> list[Row]:
        """The last `count` rows that end at or before `at`, up to where bytes went away."""
        is_break = True
        if at > self.start:
            start = self.break_before(at + 1)
            is_break = start == at
            if not is_break and at < self.end:
                at, is_break = start, True
        rows: list[Row] = []
        while len(rows) < count and at > self.start:
            start = self.break_before(at)
            row = None if self.is_torn else self.row(start, at, is_break)
            if row is None:
                break
            rows.append(row)
            at, is_break = start, True
        rows.reverse()
        return rows

    def row(self, start: int, end: int, complete: bool) -> Row | None:
        """The row between two breaks; None when its bytes went away meanwhile."""
        data = self._slice(start, end)
        if end <= start or len(data) < end - start:
            return None
        before = self._slice(start - 1, start) if start > self.start else b""
        continued = start > 0 and before != b"\n"
        return Row(start, end, data.removesuffix(b"\n"), continued, complete)

    def _forced(self, number: int) -> int | None:
        """Where a block without a newline forces a break; None when it is not decided yet."""
        edge = (number + 1) * self._size
        gone = min(max(0, self.start - edge), _SLIDE)
        following = self._slice(edge + gone, edge + _SLIDE)
        slide = gone
        for byte in following:
            if byte & 0xC0 != 0x80:
                return edge + slide
            slide += 1
        return edge + slide if slide == _SLIDE else None

    def _slice(self, start: int, end: int) -> bytes:
        """The bytes between two offsets, fewer where there are no more."""
        pieces = []
        for number in range(start // self._size, (end - 1) // self._size + 1):
            base, data = self._block(number)
            pieces.append(data[max(0, start - base) : max(0, end - base)])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _block(self, number: int) -> tuple[int, bytes]:
        """The offset and the bytes of what there is of a block."""
        base = max(number * self._size, self.start)
        data = self._kept.get(number)
        if data is None:
            size = min((number + 1) * self._size, self.end) - base
            data = self._source.read(base, size) if size > 0 else b""
            if len(data) < size:
                # Dropped or cut off meanwhile: what is behind cannot be reached either.
                self.is_torn = True
                self.end = min(self.end, base + len(data))
            if len(self._kept) >= _KEPT_BLOCKS:
                del self._kept[next(iter(self._kept))]
            self._kept[number] = data
        return base, data
