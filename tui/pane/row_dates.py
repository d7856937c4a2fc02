"""When each row of a pane was written, as its gutter says it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from core.console import Position
from tui.opened.viewing import Gutter, Viewing
from tui.pane.view import Line, Note
from tui.pane.wrapped import begin_of


class RowDates:
    """The dates of the rows that were looked up last."""

    def __init__(self, gutter: Gutter) -> None:
        self._gutter = gutter
        self._dates: dict[Position, str] = {}
        self.has_undated = False
        """Whether the date of a row was not on disk yet."""

    def look_up(self, lines: Iterable[Line], viewing: Viewing) -> None:
        """Date these lines, which are in order."""
        self._dates = {}
        self.has_undated = False
        if self._gutter is Gutter.OFF:
            return
        undated = -1
        for line in lines:
            if isinstance(line, Note) or line.row is None or line.row.continued or begin_of(line):
                continue
            # Dates are written in order: after one that is missing the others are, too.
            at = line.position
            date = None if at.generation == undated else self._date(at, viewing)
            if date is None:
                undated = at.generation
                self.has_undated = True
            else:
                self._dates[at] = date

    def of(self, at: Position) -> str | None:
        """What the gutter says at a row; None while its date is not on disk yet."""
        return "" if self._gutter is Gutter.OFF else self._dates.get(at)

    def _date(self, at: Position, viewing: Viewing) -> str | None:
        if self._gutter is Gutter.RELATIVE:
            seconds = viewing.elapsed(at)
            return None if seconds is None else _eight_cells(seconds)
        instant = viewing.instant(at)
        if instant is None:
            return None
        if self._gutter is Gutter.UTC:
            return _time_of_day(datetime.fromtimestamp(instant.wall, UTC)) + "Z"
        return _time_of_day(datetime.fromtimestamp(instant.wall))


def _time_of_day(date: datetime) -> str:
    return f"{date:%H:%M:%S}.{date.microsecond // 1000:03}"


def _eight_cells(seconds: float) -> str:
    """Seconds with as many decimals as fit."""
    for decimals, limit in ((3, 10_000), (2, 100_000), (1, 1_000_000)):
        if seconds < limit:
            return f"{seconds:8.{decimals}f}"
    return f"{seconds:8.0f}"
