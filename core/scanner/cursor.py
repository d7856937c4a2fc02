"""One generation being followed: how far it was scanned, and what was found."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from core.clock import now
from core.console.alerts import Alert, Detector, Rules
from core.errors import RecordingError
from core.recording import GenerationReader, RecordingClock
from core.recording.layout import LOG
from core.sandboxes.model import AlertFacts

CHUNK_BYTES = 256 * 1024
"""How much of one generation is scanned before the others get their turn: a
millisecond's work."""


class Cursor:
    """Scans one generation.

    Args:
        folder: the generation's.
        start: where to begin.
        rules: what to look for.

    Raises:
        RecordingError: it cannot be read.
    """

    def __init__(self, folder: Path, start: int, rules: Rules) -> None:
        self.size = start
        """How much it is said to hold."""
        self.position = start
        """How much of it was scanned."""
        self.is_ending = False
        """Whether it grows no more."""
        self._folder = folder
        self._detector = Detector(rules)
        self._reader = GenerationReader(folder)

    @property
    def is_behind(self) -> bool:
        """Whether there is more to scan."""
        return self.position < self.size

    @property
    def is_waiting(self) -> bool:
        """Whether `idle` may have something to tell."""
        return not self.is_behind and self._detector.is_waiting

    @property
    def resume(self) -> int:
        """Where another scan would have to begin to miss nothing that was not told."""
        return self._detector.resume

    def scan(self) -> list[AlertFacts]:
        """Scan the next piece.

        Raises:
            RecordingError: it cannot be read any more.
        """
        data = self._reader.read_ahead(self.position, min(self.size - self.position, CHUNK_BYTES))
        if not data:
            data = self._look_again()
        if not data:
            return []
        found = self._detector.feed(self.position, data)
        self.position += len(data)
        self.size = max(self.size, self.position)
        return self._dated(found)

    def _look_again(self) -> bytes:
        """The next piece, wherever in the generation it is."""
        if self.position >= self._reader.end:
            self._reader.refresh()
        # Its oldest bytes may have been dropped before they were scanned.
        self.position = max(self.position, self._reader.start)
        data = self._reader.read(self.position, CHUNK_BYTES)
        if not data:
            self._reader.refresh()
            if self.position >= self._reader.start:
                # Less is there than was said; what comes will be said anew.
                self.size = self.position
        return data

    def idle(self) -> list[AlertFacts]:
        """What a quiet moment tells."""
        return self._dated(self._detector.idle())

    def finish(self) -> list[AlertFacts]:
        """What the end of it tells."""
        return self._dated(self._detector.flush())

    def look_for(self, rules: Rules) -> list[AlertFacts]:
        """Look for something else from now on; what was open is told."""
        found = self.finish()
        self._detector = Detector(rules)
        return found

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()

    def _dated(self, alerts: Sequence[Alert]) -> list[AlertFacts]:
        if not alerts:
            return []
        walls = self._walls([alert.start for alert in alerts])
        return [
            AlertFacts(
                kind=alert.kind,
                title=alert.title,
                severity=alert.severity,
                generation=self._folder.name,
                start=alert.start,
                end=alert.end,
                wall=wall,
            )
            for alert, wall in zip(alerts, walls, strict=True)
        ]

    def _walls(self, offsets: Sequence[int]) -> list[float]:
        """When these bytes came; the log's last write for one whose time is not written yet."""
        present = self._last_written()
        try:
            clock = RecordingClock(self._folder)
        except RecordingError:
            return [present] * len(offsets)
        try:
            moments = [clock.at(offset) for offset in offsets]
        except RecordingError:
            return [present] * len(offsets)
        finally:
            clock.close()
        return [moment.wall if moment is not None else present for moment in moments]

    def _last_written(self) -> float:
        """When the log was written last; this moment where that is not told."""
        present = now().wall
        with contextlib.suppress(OSError):
            return min(present, (self._folder / LOG).lstat().st_mtime)
        return present
