"""Dates a generation's bytes, without reading the whole of its timing."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from core.clock import Instant
from core.errors import RecordingError
from core.recording import index, meta
from core.recording.folder import Folder
from core.recording.index import Entry
from core.recording.layout import parse_generation
from core.recording.segments import Segment, survey
from core.recording.span import Span
from core.recording.timing import to_us

MAX_SPANS = 4
SCAN_BYTES = 4 * 1024 * 1024
"""For whoever may wait half a second for a date. The next call goes on."""


class Dated(NamedTuple):
    """Bytes that share one moment: those of one timing record, or the rest of it."""

    start: int
    end: int
    elapsed_us: int
    """Since the generation began."""
    wall: float
    """Seconds since the epoch, UTC."""


class RecordingClock:
    """Says when each byte of a generation came.

    Where the index is whole, a byte anywhere is dated by reading some 100 KB, and its
    neighbours by reading nothing. Without an index the timing is followed from its
    start, a piece a call.

    Args:
        folder: the generation's.
        scan_bytes: how much timing one call follows where the index has a hole.

    Raises:
        RecordingError: there is no such folder.
    """

    def __init__(self, folder: Path, *, scan_bytes: int = SCAN_BYTES) -> None:
        self._scan_bytes = scan_bytes
        self._folder = Folder.open(folder)
        self._spans: list[Span] = []
        self._scanned: list[Entry] = []
        try:
            self._began = _beginning(self._folder)
        except RecordingError:
            self.close()
            raise

    def at(self, offset: int) -> Instant | None:
        """When the byte at `offset` came.

        None when no record says so: it is not there (any more), its record is not written
        yet, or the timing is damaged and not followed so far yet.

        Raises:
            RecordingError: the timing may not be read.
        """
        span = self._span_of(offset)
        return None if span is None else span.instant(offset)

    def elapsed(self, offset: int) -> float | None:
        """Seconds from the generation's start to the byte at `offset`; None as for `at`.

        Raises:
            RecordingError: the timing may not be read.
        """
        span = self._span_of(offset)
        return None if span is None else span.elapsed_us(offset) / 1e6

    def dated(self, offset: int) -> Dated | None:
        """The byte at `offset` and those that came with it; None as for `at`.

        Raises:
            RecordingError: the timing may not be read.
        """
        span = self._span_of(offset)
        if span is None:
            return None
        elapsed_us = span.elapsed_us(offset)
        return Dated(offset, span.record_end(offset), elapsed_us, span.instant(offset).wall)

    def around(self, wall: float) -> tuple[int, int | None]:
        """Between which offsets the first byte is that came at `wall` or later.

        A few hundred KB, or 10 s of output, as far as the index knows; from 0 to None, which
        is the end, without one. `offset_at` finds it between them.

        Args:
            wall: seconds since the epoch, UTC.

        Raises:
            RecordingError: the index may not be read.
        """
        return index.around(self._folder, wall)

    def close(self) -> None:
        """Let go of the folder. Harmless when repeated; nothing can be dated afterwards."""
        self._spans.clear()
        self._folder.close()

    def _span_of(self, offset: int) -> Span | None:
        if offset < 0:
            return None
        for i, span in enumerate(self._spans):
            if span.start <= offset < span.end:
                if i:
                    self._spans.insert(0, self._spans.pop(i))
                return span
        for span in self._spans:
            # It may have grown since.
            if offset >= span.end and span.is_growing:
                span.extend(self._folder)
                if offset < span.end:
                    return span
                if span.is_growing and span.is_at_end:
                    return None
        return self._find(offset)

    def _find(self, offset: int) -> Span | None:
        """The span of a byte that was not dated lately."""
        segments = survey(self._folder)
        number = _segment_number(segments, offset)
        if number is None:
            return None
        span = self._nearest(segments, number, offset, index_helps=True)
        if span is None or not span.extend(self._folder):
            # No index, or one that leads nowhere.
            span = self._nearest(segments, number, offset, index_helps=False)
        unread = self._scan_bytes
        while span is not None and offset >= span.end and unread > 0:
            if span.is_full:
                self._remember(span)
                span = Span(span.segment, span.last, None, is_last=span.is_last)
            length = span.extend(self._folder)
            unread -= length
            if not length:
                self._remember(span)
                span = self._segment_after(segments, number, span)
        if span is None:
            return None
        if offset < span.end:
            return self._keep(span)
        self._remember(span)
        return None

    def _segment_after(self, segments: tuple[Segment, ...], number: int, span: Span) -> Span | None:
        """The beginning of the segment after one whose timing has no more, up to `number`."""
        following = bisect_right(segments, span.segment.start, key=lambda s: s.start)
        if following <= number:
            return _follow_on(segments, following, span.last)
        if span.is_growing:
            # It may grow, and is then at hand.
            self._keep(span)
        return None

    def _keep(self, span: Span) -> Span:
        self._spans.insert(0, span)
        del self._spans[MAX_SPANS:]
        return span

    def _remember(self, span: Span) -> None:
        """Note how far the timing was followed; a later search begins here."""
        if span.end == span.start:
            return
        entry = span.last
        at = bisect_right(self._scanned, entry.offset, key=lambda known: known.offset)
        if not at or self._scanned[at - 1].offset < entry.offset:
            self._scanned.insert(at, entry)

    def _nearest(
        self, segments: tuple[Segment, ...], number: int, offset: int, *, index_helps: bool
    ) -> Span | None:
        """An empty span at the last record that is known at or before a byte.

        That is one of the index or one that was come by; else the generation's first.
        """
        found = index.find(self._folder, offset) if index_helps else None
        entry, ordinal = (found.entry, found.ordinal) if found is not None else (None, None)
        at = bisect_right(self._scanned, offset, key=lambda known: known.offset)
        if at and (entry is None or entry.offset < self._scanned[at - 1].offset):
            entry, ordinal = self._scanned[at - 1], None
        home = None if entry is None else _segment_number(segments, entry.offset)
        if entry is not None and home is not None:
            is_last = home == len(segments) - 1
            return Span(segments[home], entry, ordinal, is_last=is_last)
        if segments[0].start > 0:
            return None
        began = Entry(0, 0, 0, to_us(self._began.wall), to_us(self._began.boot))
        return _follow_on(segments, 0, began)


def _follow_on(segments: tuple[Segment, ...], number: int, before: Entry) -> Span:
    """An empty span at a segment's beginning; `before` has the moment of the byte before it."""
    start = segments[number].start
    entry = before.moved(start, 0, before.elapsed_us)
    is_last = number == len(segments) - 1
    return Span(segments[number], entry, None, is_last=is_last, adds_delta=True)


def _segment_number(segments: tuple[Segment, ...], offset: int) -> int | None:
    """Which segment holds a byte; None when none does."""
    at = bisect_right(segments, offset, key=lambda segment: segment.start) - 1
    return at if at >= 0 and offset < segments[at].end else None


def _beginning(folder: Folder) -> Instant:
    """When a generation began: its meta data say, or else its name."""
    known = meta.read_in(folder)
    if known is not None:
        return known.started
    name = parse_generation(folder.path.name)
    return Instant(name.started_wall if name is not None else 0.0, 0.0)
