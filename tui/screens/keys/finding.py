"""Searching the pane that keys are about, or all panes in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.console import Position, SafeStr, safe_text
from core.errors import BadQuery
from core.search import Query
from tui.finding.search import PaneSearch
from tui.opened.viewing import Viewing
from tui.pane.view import Note
from tui.screens.keys.hits import HitKeys
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Memory, Question

_NOTHING = safe_text("")


class _Asked(NamedTuple):
    """Whose search is being typed, and what was searched for in each before."""

    viewings: Sequence[Viewing]
    before: Sequence[tuple[Query, Position | None] | None]


class FindingKeys(HitKeys):
    """Searching. Each console has a search of its own, which stays with it."""

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(clock, id=id)
        self._queries = Memory()
        self._is_regex = False
        self._asked: _Asked | None = None
        self._leaping: Viewing | None = None
        """Where the nearest hit is still to be gone to."""

    # What is searched for.

    def action_search(self) -> None:
        """Ask what to search the pane for."""
        pane = self.pane
        self._ask_query(safe_text("search"), [] if pane is None else [pane])

    def action_search_all(self) -> None:
        """Ask what to search all panes in sight for."""
        first = self.pane
        others = [pane for pane in self.panes if pane is not first]
        self._ask_query(safe_text("search all"), others if first is None else [first, *others])

    def _ask_query(self, label: SafeStr, panes: Sequence[ConsolePane]) -> None:
        viewings = [pane.viewing for pane in panes if pane.viewing is not None]
        if not viewings:
            say(self, safe_text("There is nothing to search yet"))
            return
        searches = [viewing.search for viewing in viewings]
        before = [None if each is None else (each.query, each.at) for each in searches]
        question = Question(
            label,
            self._take_query,
            change=self._change_query,
            drop=self._drop_query,
            keys={"ctrl+r": self._toggle_regex},
            memory=self._queries,
        )
        self.finder.prepare()
        self.prompt.ask(question)
        self._asked = _Asked(viewings, before)
        self._say_sort()
        self.begin_beat()

    def _change_query(self, text: str) -> None:
        trouble = self._look_for(Query(text, self._is_regex))
        if trouble:
            self.prompt.explain(trouble)
        self._say_sort()

    def _take_query(self, text: str) -> SafeStr:
        asked = self._asked
        if asked is None:
            return _NOTHING
        trouble = self._look_for(Query(text, self._is_regex))
        if trouble:
            return trouble
        self._asked = None
        if text:
            self._leaping = asked.viewings[0]
            self.beat_hits()
        return _NOTHING

    def _drop_query(self) -> None:
        """Search for what was searched for before."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        for viewing, before in zip(asked.viewings, asked.before, strict=True):
            if before is None:
                self.look_for(viewing, None)
            elif viewing.search is None or viewing.search.query != before[0]:
                self.look_for(viewing, before[0], before[1])

    def _toggle_regex(self) -> None:
        self._is_regex = not self._is_regex
        self.prompt.explain(_NOTHING)
        self._change_query(self.prompt.text)

    def _look_for(self, query: Query) -> SafeStr:
        """Search for it where it was asked for; what is wrong with it."""
        try:
            query.check()
        except BadQuery as error:
            trouble = sentences(f"{error.message[:1].upper()}{error.message[1:]}", error.hint)
            query = Query("")
        else:
            trouble = _NOTHING
        for viewing in () if self._asked is None else self._asked.viewings:
            known = viewing.search
            if query.text and known is not None and known.query == query:
                continue
            self.look_for(viewing, query if query.text else None)
        return trouble

    def look_for(self, viewing: Viewing, query: Query | None, at: Position | None = None) -> None:
        """Search a console for something else, or for nothing.

        Args:
            viewing: the console's.
            query: what for; it was checked. None to search no more.
            at: the hit at hand.
        """
        column = None if viewing.search is None else viewing.search.column
        if query is None:
            viewing.find(None)
            if column is not None:
                # Where hits lie is no place to go on reading.
                viewing.view.column = column
        else:
            top = viewing.view.top
            near = None if top is None else (top.generation, max(0, top.offset))
            search = PaneSearch(self.finder.search(viewing.library.place, query, near))
            search.at, search.column = at, column
            viewing.find(search)
        self._repaint(viewing)

    def _say_sort(self) -> None:
        sort, other = ("regex", "literal") if self._is_regex else ("literal", "regex")
        search = None if self._asked is None else self._asked.viewings[0].search
        found = f"{search.tally} · " if search is not None else ""
        self.prompt.say_hint(safe_text(f"{found}{sort} · ctrl+r {other}"))

    # From hit to hit.

    def action_next_hit(self) -> None:
        """Go to the next hit."""
        self._step(is_forward=True)

    def action_previous_hit(self) -> None:
        """Go to the hit before."""
        self._step(is_forward=False)

    def _step(self, *, is_forward: bool) -> None:
        if self.searched is None:
            say(self, safe_text("This pane is not searched. / searches it."))
            return
        pane, viewing, search = self.searched
        self._leaping = None
        here = _here(pane, viewing, search, is_forward=is_forward)
        step = search.next(here) if is_forward else search.previous(here)
        if step is None:
            still = (
                "No hit yet; still searching" if search.search.is_counting else "There is no hit"
            )
            say(self, safe_text(still))
            return
        self.leap(pane, search, step)
        if step.wrapped:
            edge = "top" if is_forward else "bottom"
            rest = ", before all is searched" if search.search.is_counting else ""
            say(self, safe_text(f"Wrapped to the {edge}{rest}"))

    # What was found meanwhile.

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for what is found."""
        return self._leaping is not None or self._asked is not None or super().is_waiting

    def beat_hits(self) -> None:
        """Show what was found since the last beat, and go to what was waited for."""
        if self._leaping is not None:
            self._leap_to_nearest(self._leaping)
        if self._asked is not None:
            self._say_sort()
        super().beat_hits()

    def _leap_to_nearest(self, viewing: Viewing) -> None:
        search, pane = viewing.search, self._shown_by(viewing)
        if search is None or pane is None:
            self._leaping = None
            return
        is_following = viewing.view.is_following
        here = viewing.view.last if is_following else viewing.view.top or viewing.view.last
        step = search.nearest(here, prefers_above=is_following)
        if step is not None:
            self._leaping = None
            self.leap(pane, search, step)
        elif not search.search.is_counting:
            self._leaping = None
            say(self, safe_text(f"There is no hit for {search.query.text}"))

    def peel(self) -> bool:
        """Put the list of hits away; then search no more."""
        if super().peel():
            return True
        if self.searched is None:
            return False
        self.look_for(self.searched[1], None)
        return True

    def _shown_by(self, viewing: Viewing) -> ConsolePane | None:
        return next((pane for pane in self.panes if pane.viewing is viewing), None)

    def _repaint(self, viewing: Viewing) -> None:
        pane = self._shown_by(viewing)
        if pane is not None:
            pane.repaint()


def _here(pane: ConsolePane, viewing: Viewing, search: PaneSearch, *, is_forward: bool) -> Position:
    """From where a step leads on: the hit or the row at hand if it is in sight, else the view."""
    lines = viewing.lines(pane.height)
    places = [line.position for line in lines if not isinstance(line, Note)]
    for at in (search.at, viewing.cursor.at):
        if at is not None and at in places:
            return at
    if pane.following or not places:
        return viewing.view.last
    # A hit on the first row in sight is one, too.
    return places[0].above if is_forward else places[0]
