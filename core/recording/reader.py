"""Reads a generation's bytes while it grows, rotates and loses its oldest segments."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from core.errors import RecordingError
from core.recording.folder import Folder
from core.recording.layout import LOG, segment_log
from core.recording.segments import Segment, contiguous, survey
from core.recording.source import FileId, Source, file_id, open_source
from core.recording.trouble import explain

MAX_OPEN = 4
"""How many full segments' logs stay open: some MiB each when they are compressed. A reader
reads near one place at a time."""

_TRIES = 100
"""Each further try means that a rotation happened during the one before."""


class GenerationReader:
    """One generation's bytes, from `start` to `end`, which moves only in `refresh`.

    Holds the log that grows, so that a rename does not disturb it, and a few full
    ones. A segment that was dropped, and any before a hole, is not there.

    Args:
        folder: the generation's.

    Raises:
        RecordingError: there is no such folder, or its log may not be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Folder.open(folder)
        self._segments: tuple[Segment, ...] = ()
        self._tail: Source | None = None
        self._open: OrderedDict[int, Source] = OrderedDict()
        try:
            self._look_anew()
        except RecordingError:
            self.close()
            raise

    @property
    def start(self) -> int:
        """The first offset that can be read."""
        return self._segments[0].start if self._segments else 0

    @property
    def end(self) -> int:
        """The offset behind the last byte that can be read."""
        return self._segments[-1].end if self._segments else 0

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`: short or empty at the end, empty before `start`.

        Raises:
            RecordingError: the disk does not give them.
        """
        pieces: list[bytes] = []
        size = min(size, self.end - offset)
        while size > 0:
            piece = self._read_piece(offset, size)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_ahead(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`, at or behind `end`, of the log that grows.

        For whoever was told that it grew: spares a look at the folder. Empty when the
        bytes are not in the log that was found last, as after a rotation: `refresh` then.

        Raises:
            RecordingError: the disk does not give them.
        """
        if self._tail is None or not self._segments or offset < self.end:
            return b""
        tail = self._segments[-1]
        try:
            return self._tail.pread(size, offset - tail.start)
        except OSError as error:
            raise explain(self._folder.path / tail.name, error) from error

    def refresh(self) -> bool:
        """Look for new bytes; returns whether there are any.

        Raises:
            RecordingError: the log may not be read any more.
        """
        before = self.end
        log = self._folder.stat_file(LOG)
        if log is not None and self._is_tail(file_id(log)) and self._is_oldest_there():
            self._segments = (*self._segments[:-1], self._segments[-1].grown(log.st_size))
        else:
            self._look_anew()
        return self.end > before

    def close(self) -> None:
        """Let go of all files. Harmless when repeated; nothing can be read afterwards."""
        self._segments = ()
        self._close_tail()
        while self._open:
            self._open.popitem()[1].close()
        self._folder.close()

    def _is_tail(self, log_id: FileId) -> bool:
        return bool(self._segments) and self._segments[-1].log_id == log_id

    def _is_oldest_there(self) -> bool:
        oldest = self._segments[0]
        return oldest.name == LOG or self._folder.stat_file(oldest.name) is not None

    def _look_anew(self) -> None:
        """Survey the segments and open the one that grows, both of the same moment."""
        for _ in range(_TRIES):
            segments = contiguous(survey(self._folder))
            if not segments:
                break
            tail = open_source(self._folder, segments[-1].name)
            if tail is None:
                continue
            if tail.file_id == segments[-1].log_id:
                self._close_tail()
                self._tail = tail
                self._segments = (*segments[:-1], segments[-1].grown(tail.size))
                self._close_dropped()
                return
            tail.close()
        else:
            # It rotates faster than it can be looked at; what is known stays until later.
            return
        self._segments = ()
        self._close_tail()

    def _read_piece(self, offset: int, size: int) -> bytes:
        segment = self._segment_at(offset)
        if segment is None:
            return b""
        source = self._tail if segment is self._segments[-1] else self._open_full(segment)
        if source is None:
            return b""
        try:
            return source.pread(min(size, segment.end - offset), offset - segment.start)
        except OSError as error:
            raise explain(self._folder.path / segment.name, error) from error

    def _segment_at(self, offset: int) -> Segment | None:
        low, high = 0, len(self._segments)
        while low < high:
            middle = (low + high) // 2
            if self._segments[middle].end <= offset:
                low = middle + 1
            else:
                high = middle
        if low == len(self._segments) or offset < self._segments[low].start:
            return None
        return self._segments[low]

    def _open_full(self, segment: Segment) -> Source | None:
        """A full segment's log; None when it was dropped, and `start` moves."""
        source = self._open.get(segment.start)
        if source is not None:
            self._open.move_to_end(segment.start)
            return source
        opened = open_source(self._folder, segment_log(segment.start))
        if opened is None:
            self._segments = tuple(s for s in self._segments if s.start > segment.start)
            return None
        self._open[segment.start] = opened
        if len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)[1].close()
        return opened

    def _close_dropped(self) -> None:
        """Give the disk the space of dropped segments back."""
        for start in [start for start in self._open if start < self.start]:
            self._open.pop(start).close()

    def _close_tail(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None
