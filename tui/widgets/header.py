"""The first line: what this is, whose host, how many sandboxes, what time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.content import Content
from textual.reactive import reactive

from core.console import SafeStr, safe_text
from tui.widgets.ink import Inked


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the first line says."""

    host: SafeStr
    sandboxes: int = 0
    watched: int = 0
    troubled: int = 0
    page: int = 1
    pages: int = 1
    """Of panes; told when there is more than one."""
    layout: int = 0
    """How many panes a page was chosen to have; told when it was."""
    fitting: int = 0
    """How many of them there is room for."""
    now: float = 0.0
    """Seconds since the epoch, UTC."""


class Header(Inked):
    """The first line of the dashboard. What does not fit is left out, the least useful first."""

    DEFAULT_CSS = """
    Header {
        height: 1;
        padding: 0 1;
        background: $gw-raised;
    }
    """

    facts: reactive[HeaderFacts | None] = reactive(None)

    def render(self) -> Content:
        """The line, as wide as the widget."""
        facts = self.facts
        width = self.size.width
        if facts is None:
            return Content("")
        clock = f"{datetime.fromtimestamp(facts.now):%H:%M:%S}"
        for left, right in (
            (self._left(facts, "sandboxes", "watched", " in trouble"), clock),
            (self._left(facts, "sandboxes", "", " in trouble"), clock),
            (self._left(facts, "", "", " in trouble"), clock[:5]),
        ):
            line_right = self.own(right, "quiet")
            if left.cell_length + line_right.cell_length + 2 <= width:
                break
        return left.truncate(
            max(0, width - line_right.cell_length - 2), ellipsis=True, pad=True
        ) + (Content("  ") + line_right)

    def _left(self, facts: HeaderFacts, all_word: str, watched: str, trouble: str) -> Content:
        parts = [self.own("guestwatch", "accent"), Content("  "), self.ink(facts.host, "strong")]
        counts: list[Content] = []
        if all_word and facts.sandboxes:
            noun = all_word if facts.sandboxes != 1 else "sandbox"
            counts.append(self.own(f"{facts.sandboxes} {noun}", "quiet"))
        if watched and facts.sandboxes:
            counts.append(self.own(f"{facts.watched} {watched}", "quiet"))
        if watched and facts.pages > 1:
            counts.append(self.own(f"page {facts.page}/{facts.pages}", "quiet"))
        if facts.layout:
            counts.append(self.own(_layout(facts), "quiet"))
        if facts.troubled:
            counts.append(self.own(f"{facts.troubled}{trouble}", "failed"))
        if counts:
            parts += [Content("  "), self.ink(_DOT, "quiet").join(counts)]
        return Content("").join(parts)


def _layout(facts: HeaderFacts) -> str:
    said = f"layout {facts.layout}"
    return said if facts.fitting >= facts.layout else f"{said}, {facts.fitting} fit"


_DOT = safe_text(" · ")
