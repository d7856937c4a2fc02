"""A viewing as one of several consoles that are shown by when their rows came."""

from __future__ import annotations

from core.console import Position, Transcript, row_start
from core.recording import offset_at
from tui.opened.library import Part
from tui.opened.viewing import Viewing


class DatedViewing:
    """Satisfies `core.console.interleaved.DatedConsole`, by the wall clock."""

    def __init__(self, viewing: Viewing) -> None:
        self.viewing = viewing
        self._undated: Position | None = None
        """From here on nothing is dated yet: asking for each row reads the timing each time."""

    def look_again(self) -> None:
        """More may be dated by now."""
        self._undated = None

    @property
    def script(self) -> Transcript:
        """The guest's rows, and the seams between its lives."""
        return self.viewing.transcript

    def when(self, at: Position) -> float | None:
        """Seconds since the epoch, UTC."""
        if at.offset < 0:
            generation = self.viewing.generation(at.generation)
            return None if generation is None else generation.started_wall
        if self._undated is not None and at >= self._undated:
            return None
        instant = self.viewing.instant(at)
        if instant is None and at.generation == self._newest:
            self._undated = at
        return None if instant is None else instant.wall

    @property
    def _newest(self) -> int:
        parts = self.viewing.parts
        return parts[-1].sequence if parts else -1

    def seek(self, when: float) -> Position:
        """Where the first row is that came at `when` or later; the end when none did."""
        begun = [part for part in self.viewing.parts if part.generation.started_wall < when]
        if not begun:
            return self.script.first
        part = begun[-1]
        found = self._first_byte(part, when)
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

        return offset_at(came, *self.viewing.around(part, when), when)
