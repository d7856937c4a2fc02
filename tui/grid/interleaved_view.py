"""Where a reader stands among the rows of several consoles: at the end, or held at a row.

Pure: no screen, no clock. Of a held view no row moves, whatever comes late: once all rows
in sight are whole and dated, they stay what they are until somebody scrolls.
"""

from __future__ import annotations

from math import inf

from core.console.interleaved import FIRST, LAST, Interleaved, InterleavedRow, Place


class InterleavedView:
    """The scroll state; heights are in rows, columns in cells."""

    def __init__(self, rows: Interleaved) -> None:
        self._rows = rows
        self._top: Place | None = None
        self._held: list[InterleavedRow] = []
        self.column = 0

    @property
    def is_following(self) -> bool:
        """Whether the last row stays in sight."""
        return self._top is None

    def show(self, rows: Interleaved) -> None:
        """Show other consoles, from the same place on."""
        self._rows = rows
        self._held = []

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._hold(None)

    def go_home(self) -> None:
        """Hold the first row there is."""
        first = self._rows.forward(FIRST, 1)
        self._hold(first[0].place if first else None)

    def hold_at(self, place: Place) -> None:
        """Hold the first row at a place or behind it."""
        found = self._rows.forward(place, 1)
        self._hold(found[0].place if found else None)

    def window(self, height: int) -> list[InterleavedRow]:
        """The rows to show, at most `height`."""
        if height <= 0:
            return []
        if self._top is None:
            return self._rows.backward(LAST, height)
        if len(self._held) >= height:
            return self._held[:height]
        rows = self._rows.forward(self._top, height)
        if len(rows) == height and all(map(_is_settled, rows)):
            self._held = rows
        return rows

    def scroll(self, count: int, height: int) -> None:
        """Move by `count` rows, down when positive; reaching the end follows."""
        if count < 0:
            shown = self.window(height)
            above = self._rows.backward(shown[0].place, -count) if shown else []
            if above:
                self._hold(above[0].place)
        elif count > 0 and self._top is not None:
            below = self._rows.forward(self._top, count + height + 1)
            is_end = len(below) <= count + height
            self._hold(None if is_end else below[count].place)

    def scroll_columns(self, columns: int, limit: int) -> None:
        """Move sideways by `columns`, right when positive and no further than `limit`."""
        target = self.column + columns
        if columns > 0:
            target = max(self.column, min(target, limit))
        self.column = max(0, target)

    def _hold(self, top: Place | None) -> None:
        self._top = top
        self._held = []


def _is_settled(row: InterleavedRow) -> bool:
    is_whole = row.line.row is None or row.line.row.complete
    return is_whole and row.place.when != inf
