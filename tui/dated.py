"""A viewing as one of several consoles that are shown by when their rows came."""

from __future__ import annotations

from math import inf

from core.console import Position, Transcript, row_start
from core.recording import offset_at
from tui.library import Part
from tui.viewing import Viewing


class DatedViewing:
    """Satisfies `core.console.interleaved.DatedConsole`, by the wall clock.

    A moment is looked for from where the last one was found, in steps that double: what is
    near, and hence at hand, is found without reading anything.
    """

    def __init__(self, viewing: Viewing) -> None:
        self.viewing = viewing
        self._hints: dict[int, int] = {}

    @property
    def script(self) -> Transcript:
        """The guest's rows, and the seams between its lives."""
        return self.viewing.transcript

    def when(self, at: Position) -> float | None:
        """Seconds since the epoch, UTC."""
        if at.offset < 0:
            generation = self.viewing.generation(at.generation)
            return None if generation is None else generation.started_wall
        instant = self.viewing.instant(at)
        return None if instant is None else instant.wall

    def seek(self, when: float) -> Position:
        """Where the first row is that came at `when` or later; the end when none did."""
        begun = [part for part in self.viewing.parts if part.generation.started_wall < when]
        if not begun:
            return self.script.first
        part = begun[-1]
        found = self._first_byte(part, when)
        self._hints[part.sequence] = found
        start = row_start(part, found)
        if start == found or found >= part.end:
            return Position(part.sequence, found)
        # The row that holds the byte began before the moment.
        rows = self.script.forward(Position(part.sequence, start), 1)
        return rows[0].end if rows else Position(part.sequence, found)

    def _first_byte(self, part: Part, when: float) -> int:
        def came(offset: int) -> float | None:
            instant = self.viewing.instant(Position(part.sequence, offset))
            return None if instant is None else instant.wall

        low, high = part.start, part.end
        near = max(low, min(high, self._hints.get(part.sequence, high)))
        step = 512
        while near - step > low and _or_later(came(near - step)) >= when:
            near, step = near - step, step * 2
        first, step = max(low, near - step), 512
        while near < high and _or_later(came(near)) < when:
            first, near, step = near + 1, min(high, near + step), step * 2
        return offset_at(came, first, near, when)


def _or_later(came: float | None) -> float:
    return inf if came is None else came
