"""The timing file: `O <seconds> <bytes>`, one line a record, as util-linux `script` writes it.

Seconds are counted from the record before (the first record's from the
generation's start) and have six decimals. All sums are of whole microseconds, so
that printed deltas add up to the clock exactly, however many there are. A record
stands for the bytes that came within `MERGE_S` of its moment.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from core.recording.source import Source

BLOCK_BYTES = 64 * 1024
"""How much of a timing file is parsed at once: some 3,500 records."""

MAX_RECORD_BYTES = 35

MAX_DELTA_US = 10**15 - 1
"""31 years. A file that claims more between two reads is not believed."""

# Only what `record` writes, so that a line's length follows from its numbers.
_RECORDS = re.compile(rb"(?:O (?:0|[1-9][0-9]{0,8})\.[0-9]{6} [1-9][0-9]{0,14}\n)*")


class Records(NamedTuple):
    """Some records, in order."""

    deltas_us: tuple[int, ...]
    sizes: tuple[int, ...]
    length: int
    """How many bytes of the timing file they take. What follows is torn or no record."""


NO_RECORDS = Records((), (), 0)


def to_us(seconds: float) -> int:
    """Seconds as whole microseconds."""
    return round(seconds * 1_000_000)


def record(delta_us: int, size: int) -> bytes:
    """The line for `size` bytes that came `delta_us` microseconds after the record before."""
    return b"O %d.%06d %d\n" % (*divmod(min(delta_us, MAX_DELTA_US), 1_000_000), size)


def parse(block: bytes) -> Records:
    """The records that `block` begins with. Never raises, O(len)."""
    found = _RECORDS.match(block)
    length = found.end() if found else 0
    if length == 0:
        return NO_RECORDS
    fields = block[:length].replace(b".", b"").split()
    return Records(tuple(map(int, fields[1::3])), tuple(map(int, fields[2::3])), length)


def read(source: Source, position: int, size: int = BLOCK_BYTES) -> Records:
    """The records that begin at `position` of a timing file, as many as `size` bytes hold.

    None at the end of the file, and none where it is damaged.

    Raises:
        OSError: the file cannot be read.
    """
    return parse(source.pread(size, position))
