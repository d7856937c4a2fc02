"""The rows of a list of hits: only those in sight are read, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from core.console import Position, SafeStr, safe_text
from core.errors import RecordingError
from tui.finding.search import PaneSearch
from tui.opened.viewing import Viewing

_KEPT = 512

_BEFORE = 10
"""Characters before a match that far to the right that its row is shown from there on."""


class HitRow(NamedTuple):
    """One hit of the list."""

    position: Position
    date: SafeStr
    """Local time of day; empty where it is not known."""
    text: SafeStr
    """The row, from a little before the match on where that is far to the right."""
    start: int
    """Characters of `text` before the match."""
    end: int
    is_here: bool
    """Whether it is the hit at hand."""


class HitRows:
    """Makes the rows that a list shows of one console's hits."""

    def __init__(self, viewing: Viewing, search: PaneSearch) -> None:
        self._viewing = viewing
        self._search = search
        self._kept: dict[Position, HitRow] = {}

    def around(self, at: Position | None, height: int, room: int) -> Sequence[HitRow]:
        """The hits in sight.

        Args:
            at: what is to be in the middle; None for the last ones.
            height: rows.
            room: characters of a text that there is room for.
        """
        hits = self._search.search.hits
        count = len(hits)
        index = count if at is None else hits.count_before(at)
        first = max(0, min(index - height // 2, count - height))
        found = [self._row(position, room) for position in hits.window(first, height)]
        return [row for row in found if row is not None]

    def _row(self, position: Position, room: int) -> HitRow | None:
        known = self._kept.get(position)
        if known is None:
            known = self._make(position, room)
            if known is None:
                return None
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            if known.date:
                self._kept[position] = known
        return known._replace(is_here=position == self._search.at)

    def _make(self, position: Position, room: int) -> HitRow | None:
        viewing, query = self._viewing, self._search.query
        text = text_at(viewing, position)
        if text is None:
            return None
        spans = query.spans(text)
        start, end = spans[0] if spans else (0, 0)
        cut = max(0, start - _BEFORE) if end > room else 0
        instant = viewing.instant(position)
        date = "" if instant is None else f"{datetime.fromtimestamp(instant.wall):%H:%M:%S}"
        shown = safe_text(text[cut : cut + 4 * room], limit=4 * room)
        return HitRow(position, safe_text(date), shown, start - cut, end - cut, False)


def text_at(viewing: Viewing, position: Position) -> SafeStr | None:
    """What the row there shows; None when it was dropped and that is not told yet."""
    try:
        found = viewing.transcript.forward(position, 1)
    except RecordingError:
        return None
    if not found or found[0].row is None or found[0].position != position:
        return None
    return viewing.look.of(found[0].row.data).text
