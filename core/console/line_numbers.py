"""Which line a byte is in, and where a line begins, without a list of all lines.

Lines are counted from the first byte that could be read when the counting began, a block
a step: whoever counts 1 GB does it between the frames of a screen. Known are the newlines
before every block, so that any number that was passed is found again by reading one block.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from core.console.rows import Source

BLOCK_BYTES = 256 * 1024
"""What one step reads: a tenth of a millisecond. 1 GB takes 32 KiB of numbers."""

_NEAR_BYTES = 4096
"""From this many on, newlines are looked for one by one."""


class LineNumbers:
    """The lines of one source that were counted so far."""

    def __init__(self, source: Source, *, block_bytes: int = BLOCK_BYTES) -> None:
        self._source = source
        self._block = block_bytes
        self._begin_at(source.start)

    @property
    def counted(self) -> int:
        """The offset up to which lines were counted."""
        return self._at

    @property
    def lines(self) -> int:
        """Newlines that were counted."""
        return self._lines

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing more to count now."""
        return self._at >= self._source.end

    def count_on(self) -> bool:
        """Count one block more; whether there was anything to count. What a source raises passes.

        Where bytes went away before they were counted, the counting begins again.
        """
        if self._at < self._source.start:
            self._begin_at(self._source.start)
        left = self._block - (self._at - self._start) % self._block
        data = self._source.read(self._at, left)
        self._lines += data.count(b"\n")
        self._at += len(data)
        if data and len(data) == left:
            self._before.append(self._lines)
        return bool(data)

    def start_of(self, number: int) -> int | None:
        """Where line `number` begins, from 1; None when it was not counted so far.

        The first byte that is left, when the line's own went away meanwhile.
        """
        wanted = number - 1
        if wanted <= 0:
            return max(self._start, self._source.start)
        if wanted > self._lines:
            return None
        block = bisect_left(self._before, wanted) - 1
        base = self._start + block * self._block
        data = self._source.read(base, min(self._block, self._at - base))
        found = _nth_newline(data, wanted - self._before[block])
        return max(base + found + 1, self._source.start)

    def number_at(self, offset: int) -> int | None:
        """The number of the line that a byte is in, from 1; None when it is not known."""
        if not max(self._start, self._source.start) <= offset <= self._at:
            return None
        block = (offset - self._start) // self._block
        base = self._start + block * self._block
        before = self._source.read(base, offset - base)
        return (
            None if len(before) < offset - base else self._before[block] + before.count(b"\n") + 1
        )

    def _begin_at(self, start: int) -> None:
        self._start = self._at = start
        self._lines = 0
        self._before = array("q", [0])


def _nth_newline(data: bytes, number: int) -> int:
    """Where the newline with this number, from 1, is in `data`; its last byte if there is none."""
    low, high = 0, len(data)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        passed = data.count(b"\n", low, middle)
        if passed >= number:
            high = middle
        else:
            number -= passed
            low = middle
    at = low - 1
    for _ in range(number):
        at = data.find(b"\n", at + 1)
        if at < 0:
            return len(data) - 1
    return at
