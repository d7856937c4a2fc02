"""The index: where in the timing a byte is dated, so that nothing must be read from the start.

One line of fixed length an entry, hence found by bisection:

    <offset> <timing offset> <elapsed us> <wall us> <boot us>

The record whose line begins at `timing offset` of the segment that holds byte
`offset` begins with that byte and is dated by the rest. An entry with timing
offset 0 begins a segment. Everything here can be made again from the timing files,
except for what the wall clock showed.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from core.clock import Instant
from core.recording.folder import Folder
from core.recording.layout import INDEX, INDEX_BYTES, INDEX_US
from core.recording.trouble import explain

ENTRY_BYTES = 83
MAX_INDEX_BYTES = 256 * 1024 * 1024
"""Three million entries. A larger index is not loaded but made again."""

_FORMAT = b"%015d %015d %016d %016d %016d\n"
_LIMITS = (10**15 - 1, 10**15 - 1, 10**16 - 1, 10**16 - 1, 10**16 - 1)
_ENTRIES = re.compile(rb"(?:[0-9]{15} [0-9]{15} [0-9]{16} [0-9]{16} [0-9]{16}\n)*")
_SEGMENT_BEGINS = b" " + b"0" * 15 + b" "
"""Timing offset 0. No other field has 15 digits between two spaces."""

_BLOCK_BYTES = 512 * ENTRY_BYTES


class Entry(NamedTuple):
    """One dated byte."""

    offset: int
    timing_offset: int
    """Counted from the start of the segment's own timing file."""
    elapsed_us: int
    """Since the generation began."""
    wall_us: int
    boot_us: int

    def instant(self, elapsed_us: int) -> Instant:
        """The moment `elapsed_us` after the generation's start, reckoned from this entry."""
        since = elapsed_us - self.elapsed_us
        return Instant((self.wall_us + since) / 1e6, (self.boot_us + since) / 1e6)

    def moved(self, offset: int, timing_offset: int, elapsed_us: int) -> Entry:
        """The entry of another record, its clocks reckoned from this one's."""
        since = elapsed_us - self.elapsed_us
        return Entry(offset, timing_offset, elapsed_us, self.wall_us + since, self.boot_us + since)

    def skew_from(self, other: Entry) -> int:
        """How far a clock is from where it should be, reckoned from another entry."""
        since = self.elapsed_us - other.elapsed_us
        return max(
            abs(self.wall_us - other.wall_us - since), abs(self.boot_us - other.boot_us - since)
        )


def format_entry(entry: Entry) -> bytes:
    """An entry's line. Numbers that have no room in it are brought inside."""
    return _FORMAT % tuple(
        min(max(value, 0), limit) for value, limit in zip(entry, _LIMITS, strict=True)
    )


def parse(block: bytes) -> list[Entry]:
    """The entries that `block` begins with. Never raises, O(len)."""
    found = _ENTRIES.match(block)
    values = [int(field) for field in block[: found.end() if found else 0].split()]
    return [Entry(*values[i : i + 5]) for i in range(0, len(values), 5)]


class Spacing:
    """Says when an entry is due."""

    __slots__ = ("_elapsed_us", "_offset")

    def __init__(self) -> None:
        self.force()

    def force(self) -> None:
        """Make an entry due at the next record."""
        self._offset = -INDEX_BYTES
        self._elapsed_us = -INDEX_US

    def is_due(self, offset: int, elapsed_us: int) -> bool:
        """Whether the record at `offset` should have an entry."""
        return offset - self._offset >= INDEX_BYTES or elapsed_us - self._elapsed_us >= INDEX_US

    def entered(self, offset: int, elapsed_us: int) -> None:
        """Count from this entry on."""
        self._offset = offset
        self._elapsed_us = elapsed_us


class Found(NamedTuple):
    """An entry and its place in the index file."""

    ordinal: int
    entry: Entry


