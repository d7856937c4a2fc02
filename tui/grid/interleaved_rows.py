"""The rows of several consoles as strips: border, time, whose it is, guest text, border.

Each console has a colour, and its name stands in each of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.strip import Strip

from core.clock import now
from core.console import PLAIN, ConsoleLine, Role, SafeStr, render_line, safe_text
from core.console.interleaved import InterleavedRow, Place
from tui.pane.cursor import CURSOR
from tui.pane.frame import divider
from tui.pane.paint import Paint

MIN_DATED_WIDTH = 60
"""A narrower pane shows no times: the text needs the room."""

LONG_ROWS_S = 0.012
"""How long one call goes on making long rows."""

_DATE_CELLS = 13
_MAX_NAME_CELLS = 16
_KEPT_ROWS = 512
_LONG_BYTES = 1024
_NOTHING = ConsoleLine(safe_text(""), ())


class Setting(NamedTuple):
    """All that changes how every row looks."""

    width: int
    column: int
    is_raw: bool
    names: tuple[tuple[int, SafeStr], ...]
    """What each console is called, by its number."""


class InterleavedPainter:
    """Makes and keeps the strips on one setting."""

    def __init__(self, setting: Setting, paint: Paint) -> None:
        self.setting = setting
        self.paint = paint
        self.is_unfinished = False
        """Whether long rows still wait to be made."""
        self._names: Mapping[int, SafeStr] = dict(setting.names)
        longest = max((cell_len(name) for name in self._names.values()), default=1)
        self._name_cells = max(1, min(longest, _MAX_NAME_CELLS, setting.width // 4))
        self._is_dated = setting.width >= MIN_DATED_WIDTH
        self._kept: dict[tuple[Place, bool, bool], tuple[Strip, int]] = {}
        self._side = Segment("│", paint.look("border"))
        self.blank = self._boxed([Segment(" " * (setting.width - 2), paint.plain)])
        """A row without text."""

    def strips(self, rows: Sequence[InterleavedRow], current: Place | None) -> list[Strip]:
        """A strip for each row; the one at `current` has a sign."""
        if len(self._kept) >= _KEPT_ROWS:
            self._kept.clear()
        self.is_unfinished = False
        deadline = now().boot + LONG_ROWS_S
        return [self._strip(row, row.place == current, deadline) for row in rows]

    def message(self, text: SafeStr) -> Strip:
        """A row that says something of ours."""
        return self._boxed([Segment(f" {text}", self.paint.look("quiet"))])

    def longest(self, rows: Sequence[InterleavedRow]) -> int:
        """Cells of the longest of these rows, among those that were made."""
        known = (
            self._kept.get(_key(row, False)) or self._kept.get(_key(row, True)) for row in rows
        )
        return max((made[1] for made in known if made is not None), default=0)

    def _strip(self, row: InterleavedRow, is_current: bool, deadline: float) -> Strip:
        key = _key(row, is_current)
        made = self._kept.get(key)
        if made is not None:
            return made[0]
        if row.line.row is None:
            strip, cells = self._seam(row), 0
        elif len(row.line.row.data) > _LONG_BYTES and now().boot > deadline:
            self.is_unfinished = True
            return self._text(row, _NOTHING, is_current)
        else:
            text = render_line(row.line.row.data, raw=self.setting.is_raw)
            strip, cells = self._text(row, text, is_current), cell_len(text.text)
        self._kept[key] = strip, cells
        return strip

    def _head(self, row: InterleavedRow, is_current: bool) -> list[Segment]:
        gutter = self.paint.look("gutter")
        segments = []
        if self._is_dated:
            segments.append(Segment(f"{_time(row.place.when):>{_DATE_CELLS}} ", gutter))
        name = self._names.get(row.place.console, safe_text("?"))
        if cell_len(name) > self._name_cells:
            name = safe_text(f"{set_cell_size(name, self._name_cells - 1)}…")
        label = set_cell_size(name, self._name_cells)
        sign = Segment(CURSOR if is_current else " ", self.paint.look("paused"))
        return [*segments, Segment(label, self._colour(row.place.console)), sign]

    def _room(self, head: Sequence[Segment]) -> int:
        return max(0, self.setting.width - 2 - sum(segment.cell_length for segment in head))

    def _text(self, row: InterleavedRow, text: ConsoleLine, is_current: bool) -> Strip:
        head = self._head(row, is_current)
        return self._boxed(
            [*head, *self.paint.segments(text, self.setting.column, self._room(head))]
        )

    def _seam(self, row: InterleavedRow) -> Strip:
        head = self._head(row, False)
        look = row.line.look or "divider"
        return self._boxed(
            [*head, *divider(row.line.seam, look, self._room(head), self.paint.look)]
        )

    def _colour(self, console: int) -> RichStyle:
        paint = self.paint
        colours = (
            paint.look("paused"),
            paint.look("live"),
            paint.look("silent"),
            paint.look("waiting"),
            paint.style(PLAIN, Role.SOURCE),
            paint.style(PLAIN, Role.MARK),
        )
        return colours[console % len(colours)]

    def _boxed(self, segments: Sequence[Segment]) -> Strip:
        strip = Strip([self._side, *segments], None)
        inner = strip.adjust_cell_length(self.setting.width - 1, self.paint.plain)
        return Strip([*inner, self._side], self.setting.width)


def _key(row: InterleavedRow, is_current: bool) -> tuple[Place, bool, bool]:
    return row.place, row.line.row is None or row.line.row.complete, is_current


def _time(wall: float) -> str:
    if wall == inf:
        return ""
    local = datetime.fromtimestamp(wall)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"
