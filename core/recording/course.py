"""Reads a generation's course as it grows, without reading its log.

The index has an entry every 256 KiB or 10 s: of a long one some are looked at. What came
since the last entry, and all of a short recording, is in the timing records, of which a
bounded piece is followed a call. Without an index these are all there is.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.recording import timing
from core.recording.density import Course
from core.recording.folder import Folder
from core.recording.index import ENTRY_BYTES, Entry, parse
from core.recording.layout import INDEX, INDEX_US
from core.recording.segments import OpenTiming, Segment, open_timing, survey
from core.recording.trouble import explain

SAMPLES = 512
"""How many entries of an index one call looks at."""

TIMING_BYTES = 64 * 1024
"""How much timing one call follows: some 3,500 records, some milliseconds."""

NEAR_BYTES = 512 * 1024
"""So much timing is followed over some calls; of more, the index tells."""


class CourseReader:
    """One generation's. Holds no descriptor.

    Args:
        folder: the generation's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = Course()
        self.is_behind = True
        """Whether another call would know more already."""
        self._ordinal = 0
        self._start = -1
        self._position = 0
        self._elapsed_us = 0
        self._offset = 0
        self._has_delta = False

    def refresh(self) -> None:
        """Read on, a bounded piece.

        Raises:
            RecordingError: the recording may not be read.
        """
        with Folder.open(self.folder) as folder:
            segments = survey(folder)
            self.is_behind = False
            if not segments:
                return
            try:
                if not self._is_near(folder, segments):
                    self._jump(folder)
                self._follow(folder, segments)
            except OSError as error:
                raise explain(self.folder, error) from error

    # The index.

    def _is_near(self, folder: Folder, segments: tuple[Segment, ...]) -> bool:
        """Whether the timing that was not read yet is little."""
        starts = [segment.start for segment in segments]
        if self._start not in starts:
            if len(segments) > 1:
                return False
            self._start, self._offset = starts[0], starts[0]
        number = starts.index(self._start)
        if number < len(segments) - 2:
            return False
        opened = _open(folder, segments, number)
        if opened is None:
            return False
        try:
            return opened.source.size - self._position <= NEAR_BYTES
        finally:
            opened.source.close()

    def _jump(self, folder: Folder) -> None:
        """Take what the index has from here on, and stand at its last entry."""
        fd = folder.open_read(INDEX)
        if fd is None:
            return
        try:
            count = os.fstat(fd).st_size // ENTRY_BYTES
            step = max(1, (count - self._ordinal) // SAMPLES)
            last: Entry | None = None
            for ordinal in _ordinals(self._ordinal, count, step):
                found = parse(os.pread(fd, ENTRY_BYTES, ordinal * ENTRY_BYTES))
                if not found or (last is not None and found[0].offset <= last.offset):
                    break
                if step == 1 and last is not None and found[0].elapsed_us > last.elapsed_us:
                    # Had anything come later than this, it would have an entry of its own.
                    until = min(last.elapsed_us + INDEX_US, found[0].elapsed_us)
                    self.course.add(until / 1e6, found[0].offset)
                last = found[0]
                self.course.add(last.elapsed_us / 1e6, last.offset)
            self._ordinal = max(self._ordinal, count - 1)
        finally:
            os.close(fd)
        if last is not None and last.offset >= self._offset:
            self._position, self._elapsed_us = last.timing_offset, last.elapsed_us
            self._offset, self._has_delta = last.offset, True
            self._start = -1

    # The timing.

    def _follow(self, folder: Folder, segments: tuple[Segment, ...]) -> None:
        number = self._segment_number(segments)
        left = TIMING_BYTES
        while left >= timing.MAX_RECORD_BYTES:
            opened = _open(folder, segments, number)
            length = 0
            if opened is not None:
                try:
                    records = timing.read(opened.source, self._position, left)
                finally:
                    opened.source.close()
                length = records.length
                self._take(records)
            left -= length
            if length:
                continue
            if number == len(segments) - 1:
                return
            number += 1
            self._start, self._position = segments[number].start, 0
            self._offset, self._has_delta = segments[number].start, False
        self.is_behind = True

    def _segment_number(self, segments: tuple[Segment, ...]) -> int:
        """The segment that holds what was not read yet."""
        for number, segment in enumerate(segments):
            if self._start == segment.start:
                return number
            if self._start < 0 and segment.start <= self._offset < segment.end:
                self._start = segment.start
                return number
        # Without an index, or after its segment was dropped: from the oldest one on.
        self._start, self._position = segments[0].start, 0
        self._offset, self._has_delta = segments[0].start, False
        return 0

    def _take(self, records: timing.Records) -> None:
        for delta_us, size in zip(records.deltas_us, records.sizes, strict=True):
            if self._has_delta:
                # The moment of an index entry is that of the record at it.
                self._has_delta = False
            else:
                self._elapsed_us += delta_us
            self.course.add(self._elapsed_us / 1e6, self._offset)
            self._offset += size
            self.course.add(self._elapsed_us / 1e6, self._offset)
        self._position += records.length


def _ordinals(first: int, count: int, step: int) -> list[int]:
    """Every `step`th entry, and the last one."""
    if first >= count:
        return []
    return [*range(first, count - 1, step), count - 1]


def _open(folder: Folder, segments: tuple[Segment, ...], number: int) -> OpenTiming | None:
    return open_timing(folder, segments[number], is_last=number == len(segments) - 1)