def find(folder: Folder, offset: int) -> Found | None:
    """The last entry at or before byte `offset`; None without a usable index.

    Reads some twenty lines, however long the index is.

    Raises:
        RecordingError: the index may not be read.
    """
    fd = folder.open_read(INDEX)
    if fd is None:
        return None
    try:
        low, high = 0, os.fstat(fd).st_size // ENTRY_BYTES
        best: Found | None = None
        while low < high:
            middle = (low + high) // 2
            entries = parse(os.pread(fd, ENTRY_BYTES, middle * ENTRY_BYTES))
            if not entries:
                return None
            if entries[0].offset <= offset:
                best = Found(middle, entries[0])
                low = middle + 1
            else:
                high = middle
    except OSError:
        return None
    else:
        return best
    finally:
        os.close(fd)


def around(folder: Folder, wall: float) -> tuple[int, int | None]:
    """Between which entries' bytes the first one is that came at `wall` or later.

    The first bytes of the two; 0 before the first entry, None behind the last one and without
    a usable index. Reads some twenty lines. Where the wall clock was set back meanwhile, it
    is one of the places that fit.

    Raises:
        RecordingError: the index may not be read.
    """
    fd = folder.open_read(INDEX)
    if fd is None:
        return 0, None
    try:
        low, high = 0, os.fstat(fd).st_size // ENTRY_BYTES
        before, after = 0, None
        while low < high:
            middle = (low + high) // 2
            entries = parse(os.pread(fd, ENTRY_BYTES, middle * ENTRY_BYTES))
            if not entries:
                return 0, None
            # As a date is made of it: moments may be closer together than microseconds.
            if entries[0].wall_us / 1e6 < wall:
                before, low = entries[0].offset, middle + 1
            else:
                after, high = entries[0].offset, middle
    except OSError:
        return 0, None
    else:
        return before, after
    finally:
        os.close(fd)


def following(folder: Folder, ordinal: int, before: int) -> list[Entry]:
    """Entries of the index from `ordinal` on, those below byte `before`, some hundreds at most.

    Raises:
        RecordingError: the index may not be read.
    """
    fd = folder.open_read(INDEX)
    if fd is None:
        return []
    try:
        block = os.pread(fd, _BLOCK_BYTES, ordinal * ENTRY_BYTES)
    except OSError:
        return []
    finally:
        os.close(fd)
    return [entry for entry in parse(block) if entry.offset < before]


def load(folder: Folder) -> tuple[list[Entry], bool]:
    """All entries up to the first that is torn or out of order, and whether that is all there is.

    Raises:
        RecordingError: the index may not be read.
    """
    data = folder.read_small(INDEX, MAX_INDEX_BYTES)
    if data is None:
        return [], False
    entries: list[Entry] = []
    last = Entry(-1, 0, 0, 0, 0)
    for start in range(0, len(data), _BLOCK_BYTES):
        for entry in parse(data[start : start + _BLOCK_BYTES]):
            if entry.offset <= last.offset or entry.elapsed_us < last.elapsed_us:
                return entries, False
            entries.append(entry)
            last = entry
        if len(entries) * ENTRY_BYTES < min(start + _BLOCK_BYTES, len(data)):
            return entries, False
    return entries, True


def last_segment_start(folder: Folder) -> int | None:
    """The offset where the newest segment begins, by the index; None when it does not say.

    Raises:
        RecordingError: the index may not be read.
    """
    fd = folder.open_read(INDEX)
    if fd is None:
        return None
    try:
        end = os.fstat(fd).st_size // ENTRY_BYTES * ENTRY_BYTES
        while end > 0:
            start = max(0, end - _BLOCK_BYTES)
            block = os.pread(fd, end - start, start)
            at = block.rfind(_SEGMENT_BEGINS)
            if at >= 0:
                line = at - at % ENTRY_BYTES
                entries = parse(block[line : line + ENTRY_BYTES])
                return entries[0].offset if entries else None
            end = start
    except OSError as error:
        raise explain(folder.path / INDEX, error) from error
    finally:
        os.close(fd)
    return None
