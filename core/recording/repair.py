"""Makes a generation whole again that a crash, a full disk or a power cut left torn.

Theory of operation. The log is the truth and is never changed. Everything else is
brought in line with it, one segment at a time:

    timing shorter than the log    one record more, for the orphaned tail
    a torn or foreign timing line  cut, with all that follows it
    timing longer than the log     cut back; a record may become shorter
    index torn, missing or wrong   entries that lead nowhere go, missing ones are made
    renamed log, its timing not    the rename is finished
    compressed timing              read like any, and left as it is

The index says where to begin to look, so that a long recording is not read from its
start: from a segment's last entry that still leads to a record, only what follows
is read.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import NamedTuple

from core.clock import Instant
from core.recording import index, timing
from core.recording.folder import Folder
from core.recording.index import Entry, Spacing
from core.recording.layout import INDEX, LOG, TIMING, ZST, parse_segment_log, segment_timing
from core.recording.meta import Meta
from core.recording.segments import Segment, survey
from core.recording.source import PlainFile, Source, open_source
from core.recording.timing import to_us
from core.recording.trouble import explain


class Repaired(NamedTuple):
    """A generation that can be continued, and what had to be done to it."""

    segment_start: int
    """Where `console.log` begins."""
    end: Entry
    """The next byte's offset and place in the timing, and the last byte's moment."""
    orphaned_bytes: int
    """Bytes of the log whose arrival time was lost."""
    cut_bytes: int
    """Bytes that were cut from timing files."""

    @property
    def changed(self) -> bool:
        """Whether anything had to be done that a reader should know of."""
        return bool(self.orphaned_bytes or self.cut_bytes)


def repair(folder: Folder, meta: Meta, at: Instant, *, now_us: int | None) -> Repaired:
    """Bring timing and index in line with the log.

    Args:
        folder: the generation; nobody else may be writing it.
        meta: its meta data.
        at: this moment.
        now_us: this moment since the generation began, if the host's clock still tells.

    Raises:
        RecordingError: a file cannot be written, or is none of ours.
    """
    finish_rotation(folder)
    segments = survey(folder)
    entries, is_whole = index.load(folder)
    started = Entry(0, 0, 0, to_us(meta.started_wall), to_us(meta.started_boot))
    kept = entries[: _first_at(entries, segments[0].start)]
    state = kept[-1] if kept else started
    orphaned = cut = 0
    for i, segment in enumerate(segments):
        is_last = i == len(segments) - 1
        own = entries[_first_at(entries, segment.start) : _first_at(entries, segment.end)]
        work = _SegmentRepair(folder, segment, own, state, is_last=is_last)
        try:
            work.run(_tail(folder, entries, segments[i + 1 :], at, now_us))
        finally:
            work.close()
        state = work.state
        kept += work.entries
        orphaned += work.orphaned_bytes
        cut += work.cut_bytes
    if kept != entries or not is_whole:
        folder.replace(INDEX, b"".join(map(index.format_entry, kept)))
    return Repaired(segments[-1].start, state, orphaned, cut)


def finish_rotation(folder: Folder) -> None:
    """Finish what a crash between the steps of a rotation left undone.

    Raises:
        RecordingError: a file cannot be renamed or made.
    """
    if folder.has_own(LOG):
        return
    starts = [start for start in map(parse_segment_log, folder.names()) if start is not None]
    if starts and folder.has_own(TIMING):
        name = segment_timing(max(starts))
        if folder.stat(name) is None and folder.stat(name + ZST) is None:
            folder.rename(TIMING, name)
    os.close(folder.reopen(TIMING))
    os.close(folder.reopen(LOG))


def _first_at(entries: list[Entry], offset: int) -> int:
    return bisect_left(entries, offset, key=lambda entry: entry.offset)


class _Tail(NamedTuple):
    """What is known of when the last bytes of a segment came."""

    wall: float
    """Not after this moment."""
    elapsed_us: int | None
    """Exactly then, when the next segment tells."""
    latest_us: int | None
    """Not after this moment since the generation began."""


def _tail(
    folder: Folder,
    entries: list[Entry],
    later: tuple[Segment, ...],
    at: Instant,
    now_us: int | None,
) -> _Tail:
    """What is known of the last bytes before some `later` segments, or before this moment."""
    number = _first_at(entries, later[0].start) if later else len(entries)
    if number == len(entries):
        return _Tail(at.wall, None, now_us)
    entry = entries[number]
    # What came later says at least that these came before; even if its record is lost.
    latest_us = entry.elapsed_us if now_us is None else min(now_us, entry.elapsed_us)
    if entry.offset != later[0].start or entry.timing_offset:
        return _Tail(at.wall, None, latest_us)
    name = TIMING if later[0].name == LOG else segment_timing(later[0].start)
    source = open_source(folder, name)
    if source is None:
        return _Tail(at.wall, None, latest_us)
    try:
        records = timing.read(source, 0)
    except OSError as error:
        raise explain(folder.path / name, error) from error
    finally:
        source.close()
    elapsed_us = entry.elapsed_us - records.deltas_us[0] if records.length else None
    return _Tail(at.wall, elapsed_us, latest_us)


class _SegmentRepair:
    """Works on one segment; `state` and `entries` hold the result."""

    def __init__(
        self, folder: Folder, segment: Segment, entries: list[Entry], state: Entry, *, is_last: bool
    ) -> None:
        self.entries = entries
        self.state = state.moved(segment.start, 0, state.elapsed_us)
        self.orphaned_bytes = 0
        self.cut_bytes = 0
        self._segment = segment
        self._folder = folder
        self._name = TIMING if is_last else segment_timing(segment.start)
        self._spacing = Spacing()
        self._fd = -1
        self._source: Source
        if not is_last and folder.stat(self._name) is None:
            compressed = open_source(folder, self._name)
            if compressed is not None:
                self._source = compressed
                return
        self._fd = folder.reopen(self._name)
        self._source = PlainFile(self._fd)

    def close(self) -> None:
        self._source.close()

    def run(self, tail: _Tail) -> None:
        try:
            self._begin_at_last_entry()
            short = self._follow()
            if self._fd < 0:
                self._end_compressed()
                return
            size = os.fstat(self._fd).st_size
            if size > self.state.timing_offset:
                self.cut_bytes = size - self.state.timing_offset
                os.ftruncate(self._fd, self.state.timing_offset)
            if short is not None:
                self._append(*short)
            if self.state.offset < self._segment.end:
                self.orphaned_bytes = self._segment.end - self.state.offset
                elapsed_us = self._arrival(tail)
                self._append(elapsed_us - self.state.elapsed_us, self.orphaned_bytes)
        except OSError as error:
            raise explain(self._folder.path / self._name, error) from error

    def _end_compressed(self) -> None:
        """Leave what was whole when it was compressed as it is, and go on behind it."""
        self.state = self.state.moved(
            self._segment.end, self.state.timing_offset, self.state.elapsed_us
        )

    def _begin_at_last_entry(self) -> None:
        while self.entries:
            entry = self.entries[-1]
            records = self._records_at(entry)
            if records.length:
                before = entry.elapsed_us - records.deltas_us[0]
                self.state = entry.moved(entry.offset, entry.timing_offset, before)
                self._spacing.entered(entry.offset, entry.elapsed_us)
                return
            self.entries.pop()

    def _records_at(self, entry: Entry) -> timing.Records:
        """The records from an entry's on; none when it does not lead to a line's beginning."""
        if (entry.timing_offset == 0) != (entry.offset == self._segment.start):
            return timing.NO_RECORDS
        if entry.timing_offset and self._source.pread(1, entry.timing_offset - 1) != b"\n":
            return timing.NO_RECORDS
        return timing.read(self._source, entry.timing_offset)

    def _follow(self) -> tuple[int, int] | None:
        """Count records up to the end of the log or of what can be read.

        Returns the delta and the size of a last record that must become shorter.
        """
        while True:
            records = timing.read(self._source, self.state.timing_offset)
            if not records.length:
                return None
            for delta_us, size in zip(records.deltas_us, records.sizes, strict=True):
                room = self._segment.end - self.state.offset
                if size > room:
                    return (delta_us, room) if room else None
                self._count(delta_us, size)

    def _append(self, delta_us: int, size: int) -> None:
        line = timing.record(delta_us, size)
        while line:
            line = line[os.write(self._fd, line) :]
        self._count(delta_us, size)

    def _count(self, delta_us: int, size: int) -> None:
        state = self.state
        elapsed_us = state.elapsed_us + delta_us
        if self._spacing.is_due(state.offset, elapsed_us):
            self.entries.append(state.moved(state.offset, state.timing_offset, elapsed_us))
            self._spacing.entered(state.offset, elapsed_us)
        position = state.timing_offset + len(timing.record(delta_us, size))
        self.state = state.moved(state.offset + size, position, elapsed_us)

    def _arrival(self, tail: _Tail) -> int:
        """When the orphaned bytes came, since the generation began: best guess."""
        last_us = self.state.elapsed_us
        if tail.elapsed_us is not None:
            return max(last_us, tail.elapsed_us)
        found = self._folder.stat(self._segment.name)
        # The log was last written when they came.
        written = min(found.st_mtime, tail.wall) if found is not None else tail.wall
        arrival = last_us + max(0, to_us(written) - self.state.wall_us)
        if tail.latest_us is not None:
            arrival = min(arrival, max(last_us, tail.latest_us))
        return arrival
