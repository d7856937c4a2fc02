"""What is searched for in one console: its hits on the rows, and the way from one to the next.

Each console has a search of its own, which stays with it while its pane is hidden or
shows another one. Hits are rows of the recording, so they stay on their text.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from core.console import ConsoleLine, Position, SafeStr, TranscriptRow, safe_text
from core.search import Query
from core.search.finder import Search
from core.search.hits import Step
from tui.pane.overlay import BARE, Decor, Span

HIT = "•"
"""Beside a row that is found for what it is printed with, though that is not shown."""

HERE = "▸"
"""Beside the hit at hand."""

_QUERY_CELLS = 18
"""Of the text that is searched for on a border."""


class PaneSearch:
    """A search in one console; an overlay that shows its hits.

    Args:
        search: under way; closed with this.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self.at: Position | None = None
        """The hit at hand."""
        self.column: int | None = None
        """The first column in sight before a hit was scrolled to sideways; None before that."""
        self._revision = -1

    @property
    def query(self) -> Query:
        """What is searched for."""
        return self.search.query

    @property
    def count(self) -> int:
        """How many rows were found so far."""
        return len(self.search.hits)

    def hits_behind(self, at: Position) -> int:
        """How many of them lie at a place or behind it."""
        return self.search.hits.count_after(at)

    def first_from(self, at: Position) -> Position | None:
        """The first of them that lies at a place or behind it."""
        hits = self.search.hits
        index = hits.count_before(at)
        return hits[index] if index < len(hits) else None

    @property
    def tally(self) -> SafeStr:
        """`3/128`: which hit is at hand, and how many there are; `128+` while it counts."""
        hits, count = self.search.hits, self.count
        total = f"{count:,}{'+' if self.search.is_counting else ''}"
        if self.at is not None and self.at in hits:
            return safe_text(f"{hits.count_before(self.at) + 1:,}/{total}")
        return safe_text(total)

    @property
    def said(self) -> SafeStr:
        """What a border says of it."""
        text = safe_text(self.query.text, limit=_QUERY_CELLS)
        sort = "regex " if self.query.is_regex else ""
        if self.search.trouble:
            return safe_text(f"/{text} {self.search.trouble}")
        if not self.count and not self.search.is_counting:
            return safe_text(f"/{text} {sort}no hits")
        return safe_text(f"/{text} {sort}{self.tally}")

    def has_news(self) -> bool:
        """Whether anything is otherwise than at the last call."""
        revision = self.search.revision
        has_news, self._revision = revision != self._revision, revision
        return has_news

    def nearest(self, here: Position, *, prefers_above: bool) -> Step | None:
        """The hit to begin with; None while none was found that may be it."""
        step = self.search.hits.nearest(here, prefers_above=prefers_above)
        if step is None or not self.search.is_counting:
            return step
        is_on_that_side = step.position <= here if prefers_above else step.position >= here
        return step if is_on_that_side else None

    def next(self, here: Position) -> Step | None:
        """The hit behind a row."""
        return self.search.hits.after(here)

    def previous(self, here: Position) -> Step | None:
        """The hit before a row."""
        return self.search.hits.before(here)

    def close(self) -> None:
        """It is not searched for any more."""
        self.search.close()

    # What lies over the rows.

    @property
    def version(self) -> Hashable:
        """Another value when rows look different: other hits in sight do not change a row."""
        return self.query, self.at, self.search.error is None, self.count and None

    def decor(self, line: TranscriptRow, text: ConsoleLine) -> Decor:
        """Each hit in the row, those of the hit at hand stronger and with a sign."""
        if line.row is None or self.search.error is not None:
            return BARE
        is_here = line.position == self.at
        look = "hit-here" if is_here else "hit"
        spans = tuple(Span(start, end, look) for start, end in _spans(self.query, text.text))
        if is_here:
            return Decor(spans, HERE)
        if not spans and line.position in self.search.hits:
            return Decor(sign=HIT)
        return Decor(spans) if spans else BARE


@lru_cache(maxsize=1024)
def _spans(query: Query, text: SafeStr) -> tuple[tuple[int, int], ...]:
    return query.spans(text)
