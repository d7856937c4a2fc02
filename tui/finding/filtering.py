"""One sandbox's filter at work: which rows its pane shows, and what is said of that.

The search goes on elsewhere. Here it is begun, its matches are shown as they come, and
when the filter goes the pane is back where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from core.console import ConsoleLine, Position, SafeStr, Script, TranscriptRow, safe_text
from core.console.filtered import Filtered, Matches
from core.errors import RecordingError
from core.search.finder import Finder, Search
from core.search.hits import Hits
from core.search.sieve import Sieve
from tui.amounts import size as amount
from tui.finding.filters import Filters, Term
from tui.opened.library import Library
from tui.pane.overlay import BARE, Decor, Span
from tui.pane.view import PaneView, Stand

_PATIENCE = 4
"""Looks for matches before an empty pane is shown: most searches have some by then."""

MATCH = "▌"
CONTEXT = "┆"


class Sought(Protocol):
    """A search under way, which goes on by itself as the guest writes."""

    @property
    def matches(self) -> Matches:
        """The rows found so far."""

    @property
    def rows(self) -> int:
        """How many rows were searched so far."""

    @property
    def is_complete(self) -> bool:
        """Whether all that was there when it began was searched."""

    @property
    def trouble(self) -> SafeStr:
        """Why nothing more will be found; empty while it goes on."""

    def close(self) -> None:
        """Search no further. Harmless twice."""


Seek = Callable[[Sieve, Position | None], Sought]
"""Begins a search; the position is where a person looks, and wants matches from first."""


class Sifted:
    """A search in the search process, and its own matches.

    Args:
        search: for a sieve; closed with this.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._completed: Hits | None = None

    @property
    def matches(self) -> Matches:
        """The rows found so far, also when the process had to begin anew."""
        return self

    def __len__(self) -> int:
        return len(self._search.hits)

    def __getitem__(self, index: int) -> Position:
        return self._search.hits[index]

    def count_before(self, position: Position) -> int:
        """How many matches are before a position."""
        return self._search.hits.count_before(position)

    @property
    def rows(self) -> int:
        """How many rows were searched so far."""
        return self._search.rows

    @property
    def is_complete(self) -> bool:
        """Whether all that there was when it began was searched."""
        if not self._search.is_counting:
            self._completed = self._search.hits
        return self._completed is self._search.hits

    @property
    def trouble(self) -> SafeStr:
        """Why nothing more will be found."""
        error = self._search.error
        return safe_text(self._search.trouble if error is None else error.message)

    def close(self) -> None:
        """Search no further."""
        self._search.close()


def seeking(finder: Finder, library: Library) -> Seek:
    """Searches what a library has, in the search process."""

    def seek(sieve: Sieve, near: Position | None) -> Sought:
        at = None if near is None else (near.generation, max(0, near.offset))
        return Sifted(finder.sift(library.place, sieve, at))

    return seek


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """What a pane's border says of its filter."""

    chips: tuple[SafeStr, ...]
    count: SafeStr
    """How many rows match of how many, such as `12 of 4,031`; a `+` while that is not all."""


