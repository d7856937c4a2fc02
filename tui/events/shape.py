"""The shape in time of one sandbox's recording, over all its generations, as it grows."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from core.clock import now as this_moment
from core.errors import RecordingError
from core.recording import CourseReader, Timeline
from tui.opened.library import Part

POLL_S = 0.008
"""How long one poll goes on reading what it does not know yet. There is one a second."""


class _Known(NamedTuple):
    part: Part
    reader: CourseReader


class Shape:
    """How much was printed when. Holds no descriptor, and reads no log."""

    def __init__(self) -> None:
        self._known: list[_Known] = []

    def append(self, part: Part) -> None:
        """Add the next generation."""
        if self._known:
            # It may have grown since it was the newest.
            self._known[-1].reader.is_behind = True
        self._known.append(_Known(part, CourseReader(part.generation.folder)))

    @property
    def generations(self) -> list[Part]:
        """The generations, in the order in which the timeline counts them."""
        return [known.part for known in self._known]

    @property
    def is_behind(self) -> bool:
        """Whether another poll would know more already."""
        return any(known.reader.is_behind for known in self._known)

    def poll(self) -> None:
        """Read on, for some milliseconds."""
        began = this_moment().boot
        behind = (known for known in reversed(self._known) if known.reader.is_behind)
        for known in chain(self._known[-1:], behind):
            try:
                known.reader.refresh()
            except RecordingError:
                # The pane says what is wrong with the recording.
                known.reader.is_behind = False
            if this_moment().boot - began >= POLL_S:
                break

    def timeline(self) -> Timeline:
        """All of it, as far as it is known."""
        courses = [known.reader.course for known in self._known]
        return Timeline(courses, [known.part.start for known in self._known])
