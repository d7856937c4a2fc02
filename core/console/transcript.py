"""The generations of one sandbox, read as one scroll with a seam before each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.console.model import SafeStr
from core.console.rows import Row, Source, rows_backward, rows_forward

_COUNTED_AT_ONCE = 256 * 1024

SEAM_OFFSET = -1
"""Where a seam stands: before every byte of the generation it introduces."""


class Position(NamedTuple):
    """A place in a sandbox's output, which stays the same as it grows; ordered."""

    generation: int
    """The generation's sequence number."""
    offset: int
    """Bytes from the generation's begin; -1 for the seam before it."""
    rank: int = 0
    """Below 0 for a line of ours, which stands before a row that begins here."""

    @property
    def bare(self) -> Position:
        """Where a row would stand here."""
        return self._replace(rank=0)

    @property
    def above(self) -> Position:
        """Before every line of ours that stands here."""
        return self._replace(rank=-(1 << 62))


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """A row of a guest's output, or the seam between two generations."""

    position: Position
    end: Position
    """Where the next row of the transcript is looked for."""
    row: Row | None
    """None: this is a line of ours, such as a seam."""
    seam: SafeStr
    """What a line of ours says; empty for a row."""
    look: str = ""
    """What sort of line of ours it is, for a theme to tell apart; empty for seams and rows."""


class _Part(NamedTuple):
    sequence: int
    source: Source
    seam: TranscriptRow | None

    def rows(self, rows: Sequence[Row]) -> Iterator[TranscriptRow]:
        sequence = self.sequence
        for row in rows:
            begin, end = Position(sequence, row.start), Position(sequence, row.end)
            yield TranscriptRow(begin, end, row, _NO_SEAM)


_NO_SEAM = SafeStr("")


class Transcript:
    """Rows over all generations. Holds sources, not bytes: each call reads what it is asked.

    A position outside of what there is means the nearest place: before dropped bytes the
    first byte that is left, in an unknown generation the next one.

    Args:
        sources: sequence number, bytes and seam of each generation, oldest first. The
            seam stands before its generation; the oldest one's only when it says something.
    """

    def __init__(self, sources: Sequence[tuple[int, Source, SafeStr]] = ()) -> None:
        self._parts: list[_Part] = []
        self._sequences: list[int] = []
        for sequence, source, seam in sources:
            self.append(sequence, source, seam)

    def append(self, sequence: int, source: Source, seam: SafeStr) -> None:
        """Add the next generation.

        Raises:
            ValueError: `sequence` is not above the newest one's.
        """
        if self._sequences and sequence <= self._sequences[-1]:
            raise ValueError(f"generation {sequence} after {self._sequences[-1]}")
        line = None
        if self._parts or seam:
            line = TranscriptRow(Position(sequence, SEAM_OFFSET), Position(sequence, 0), None, seam)
        self._parts.append(_Part(sequence, source, line))
        self._sequences.append(sequence)

    def retell(self, sequence: int, seam: SafeStr) -> None:
        """Let the seam before a generation say something else; nothing where there is none."""
        number = bisect_left(self._sequences, sequence)
        part = self._parts[number] if sequence in self._sequences[number : number + 1] else None
        if part is not None and part.seam is not None:
            self._parts[number] = part._replace(seam=replace(part.seam, seam=seam))

    @property
    def first(self) -> Position:
        """Where the first row is."""
        if not self._parts:
            return Position(0, 0)
        oldest = self._parts[0]
        return (
            oldest.seam.position if oldest.seam else Position(oldest.sequence, oldest.source.start)
        )

    @property
    def last(self) -> Position:
        """Behind the last row."""
        if not self._parts:
            return Position(0, 0)
        return Position(self._parts[-1].sequence, self._parts[-1].source.end)

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The `count` rows from `at` on, fewer at the end. What a source raises passes through."""
        found: list[TranscriptRow] = []
        for part in self._parts[bisect_left(self._sequences, at.generation) :]:
            offset = at.offset if part.sequence == at.generation else SEAM_OFFSET
            if part.seam is not None and offset < 0 and len(found) < count:
                found.append(part.seam)
            missing = count - len(found)
            if missing <= 0:
                break
            found += part.rows(rows_forward(part.source, offset, missing))
        return found

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The last `count` rows before `at`, in order. What a source raises passes through."""
        found: list[TranscriptRow] = []
        for index in range(bisect_left(self._sequences, at.generation + 1) - 1, -1, -1):
            part = self._parts[index]
            offset = at.offset if part.sequence == at.generation else part.source.end
            missing = count - len(found)
            if missing <= 0:
                break
            rows = list(part.rows(rows_backward(part.source, offset, missing)))
            found += reversed(rows)
            if part.seam is not None and offset > SEAM_OFFSET and len(found) < count:
                found.append(part.seam)
        found.reverse()
        return found

    def bytes_between(self, begin: Position, end: Position) -> int:
        """How many bytes that are left stand from `begin` on and before `end`."""
        return sum(stop - start for _, start, stop in self._pieces(begin, end))

    def lines_between(self, begin: Position, end: Position) -> int:
        """How many lines end there. Reads every byte: ask for the bytes first.

        What a source raises passes through.
        """
        count = 0
        for part, start, stop in self._pieces(begin, end):
            last = b"\n"
            for at in range(start, stop, _COUNTED_AT_ONCE):
                data = part.source.read(at, min(_COUNTED_AT_ONCE, stop - at))
                count += data.count(b"\n")
                last = data[-1:] or last
            # Nothing goes on in the next generation.
            count += part.sequence != end.generation and last != b"\n"
        return count

    def _pieces(self, begin: Position, end: Position) -> Iterator[tuple[_Part, int, int]]:
        """Each generation between two positions: it, and where its bytes begin and end."""
        for part in self._parts[bisect_left(self._sequences, begin.generation) :]:
            if part.sequence > end.generation:
                break
            is_first, is_last = (part.sequence == at.generation for at in (begin, end))
            start = max(part.source.start, begin.offset if is_first else 0)
            stop = min(part.source.end, end.offset) if is_last else part.source.end
            if start < stop:
                yield part, start, stop
