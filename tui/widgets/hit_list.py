"""The hits of a console, listed beside its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from core.console import Position, SafeStr, safe_text
from tui.actions.model import Where
from tui.finding.hit_rows import HitRow
from tui.widgets.ink import Inked, beside

HERE = "▸"


@dataclass(frozen=True, slots=True)
class HitFacts:
    """What the list says."""

    name: SafeStr
    """Whose console it is."""
    said: SafeStr
    """What is searched for, and how much was found."""
    rows: Sequence[HitRow]
    why_empty: SafeStr


class HitList(Inked, can_focus=True):
    """Paints the hits in sight and no others; the one at hand is among them."""

    WHERE = Where.PANE

    DEFAULT_CSS = """
    HitList {
        width: 40%;
        min-width: 24;
        max-width: 72;
        height: 1fr;
        padding: 0 1;
        background: $gw-raised;
        display: none;
    }
    """

    class Chosen(Message):
        """A hit was chosen."""

        def __init__(self, position: Position) -> None:
            super().__init__()
            self.position = position

    facts: reactive[HitFacts | None] = reactive[HitFacts | None](None)

    @property
    def page(self) -> int:
        """How many hits are in sight at most."""
        return max(1, self.size.height - 1)

    def render(self) -> Content:
        """A title, and the hits in sight."""
        width, facts = self.size.width, self.facts
        if facts is None:
            return Content("")
        tone = "accent" if self.has_focus else "quiet"
        lines = [beside(self.ink(facts.name, "strong"), self.ink(facts.said, tone), width)]
        lines += [self._row(row, width) for row in facts.rows[: self.page]]
        if not facts.rows:
            lines.append(self.ink(facts.why_empty, "quiet").truncate(width, ellipsis=True))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Tell which hit was clicked."""
        rows = () if self.facts is None else self.facts.rows
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y - 1
        if 0 <= index < len(rows):
            self.post_message(self.Chosen(rows[index].position))

    def _row(self, row: HitRow, width: int) -> Content:
        sign = self.own(HERE, "accent") if row.is_here else Content(" ")
        date = self.ink(safe_text(f"{row.date} "), "quiet") if row.date else Content("")
        before, match = row.text[: row.start], row.text[row.start : row.end]
        text = self.ink(safe_text(before, limit=4096), "plain")
        text += self.ink(safe_text(match, limit=4096), "accent")
        text += self.ink(safe_text(row.text[row.end :], limit=4096), "plain")
        line = (sign + date + text).truncate(width, ellipsis=True, pad=True)
        return self.highlighted(line) if row.is_here else line
