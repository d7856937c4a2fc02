"""Keys on the interleaved view; those on reading move it."""

from __future__ import annotations

from core.console import safe_text
from core.sandboxes.model import SandboxFacts
from tui.actions import ACTIONS, keymap_of
from tui.screens.keys.panes import PaneKeys
from tui.screens.pane_screen import Scrolled
from tui.states import sentences
from tui.toast import say
from tui.widgets.interleaved_pane import InterleavedPane

_MEANT = frozenset(
    {
        *("interleave", "choose-pane", "zoom", "peel", "toggle-list", "focus-pane", "next-badge"),
        *("follow", "first", "last", "line-up", "line-down", "page-up", "page-down"),
        *("half-page-up", "half-page-down", "columns-left", "columns-right", "toggle-timeline"),
        *("toggle-raw", "save-picture", "about", "help"),
    }
)
"""What means something where there are several consoles."""

_REFUSED = frozenset(action.method for action in ACTIONS if action.id not in _MEANT)


class InterleavedKeys(PaneKeys):
    """Several consoles in one pane."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Refuse what is done to one console; nobody could tell which of these is meant."""
        if action not in _REFUSED or self._interleaved is None:
            return super().check_action(action, parameters)
        keymap = keymap_of(self.app)
        opens, leaves = keymap.press("zoom"), keymap.press("interleave")
        said = f"{opens} to do that in the row's own pane. {leaves} to leave this view."
        say(self, safe_text(said))
        return False

    @property
    def scrolled(self) -> Scrolled | None:
        """The interleaved pane where it is in sight."""
        return self._interleaved or super().scrolled

    @property
    def _interleaved(self) -> InterleavedPane | None:
        """The interleaved pane, where keys are about it."""
        grid = self.stage.grid
        is_meant = grid.interleaved.is_wanted and not self.stage.list.has_focus
        return grid.interleaved if is_meant else None

    def action_interleave(self) -> None:
        """Show several consoles in one pane, or the panes again."""
        grid = self.stage.grid
        if grid.interleaved.is_wanted:
            self.action_peel()
            return
        in_sight = [pane.facts.id for pane in grid.panes if pane.facts is not None]
        ids = grid.interleaved.chosen or in_sight
        if not ids:
            say(self, sentences("no console is in sight, and none is chosen"))
            return
        self.stage.zoom(None)
        grid.interleave(ids, self._moment())
        self.refresh_facts()

    def action_choose_pane(self) -> None:
        """Choose the selected sandbox for the interleaved view, or take it out."""
        facts: SandboxFacts | None = self.roster.selected
        if facts is not None:
            interleaved = self.stage.grid.interleaved
            interleaved.choose(facts.id)
            self.stage.grid.rearrange()
            count = len(interleaved.chosen)
            press = keymap_of(self.app).press("interleave")
            say(self, sentences(f"{count} chosen to be interleaved", f"{press} to show them"))
            self.refresh_facts()

    def action_zoom(self) -> None:
        """Go from a row to where it stands in its own console."""
        interleaved = self._interleaved
        if interleaved is None:
            super().action_zoom()
            return
        current = interleaved.current
        if current is None:
            return
        sandbox_id, at = current
        self.go_to_sandbox(sandbox_id)
        self.stage.focus_selected_pane()
        pane = self.stage.grid.pane_of(sandbox_id)
        if pane is not None:
            pane.go_to(at)

    def _moment(self) -> float | None:
        """When the row came that a held view is about; None for one that follows."""
        pane = self.pane
        if pane is None or pane.following or pane.viewing is None or pane.current is None:
            return None
        instant = pane.viewing.instant(pane.current.position)
        return None if instant is None else instant.wall
