"""A stretch of timing records in memory, so that dating the rows of a screen reads nothing."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from core.clock import Instant
from core.recording import index, timing
from core.recording.folder import Folder
from core.recording.index import Entry
from core.recording.layout import MAX_OFFSET
from core.recording.segments import Segment, open_timing
from core.recording.source import FileId
from core.recording.trouble import explain

MAX_RECORDS = 4096
"""A span that has so many takes no more: some 100 KiB."""

_SKEW_US = 1000
"""An entry is kept when a clock went so far from what the entry before foretold."""

_MAX_ELAPSED_US = 10**16
"""Three centuries. A file that claims more is not believed."""


class Span:
    """Successive records of one segment, from an entry's on.

    Args:
        segment: as it was surveyed.
        entry: the first record; its own moment is the entry's.
        ordinal: the entry's place in the index; None when it is not from there.
        is_last: whether it was the last one then.
        adds_delta: the entry's moment is that of the record before; the first record's
            delta is still to be added.
    """

    def __init__(
        self,
        segment: Segment,
        entry: Entry,
        ordinal: int | None,
        *,
        is_last: bool,
        adds_delta: bool = False,
    ) -> None:
        self.segment = segment
        self.start = entry.offset
        self.end = entry.offset
        """The offset behind the last record that was read."""
        self.is_last = is_last
        self.is_growing = is_last
        self.is_at_end = False
        """Whether the timing had no more when it was last read."""
        self._adds_delta = adds_delta
        self._starts = array("q")
        self._times = array("q")
        self._entries = [entry]
        self._next_ordinal = None if ordinal is None else ordinal + 1
        self._position = entry.timing_offset
        self._timing_id: FileId | None = None
        self._last_line = entry.timing_offset

    @property
    def is_full(self) -> bool:
        """Whether it takes no more records; another span begins at `last`."""
        return len(self._starts) >= MAX_RECORDS

    @property
    def last(self) -> Entry:
        """The last record that was read, as an entry to begin another span with."""
        if not self._starts:
            return self._entries[0]
        return self._entries[-1].moved(self._starts[-1], self._last_line, self._times[-1])

    def record_end(self, offset: int) -> int:
        """The offset behind the record that a byte of this span is in."""
        at = bisect_right(self._starts, offset)
        return self._starts[at] if at < len(self._starts) else self.end

    def elapsed_us(self, offset: int) -> int:
        """When a byte of this span came, since the generation began."""
        return self._times[bisect_right(self._starts, offset) - 1]

    def instant(self, offset: int) -> Instant:
        """When a byte of this span came, by the clocks of the nearest entry at or before it."""
        at = bisect_right(self._entries, offset, key=lambda entry: entry.offset)
        return self._entries[max(at - 1, 0)].instant(self.elapsed_us(offset))

    def extend(self, folder: Folder) -> int:
        """Read more records; returns how many bytes of timing that took, 0 when there are none.

        Raises:
            RecordingError: the timing may not be read.
        """
        if self.is_full:
            return 0
        opened = open_timing(folder, self.segment, is_last=self.is_last)
        if opened is None:
            return 0
        try:
            timing_id, size = opened.source.file_id, opened.source.size
            if self._timing_id not in (None, timing_id):
                return 0
            records = timing.read(opened.source, self._position)
        except OSError as error:
            raise explain(folder.path, error) from error
        finally:
            opened.source.close()
        self._timing_id = timing_id
        self.is_growing = opened.is_growing
        # What is left may be a line that is being written.
        left = size - self._position - records.length
        self.is_at_end = left < timing.MAX_RECORD_BYTES
        position, end = self._position, self.end
        self._take(records)
        if self.end > end:
            self._take_entries(folder)
        return self._position - position

    def _take(self, records: timing.Records) -> None:
        end = self.end
        for delta_us, size in zip(records.deltas_us, records.sizes, strict=True):
            if self._times:
                elapsed_us = self._times[-1] + delta_us
            else:
                elapsed_us = self._entries[0].elapsed_us + (delta_us if self._adds_delta else 0)
            if end + size > MAX_OFFSET or elapsed_us > _MAX_ELAPSED_US:
                break
            self._starts.append(end)
            self._times.append(elapsed_us)
            self._last_line = self._position
            self._position += len(timing.record(delta_us, size))
            end += size
        self.end = end

    def _take_entries(self, folder: Folder) -> None:
        """The index's entries within this span: they say what the wall clock showed."""
        while self._next_ordinal is not None:
            entries = index.following(folder, self._next_ordinal, self.end)
            if not entries:
                return
            self._next_ordinal += len(entries)
            for entry in entries:
                if entry.skew_from(self._entries[-1]) > _SKEW_US:
                    self._entries.append(entry)
