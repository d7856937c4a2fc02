"""One generation as exports read it: whole rows by the block, and the moment of each byte.

Only so much is in memory as a block and a stretch of timing; what the generation holds
when the export begins is what is exported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from core.console.rows import MAX_ROW_BYTES, rows_forward
from core.recording.account import Account
from core.recording.clock import Dated, RecordingClock
from core.recording.export.notice import Notice, dropped_notice, gap_notices, generation_notice
from core.recording.history import Generation
from core.recording.reader import GenerationReader

BLOCK_BYTES = 256 * 1024

_LONG_BYTES = MAX_ROW_BYTES - 16
"""A shorter line is one row, wherever the blocks of `core.console.rows` end."""

_UNDATED_BYTES = 4096
"""Where a byte's record is missing, the timing is asked again after so many more."""


class Block(NamedTuple):
    """Whole rows, with their newlines. A row that is only a piece of a long line comes alone."""

    start: int
    data: bytes

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.start + len(self.data)


class Source(ExitStack):
    """A generation, open to be exported. Use it in a `with` block.

    Args:
        generation: which.
        account: the sandbox's, for the gaps.
        is_announced: begin with a notice that names the generation.

    Raises:
        RecordingError: it may not be read.
    """

    def __init__(self, generation: Generation, account: Account, *, is_announced: bool) -> None:
        super().__init__()
        self.generation = generation
        self.reader = GenerationReader(generation.folder)
        self.callback(self.reader.close)
        try:
            self._clock = RecordingClock(generation.folder)
        except BaseException:
            self.close()
            raise
        self.callback(self._clock.close)
        self.end = self.reader.end
        self._dated: Dated | None = None
        self._undated = (0, 0)
        started = generation.started_wall
        self._notices = gap_notices(account, generation.sequence)
        if is_announced:
            self._notices.insert(0, generation_notice(generation.sequence, started))
        if self.reader.start:
            dropped = dropped_notice(self.reader.start, self.reader.start, started)
            at = sum(notice.offset < dropped.offset for notice in self._notices)
            self._notices.insert(at, dropped)

    def dated(self, offset: int) -> Dated | None:
        """The moment of a byte, and how far it is that of the bytes behind; None if unknown.

        Raises:
            RecordingError: the timing may not be read.
        """
        dated = self._dated
        if dated is not None and dated.start <= offset < dated.end:
            return dated
        if self._undated[0] <= offset < self._undated[1]:
            return None
        found = self._clock.dated(offset)
        if found is None:
            self._undated = (offset, offset + _UNDATED_BYTES)
        else:
            self._dated = found
        return found

    def undated_until(self, offset: int) -> int:
        """Up to where a byte without a moment has neighbours without one, as far as was asked."""
        begin, end = self._undated
        return end if begin <= offset < end else offset + 1

    def parts(self) -> Iterator[Block | Notice]:
        """All rows and all notices, in order. A notice never tears a line of the guest's.

        Raises:
            RecordingError: the disk does not give them.
        """
        waiting = iter(self._notices)
        notice = next(waiting, None)
        for part in self._blocks():
            if isinstance(part, Notice):
                yield part
                continue
            block = part
            while notice is not None and block.data and notice.offset < block.end:
                before, block = _cut(block, notice.offset)
                if before.data:
                    yield before
                yield notice
                notice = next(waiting, None)
            if block.data:
                yield block
        while notice is not None:
            yield notice
            notice = next(waiting, None)

    def pieces(self) -> Iterator[Block | Notice]:
        """All bytes and all notices, in order, cut wherever a notice stands.

        Raises:
            RecordingError: the disk does not give them.
        """
        waiting = iter(self._notices)
        notice = next(waiting, None)
        at = self.reader.start
        while at < self.end:
            while notice is not None and notice.offset <= at:
                yield notice
                notice = next(waiting, None)
            until = self.end if notice is None else min(notice.offset, self.end)
            data = self.reader.read(at, min(BLOCK_BYTES, until - at))
            if data:
                yield Block(at, data)
                at += len(data)
            else:
                before, at = at, self._next_there(at)
                yield self._dropped(before, at)
        while notice is not None:
            yield notice
            notice = next(waiting, None)

    def _blocks(self) -> Iterator[Block | Notice]:
        at = first = self.reader.start
        # What is before the first byte is unknown: rows are not only lines there.
        plain_from = first + 2 * MAX_ROW_BYTES if first else 0
        while at < self.end:
            data = self.reader.read(at, min(BLOCK_BYTES, self.end - at))
            if not data:
                before, at = at, self._next_there(at)
                yield self._dropped(before, at)
                plain_from = at + 2 * MAX_ROW_BYTES
                continue
            block = self._lines(at, data) if at >= plain_from else None
            # Before bytes that went away there may be no whole row.
            block = block or self._row(at) or Block(at, data)
            yield block
            at = block.end

    def _lines(self, at: int, data: bytes) -> Block | None:
        """The whole lines that `data` begins with; None when the first one is long."""
        end = data.rfind(b"\n") + 1
        if at + len(data) >= self.end:
            end = len(data)
        end = _end_of_short(data, end)
        return Block(at, data[:end]) if end else None

    def _row(self, at: int) -> Block | None:
        """The row that begins at `at`; None when its bytes went away."""
        rows = rows_forward(self.reader, at, 1)
        if not rows or rows[0].start != at:
            return None
        row = rows[0]
        is_ended = row.end - row.start > len(row.data)
        return Block(row.start, row.data + b"\n" * is_ended)

    def _next_there(self, at: int) -> int:
        """The next byte that can be read after those at `at` went away; the end without one."""
        while at < self.end and not self.reader.read(at, 1):
            at = self.reader.start if self.reader.start > at else self.end
        return min(at, self.end)

    def _dropped(self, before: int, at: int) -> Notice:
        dated = self.dated(at) if at < self.end else None
        wall = self.generation.started_wall if dated is None else dated.wall
        return dropped_notice(at, at - before, wall)


def _end_of_short(data: bytes, end: int) -> int:
    """Where the first long line of `data` begins; `end` when there is none before that."""
    at = 0
    while end - at >= _LONG_BYTES:
        newline = data.rfind(b"\n", at, at + _LONG_BYTES)
        if newline < 0:
            return at
        at = newline + 1
    return end


def lines_of(data: bytes) -> Iterator[bytes]:
    """The lines in `data`, each with its newline if it has one."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield data[at:end]
        at = end


def _cut(block: Block, offset: int) -> tuple[Block, Block]:
    """The rows that begin before `offset`, and the others."""
    at = 0
    if offset > block.start:
        at = block.data.find(b"\n", offset - 1 - block.start) + 1 or len(block.data)
    return block._replace(data=block.data[:at]), block._replace(
        start=block.start + at, data=block.data[at:]
    )
