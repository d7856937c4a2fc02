"""Which segments a generation's log lies in at a moment.

Rotation renames the log, then its timing, makes the new timing and, last, the new
log: while there is no `console.log`, the newest full segment is the one that grows.
That is also what a crash between the two renames leaves behind.
"""

from __future__ import annotations

from typing import NamedTuple

from core.recording import index
from core.recording.folder import Folder
from core.recording.layout import (
    LOG,
    MAX_OFFSET,
    TIMING,
    parse_segment_log,
    segment_log,
    segment_timing,
)
from core.recording.source import FileId, Source, file_id, open_source, stat_source

_TRIES = 100
"""Each further try means that a rotation happened during the one before."""


class Segment(NamedTuple):
    """A piece of a generation's log."""

    start: int
    size: int
    name: str
    """Its log's file name."""
    log_id: FileId

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.start + self.size

    def grown(self, size: int) -> Segment:
        """The same segment when its log has become so large."""
        return self._replace(size=min(size, MAX_OFFSET - self.start))


def survey(folder: Folder) -> tuple[Segment, ...]:
    """The segments that are there now, oldest first. The last one is the one that grows.

    Segments do not overlap; one whose log was cut leaves a hole behind it.

    Raises:
        RecordingError: the folder or the index may not be read.
    """
    for _ in range(_TRIES):
        before = folder.stat_file(LOG)
        full = _full_segments(folder)
        start = _growing_start(folder, full)
        log = folder.stat_file(LOG)
        # The same log before and after: nothing was renamed while the others were looked at.
        if (before and file_id(before)) == (log and file_id(log)):
            break
    if log is None:
        return tuple(full)
    return (*full, Segment(start, 0, LOG, file_id(log)).grown(log.st_size))


def _full_segments(folder: Folder) -> list[Segment]:
    found_starts = map(parse_segment_log, folder.names())
    # Between the last two steps of its compression a segment is there twice.
    starts = sorted({start for start in found_starts if start is not None})
    full: list[Segment] = []
    for i, start in enumerate(starts):
        found = stat_source(folder, segment_log(start))
        if found is None:
            continue
        name, log_id, size = found
        limit = starts[i + 1] if i + 1 < len(starts) else MAX_OFFSET
        full.append(Segment(start, min(size, limit - start), name, log_id))
    return full


def _growing_start(folder: Folder, full: list[Segment]) -> int:
    """Where `console.log` begins: its name does not say, its neighbours do."""
    indexed = index.last_segment_start(folder) or 0
    if not full:
        return indexed
    # The index knows better when the log before was cut.
    return indexed if indexed > full[-1].end else full[-1].end


def contiguous(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The newest segments without a hole between them."""
    first = len(segments) - 1
    while first > 0 and segments[first - 1].end == segments[first].start:
        first -= 1
    return segments[max(first, 0) :]


class OpenTiming(NamedTuple):
    """A segment's timing file, open to be read."""

    source: Source
    is_growing: bool
    """Whether records will still be added to it."""


def open_timing(folder: Folder, segment: Segment, *, is_last: bool) -> OpenTiming | None:
    """A segment's timing, whatever its name is by now; None when it has none.

    Args:
        folder: the generation.
        segment: as it was surveyed, now or earlier.
        is_last: whether it was the last one then.

    Raises:
        RecordingError: the file may not be read.
    """
    if segment.name == LOG:
        source = open_source(folder, TIMING)
        log = folder.stat_file(LOG)
        # The log is renamed before its timing, so this was still the timing of this log.
        if log is not None and file_id(log) == segment.log_id:
            return None if source is None else OpenTiming(source, is_growing=True)
        if source is not None:
            source.close()
    source = open_source(folder, segment_timing(segment.start))
    if source is None and is_last and folder.stat_file(LOG) is None:
        # Between the two renames: for an instant, or since a crash.
        source = open_source(folder, TIMING)
        if source is not None and folder.stat_file(LOG) is not None:
            source.close()
            source = open_source(folder, segment_timing(segment.start))
    return None if source is None else OpenTiming(source, is_growing=False)
