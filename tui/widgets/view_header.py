"""The first line of a view: what is viewed, how much of it there is, and of when it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.content import Content
from textual.reactive import reactive

from core.console import SafeStr, safe_text
from tui import amounts
from tui.widgets.ink import Inked, middle_cut

_DOT = safe_text(" · ")


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """What the first line says."""

    name: SafeStr
    where: SafeStr
    """The folder or the file."""
    size: int = 0
    """Bytes."""
    boots: int = 1
    """Generations in one scroll; told when there is more than one."""
    first: float | None = None
    """When the first byte came; seconds since the epoch, UTC; None when nobody knows."""
    last: float | None = None
    """When the last one came."""


class ViewHeader(Inked):
    """The first line. What does not fit is left out, the least useful first."""

    DEFAULT_CSS = """
    ViewHeader {
        height: 1;
        padding: 0 1;
        background: $gw-raised;
    }
    """

    facts: reactive[ViewFacts | None] = reactive(None)

    def render(self) -> Content:
        """The line, as wide as the widget."""
        facts, width = self.facts, self.size.width
        if facts is None:
            return Content("")
        size = [str(amounts.size(facts.size))]
        boots = [f"{facts.boots} boots"] if facts.boots > 1 else []
        span = _span(facts)
        for told in ([*size, *boots, *span], [*size, *span], size, []):
            line = self._left(facts, told)
            if line.cell_length <= width:
                break
        room = width - line.cell_length - 2
        where = self.ink(middle_cut(facts.where, room), "quiet") if room > 0 else Content("")
        if where.cell_length < min(len(facts.where), _SHORTEST_PLACE):
            return line.truncate(width, ellipsis=True, pad=True)
        return line.truncate(width - where.cell_length, pad=True) + where

    def _left(self, facts: ViewFacts, told: list[str]) -> Content:
        parts = [self.own("guestwatch", "accent"), Content("  "), self.ink(facts.name, "strong")]
        if told:
            counts = self.ink(_DOT, "quiet").join([self.own(each, "quiet") for each in told])
            parts += [Content("  "), counts]
        return Content("").join(parts)


_SHORTEST_PLACE = 12
"""Less of a path says nothing."""


def _span(facts: ViewFacts) -> list[str]:
    """From when to when, the day only once when it is the same."""
    if facts.first is None or facts.last is None:
        return []
    first, last = datetime.fromtimestamp(facts.first), datetime.fromtimestamp(facts.last)
    until = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return [f"{first:%Y-%m-%d %H:%M:%S} – {until}"]
