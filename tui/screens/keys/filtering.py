"""Filtering the pane that keys are about."""

from __future__ import annotations

from collections.abc import Callable

from core.console import safe_text
from tui.actions import keymap_of
from tui.finding.filter_prompt import FilterPrompt
from tui.finding.filter_words import nothing_filtered
from tui.finding.filtering import Filtering, seeking
from tui.finding.filters import Filters
from tui.screens.filters import FiltersScreen
from tui.screens.pane_screen import PaneScreen
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Memory


class FilteringKeys(PaneScreen):
    """Filtering the pane that keys are about.

    Args:
        clock: seconds since the epoch, UTC.
    """

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(clock, id=id)
        self.filter_memory = Memory()
        """Patterns that were given before."""

    def peel(self) -> bool:
        """Leave the filter of the pane that has the focus, if there is one."""
        if super().peel():
            return True
        pane = self.pane
        if pane is None or not pane.has_focus or pane.viewing is None:
            return False
        if not pane.viewing.filtering.is_on:
            return False
        pane.viewing.filtering.leave()
        pane.repaint()
        return True

    def action_filter(self) -> None:
        """Ask for one more pattern."""
        self._ask_filter()

    def action_filter_level(self) -> None:
        """Ask more, or less, of a line's level."""
        found = self._filtered_pane()
        if found is not None:
            pane, filtering = found
            self._give(pane, filtering, filtering.filters.with_next_level())

    def action_more_context(self) -> None:
        """One more line around each match."""
        self._change(lambda filters: filters.with_context(1))

    def action_less_context(self) -> None:
        """One line less around each match."""
        self._change(lambda filters: filters.with_context(-1))

    def action_toggle_hiding(self) -> None:
        """Hide other lines, or only highlight matches."""
        self._change(Filters.with_hiding_turned)

    def action_drop_filter(self) -> None:
        """Take off what was added last."""
        self._change(Filters.without_last)

    def action_leave_filter(self) -> None:
        """Show all lines again."""
        self._change(lambda filters: filters.emptied)

    def action_list_filters(self) -> None:
        """List what is filtered by."""
        found = self._filtered_pane()
        if found is None:
            return
        pane, filtering = found
        if not filtering.is_on:
            self._say_unfiltered()
            return

        def edit(index: int | None) -> None:
            if index is not None:
                self._ask_filter(index)

        self.app.push_screen(FiltersScreen(filtering, pane.repaint), edit)

    def _ask_filter(self, index: int | None = None) -> None:
        found = self._filtered_pane()
        if found is not None:
            pane, filtering = found
            FilterPrompt(self.prompt, filtering, pane.repaint, self.filter_memory, index).ask()

    def _filtered_pane(self) -> tuple[ConsolePane, Filtering] | None:
        """The pane that keys are about, and its filter; None, which is said, when nothing was
        recorded."""
        pane = self.pane
        if pane is None or pane.viewing is None:
            say(self, safe_text("Nothing was recorded here that could be filtered."))
            return None
        filtering = pane.viewing.filtering
        filtering.seek = seeking(self.finder, pane.viewing.library)
        return pane, filtering

    def _change(self, change: Callable[[Filters], Filters]) -> None:
        """Change a filter that there is, or say that there is none."""
        found = self._filtered_pane()
        if found is None:
            return
        pane, filtering = found
        if filtering.is_on:
            self._give(pane, filtering, change(filtering.filters))
        else:
            self._say_unfiltered()

    def _give(self, pane: ConsolePane, filtering: Filtering, filters: Filters) -> None:
        if filters.is_empty:
            filtering.leave()
        else:
            filtering.give(filters)
        pane.repaint()

    def _say_unfiltered(self) -> None:
        say(self, nothing_filtered(keymap_of(self.app)))
