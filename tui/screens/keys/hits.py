"""The hits of a search: going to one, and their list beside the text."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual import on
from textual.timer import Timer

from core.console import safe_text
from core.search.hits import Step
from tui.actions import keymap_of
from tui.finding.filter_words import hidden_hit
from tui.finding.hit_rows import HitRows, text_at
from tui.finding.search import PaneSearch
from tui.opened.viewing import Viewing
from tui.screens.pane_screen import PaneScreen
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.hit_list import HitFacts, HitList

BEAT_S = 1 / 15
"""How often it is looked what was found, while somebody waits for it."""

_NOTHING = safe_text("")


class HitKeys(PaneScreen):
    """Going from hit to hit in their list; searching is on top of it."""

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(clock, id=id)
        self._hit_rows: tuple[PaneSearch, HitRows] | None = None
        self._beating: Timer | None = None

    @property
    def searched(self) -> tuple[ConsolePane, Viewing, PaneSearch] | None:
        """The pane that keys are about and its search; None when it has none."""
        pane = self.pane
        viewing = None if pane is None else pane.viewing
        search = None if viewing is None else viewing.search
        if pane is None or viewing is None or search is None:
            return None
        return pane, viewing, search

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for what is found."""
        return self.hit_list.display

    def begin_beat(self) -> None:
        """Look what is found, for as long as somebody waits for it."""
        if self._beating is None:
            self._beating = self.set_interval(BEAT_S, self.beat_hits, name="hits")

    def beat_hits(self) -> None:
        """Show what was found since the last beat."""
        self.show_hits()
        if not self.is_waiting and self._beating is not None:
            self._beating.stop()
            self._beating = None

    def leap(self, pane: ConsolePane, search: PaneSearch, step: Step) -> None:
        """Go to a hit."""
        search.at = step.position
        text = None if pane.viewing is None else text_at(pane.viewing, step.position)
        spans = () if text is None else search.query.spans(text)
        pane.go_to(step.position, spans[0][0] if spans else 0)
        if text is not None and spans and pane.viewing is not None:
            start, end = spans[0]
            if search.column is None:
                search.column = pane.viewing.view.column
            _show_cells(pane, cell_len(text[:start]), cell_len(text[:end]))
        self.show_hits()
        if pane.viewing is not None and pane.viewing.filtering.hides_at(step.position):
            say(self, hidden_hit(keymap_of(self.app)))

    # The list beside the text.

    def action_toggle_hits(self) -> None:
        """List the hits beside the text, or put the list away."""
        if self.hit_list.display:
            self._put_hits_away()
            return
        self.hit_list.display = True
        self.begin_beat()
        self.show_hits()
        self.hit_list.focus()

    def move_selection(self, rows: int, pages: int) -> bool:
        """Go to another hit, if their list has the focus."""
        if not self.hit_list.has_focus:
            return super().move_selection(rows, pages)
        pane = self.pane
        viewing = None if pane is None else pane.viewing
        search = None if viewing is None else viewing.search
        if pane is not None and search is not None and search.count:
            hits, count = search.search.hits, search.count
            at = count - 1 if search.at is None else hits.count_before(search.at)
            at = max(0, min(count - 1, at + rows + pages * self.hit_list.page))
            self.leap(pane, search, Step(at, hits[at], wrapped=False))
        return True

    def enter_selection(self) -> bool:
        """Go from the list of hits to the text, if it has the focus."""
        if not self.hit_list.has_focus or self.pane is None:
            return super().enter_selection()
        self.pane.focus()
        return True

    def peel(self) -> bool:
        """Put the list of hits away."""
        if not self.hit_list.display:
            return super().peel()
        self._put_hits_away()
        return True

    def _put_hits_away(self) -> None:
        if self.hit_list.has_focus and (pane := self.pane) is not None:
            pane.focus()
        self.hit_list.display = False

    def show_hits(self) -> None:
        """Say in the list what is found in the pane that keys are about."""
        if not self.hit_list.display:
            return
        pane = self.pane
        viewing = None if pane is None else pane.viewing
        search = None if viewing is None else viewing.search
        name = _NOTHING if pane is None or pane.facts is None else safe_text(pane.facts.name)
        if viewing is None or search is None:
            why = safe_text("This pane is not searched")
            self.hit_list.facts = HitFacts(name, _NOTHING, (), why)
            return
        if self._hit_rows is None or self._hit_rows[0] is not search:
            self._hit_rows = (search, HitRows(viewing, search))
        width = self.hit_list.size.width
        rows = self._hit_rows[1].around(search.at, self.hit_list.page, max(16, width - 10))
        why = safe_text("Still searching" if search.search.is_counting else "No hits")
        self.hit_list.facts = HitFacts(name, search.said, tuple(rows), why)

    @on(HitList.Chosen)
    def _follow_hit(self, message: HitList.Chosen) -> None:
        pane = self.pane
        viewing = None if pane is None else pane.viewing
        search = None if viewing is None else viewing.search
        if pane is not None and search is not None:
            number = search.search.hits.count_before(message.position)
            self.leap(pane, search, Step(number, message.position, wrapped=False))


def _show_cells(pane: ConsolePane, start: int, end: int) -> None:
    """Scroll sideways, if need be, until these cells of a row are in sight."""
    viewing, painter = pane.viewing, pane.painter
    if viewing is None or painter is None or viewing.is_wrapped:
        return
    column, width = viewing.view.column, painter.setting.text_width
    if start < column or end > column + width - 1:
        target = 0 if end < width else start - width // 3
        pane.scroll_columns(target - column)