class Filtering:
    """The filter of one viewing; also the overlay that shows what matches.

    Args:
        view: scrolls through what passes.
        script: all rows.
        dressed: puts between rows what is shown however they are filtered.
    """

    def __init__(
        self,
        view: PaneView,
        script: Script,
        dressed: Callable[[Script], Script] = lambda script: script,
    ) -> None:
        self._view = view
        self._script = script
        self.seek: Seek | None = None
        """Begins a search; there has to be one before anything is filtered."""
        self._dressed = dressed
        self._filters = Filters()
        self._last = Filters()
        self._draft: Term | None = None
        self._sought: Sought | None = None
        self._older: Sought | None = None
        self._waits = 0
        self._sieve = Sieve()
        self._filtered: Filtered | None = None
        self._before: Stand | None = None
        self._told: Hashable = None

    @property
    def filters(self) -> Filters:
        """What was given, without what is still being typed."""
        return self._filters

    @property
    def is_on(self) -> bool:
        """Whether anything is filtered, by something given or being typed."""
        return self._sought is not None

    @property
    def hides(self) -> bool:
        """Whether rows are hidden."""
        return self.is_on and self._filters.hides

    def hides_at(self, at: Position) -> bool:
        """Whether the row at `at` is hidden."""
        if self._filtered is None or not self._filters.hides:
            return False
        try:
            return not any(line.position == at for line in self._filtered.forward(at, 1))
        except RecordingError:
            # The pane says so.
            return False

    @property
    def rows(self) -> Script:
        """The rows that are in the scroll, without what is shown between them."""
        return self._filtered if self.hides and self._filtered is not None else self._script

    def matches_between(self, first: Position, last: Position) -> int | None:
        """How many rows match from `first` to `last`; None where no row is hidden."""
        if not self.hides or self._sought is None:
            return None
        matches = self._sought.matches
        at_last = last._replace(offset=last.offset + 1)
        return matches.count_before(at_last) - matches.count_before(first)

    @property
    def last(self) -> Filters:
        """What was filtered by before it was left."""
        return self._last

    def give(self, filters: Filters) -> None:
        """Filter by this from now on; by nothing, when it is empty."""
        self.try_out(filters, None)

    def try_out(self, filters: Filters, draft: Term | None) -> None:
        """Filter by this, and by a pattern that is still being typed; None for none."""
        self._filters = filters
        self._draft = draft
        self._apply()

    def leave(self) -> None:
        """Show all rows, where they stood before anything was filtered."""
        if not self._filters.is_empty:
            self._last = self._filters
        self.give(self._filters.emptied)

    def close(self) -> None:
        """End the search. Harmless twice."""
        for sought in (self._sought, self._older):
            if sought is not None:
                sought.close()
        self._older = None

    def _apply(self) -> None:
        shown = self._shown
        if shown.is_empty:
            self.close()
            self._sought = self._filtered = None
            self._sieve, self._waits = Sieve(), 0
            if self._before is not None:
                self._view.read(self._dressed(self._script), self._before)
                self._before = None
            return
        if self._before is None:
            self._before = self._view.stand
        if self._sought is None or shown.sieve != self._sieve:
            if self._waits and self._sought is not None:
                self._sought.close()
            else:
                self._older = self._sought
            self._sieve = shown.sieve
            assert self.seek is not None
            self._sought = self.seek(shown.sieve, self._view.top)
            self._waits = _PATIENCE
        elif not self._waits:
            self._show(self._sought)

    def _show(self, sought: Sought) -> None:
        """Show what was found in the place of what an earlier search found."""
        if self._older is not None:
            self._older.close()
        self._older, self._waits = None, 0
        self._filtered = Filtered(self._script, sought.matches, gap_text, self._shown.context)
        rows = self._filtered if self._filters.hides else self._script
        self._view.read(self._dressed(rows))

    @property
    def _shown(self) -> Filters:
        return self._filters.with_term(self._draft)

    # What is said of it.

    def poll(self) -> bool:
        """Show what was found; whether more is known than at the last call."""
        sought = self._sought
        if sought is None:
            return False
        if self._waits:
            self._waits -= 1
            if not self._waits or sought.is_complete or len(sought.matches):
                self._show(sought)
        telling = (len(sought.matches), sought.rows, sought.is_complete, sought.trouble)
        is_news, self._told = telling != self._told, telling
        return is_news

    def settle(self, height: int) -> None:
        """Hold the view where it is, once no more matches come from what is there."""
        if self._sought is not None and self._sought.is_complete and not self._waits:
            self._view.settle(height)

    @property
    def facts(self) -> FilterFacts | None:
        """What a border says; None while nothing is filtered."""
        sought = self._sought
        if sought is None:
            return None
        more = "" if sought.is_complete else "+"
        count = f"{len(sought.matches):,}{more} of {sought.rows:,}{more}"
        return FilterFacts(self._shown.chips, safe_text(count))

    @property
    def trouble(self) -> SafeStr:
        """Why what passes cannot be found; empty when it can."""
        sought = self._sought
        if sought is None or not sought.trouble:
            return safe_text("")
        return safe_text(f"The filter finds nothing more: {sought.trouble}")

    def why_empty(self, remedy: SafeStr) -> SafeStr:
        """Why a filtered pane has no row to show; empty when it is not filtered.

        Args:
            remedy: what to do about it.
        """
        sought = self._sought
        if sought is None or self._waits or not self.hides or len(sought.matches):
            return safe_text("")
        if sought.trouble:
            return safe_text(f"{self.trouble}. {remedy}")
        if not sought.is_complete:
            return safe_text(f"No line matches so far. {sought.rows:,} lines searched. {remedy}")
        return safe_text(f"No line matches. {remedy}")

    # What lies over the rows.

    @property
    def version(self) -> Hashable:
        """Changes with the filter and with every match."""
        sought = self._sought
        return None if sought is None else (self._shown, len(sought.matches))

    def decor(self, line: TranscriptRow, text: ConsoleLine) -> Decor:
        """A sign beside each match, what matched in it, and other rows dimmed."""
        if self._filtered is None or line.row is None:
            return BARE
        if self._filtered.is_match(line.position):
            spans = [
                Span(start, end, "kept")
                for query in self._sieve.includes
                for start, end in query.spans(text.text)
            ]
            return Decor(tuple(spans), MATCH, "kept")
        if not self._filters.hides:
            return BARE
        return Decor((Span(0, len(text.text), "context"),), CONTEXT, "gutter")


def gap_text(rows: int | None, size: int | None, seam: SafeStr) -> SafeStr:
    """What stands in the place of rows that are hidden."""
    if rows is not None:
        return safe_text(f"⋯ {rows:,} line{'' if rows == 1 else 's'}")
    if seam:
        return safe_text(f"⋯ {seam}")
    return safe_text(f"⋯ {amount(size)}" if size is not None else "⋯")
