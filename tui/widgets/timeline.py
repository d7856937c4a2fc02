"""A strip of time below the panes: where in its recording a pane stands, and what lies where."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from core.console import Position, SafeStr, safe_text
from tui.events.timeline import Sign, Strip
from tui.widgets.ink import Inked

_NAME_CELLS = 20
_WIDE = 90
"""A narrower strip names neither sandbox nor extent."""


class TimelineStrip(Inked):
    """Two rows: how much was printed when, and below it events and the view's place."""

    DEFAULT_CSS = """
    TimelineStrip {
        height: 2;
        padding: 0 1;
        background: $gw-raised;
        display: none;
    }
    """

    class Chosen(Message):
        """Somebody clicked a place in time."""

        def __init__(self, position: Position, is_event: bool) -> None:
            super().__init__()
            self.position = position
            self.is_event = is_event

    strip: reactive[Strip | None] = reactive[Strip | None](None)
    name_: reactive[SafeStr] = reactive(safe_text(""))
    """Whose recording it is."""

    @property
    def cells(self) -> int:
        """How many cells of time there is room for."""
        times = 18 if self.size.width >= 40 else 0
        return max(1, self.size.width - self._left - times)

    @property
    def _left(self) -> int:
        return _NAME_CELLS if self.size.width >= _WIDE else 0

    def render(self) -> Content:
        """Both rows."""
        strip = self.strip
        if strip is None or len(strip.bars) != self.cells:
            return self.own("nothing was recorded yet" if strip is None else "", "quiet")
        has_times = self.size.width >= 40
        upper, lower = Content(""), Content("")
        if self._left:
            upper += self.ink(_fitted(self.name_, self._left), "strong")
            lower += self.ink(_fitted(strip.extent, self._left), "quiet")
        if has_times:
            upper += self.own(f"{strip.began[-8:]:>8} ", "quiet")
            lower += self.own(" " * 9, "quiet")
        upper += self._bars(strip)
        for sign in strip.signs:
            lower += self._sign(sign)
        if has_times:
            upper += self.own(f" {strip.ended[-8:]}", "quiet")
        return upper + Content("\n") + lower

    def on_click(self, event: events.Click) -> None:
        """Go to the place, or to the event that is shown there."""
        event.stop()
        strip = self.strip
        offset = event.get_content_offset(self)
        if strip is None or offset is None:
            return
        cell = offset.x - self._left - (9 if self.size.width >= 40 else 0)
        if 0 <= cell < len(strip.places):
            at = strip.events[cell] if offset.y == 1 else None
            self.post_message(self.Chosen(at or strip.places[cell], at is not None))

    def _bars(self, strip: Strip) -> Content:
        if strip.first_seen < 0:
            return self.own(strip.bars, "quiet")
        first, behind = strip.first_seen, strip.last_seen + 1
        before, seen, after = strip.bars[:first], strip.bars[first:behind], strip.bars[behind:]
        return self.own(before, "quiet") + self.own(seen, "accent") + self.own(after, "quiet")

    def _sign(self, sign: Sign | None) -> Content:
        return Content(" ") if sign is None else self.own(sign.glyph, sign.ink)


def _fitted(text: SafeStr, width: int) -> SafeStr:
    if cell_len(text) >= width:
        text = safe_text(f"{set_cell_size(text, width - 2)}…")
    return safe_text(set_cell_size(text, width))
