"""Keys on which panes are in sight."""

from __future__ import annotations

from tui.actions import keymap_of
from tui.roster import has_pane
from tui.screens.host_screen import HostScreen
from tui.states import why_empty
from tui.toast import say


class PaneKeys(HostScreen):
    """The list, the zoom, and which pane has the focus."""

    def action_toggle_list(self) -> None:
        """Go to the list, or back to the panes."""
        if self.stage.list.has_focus:
            self.stage.leave_list()
        else:
            self.stage.call_list()

    def action_zoom(self) -> None:
        """Zoom the selected sandbox's pane, and back."""
        facts = self.roster.selected
        if facts is None:
            return
        if self.stage.is_zoomed:
            self.stage.zoom(None)
        elif has_pane(facts):
            self.stage.zoom(facts.id)
        else:
            say(self, why_empty(facts, self.clock(), keymap_of(self.app)))
        self.refresh_facts()

    def action_peel(self) -> None:
        """Take away the top layer."""
        if self.peel():
            return
        if self.stage.is_list_called:
            self.stage.leave_list()
        elif self.stage.is_zoomed:
            self.stage.zoom(None)
        else:
            self.stage.keep_focus()
        self.refresh_facts()

    def action_focus_pane(self, key: str) -> None:
        """Focus the pane with this number."""
        self.stage.grid.focus_pane(int(key))
