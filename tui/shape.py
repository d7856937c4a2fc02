"""The shape in time of one sandbox's recording, over all its generations, as it grows."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from core.clock import now as this_moment
from core.errors import RecordingError
from core.recording import CourseReader, Timeline
from tui.recorded import Recorded

POLL_S = 0.008
"""How long one poll goes on reading what it does not know yet. There is one a second."""


class _Part(NamedTuple):
    recorded: Recorded
    reader: CourseReader


class Shape:
    """How much was printed when. Holds no descriptor, and reads no log."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []

    def append(self, recorded: Recorded) -> None:
        """Add the next generation."""
        if self._parts:
            # It may have grown since it was the newest.
            self._parts[-1].reader.is_behind = True
        self._parts.append(_Part(recorded, CourseReader(recorded.generation.folder)))

    @property
    def generations(self) -> list[Recorded]:
        """The generations, in the order in which the timeline counts them."""
        return [part.recorded for part in self._parts]

    def poll(self) -> None:
        """Read on, for some milliseconds."""
        began = this_moment().boot
        behind = (part for part in reversed(self._parts) if part.reader.is_behind)
        for part in chain(self._parts[-1:], behind):
            try:
                part.reader.refresh()
            except RecordingError:
                # The pane says what is wrong with the recording.
                part.reader.is_behind = False
            if this_moment().boot - began >= POLL_S:
                break

    def timeline(self) -> Timeline:
        """All of it, as far as it is known."""
        courses = [part.reader.course for part in self._parts]
        return Timeline(courses, [part.recorded.start for part in self._parts])
