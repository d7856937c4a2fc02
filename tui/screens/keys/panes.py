"""Keys on which panes are in sight."""

from __future__ import annotations

from core.console import Position, SafeStr, safe_text
from core.sandboxes.model import SandboxFacts
from tui.actions import keymap_of
from tui.grid.badges import Kind, place_of
from tui.grid.order import Direction
from tui.opened.viewing import Viewing
from tui.roster import has_pane
from tui.screens.host_screen import HostScreen
from tui.states import sentences, why_empty
from tui.toast import say
from tui.widgets.prompt import Question


class PaneKeys(HostScreen):
    """The list, the zoom, and which pane has the focus."""

    def action_toggle_list(self) -> None:
        """Go to the list, or back to the panes."""
        if self.stage.list.has_focus:
            self.stage.leave_list()
        else:
            self.stage.call_list()

    def action_zoom(self) -> None:
        """Zoom the selected sandbox's pane, and back; from another list, to what is selected."""
        if self.enter_selection():
            return
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
        elif self.stage.grid.interleaved.is_wanted:
            self.stage.grid.interleave(None)
            self.stage.focus_selected_pane()
        elif self.stage.is_zoomed:
            self.stage.zoom(None)
        elif self.stage.grid.time_lock.is_on:
            self.stage.grid.let_go()
        else:
            self.stage.keep_focus()
        self.refresh_facts()

    def action_focus_pane(self, key: str) -> None:
        """Focus the pane with this number."""
        self.stage.grid.focus_pane(int(key))

    def action_next_layout(self) -> None:
        """Have another number of panes on a page."""
        self.stage.zoom(None)
        self.stage.grid.pages.choose_layout()
        self.stage.grid.rearrange()
        self.refresh_facts()

    def action_next_page(self) -> None:
        """Turn to the next page."""
        self._turn(1)

    def action_previous_page(self) -> None:
        """Turn a page back."""
        self._turn(-1)

    def action_move_left(self) -> None:
        """Swap with the pane to the left."""
        self._move(Direction.LEFT)

    def action_move_down(self) -> None:
        """Swap with the pane below."""
        self._move(Direction.DOWN)

    def action_move_up(self) -> None:
        """Swap with the pane above."""
        self._move(Direction.UP)

    def action_move_right(self) -> None:
        """Swap with the pane to the right."""
        self._move(Direction.RIGHT)

    def action_swap_pane(self) -> None:
        """Ask for the pane to swap with."""
        facts = self._in_sight()
        if facts is not None:
            self.prompt.ask(
                Question(
                    safe_text("swap with pane"),
                    lambda text: self._swap(facts.id, text),
                    hint=safe_text("its number · esc leaves"),
                )
            )

    def action_pin_pane(self) -> None:
        """Pin the pane, or let it go."""
        facts = self._in_sight()
        if facts is None:
            return
        grid = self.stage.grid
        pane = grid.pane_of(facts.id)
        is_pinned = pane is not None and grid.pages.order.toggle_pin(facts.id, pane.number - 1)
        grid.rearrange()
        done = "stays at its place on every page" if is_pinned else "is pinned no more"
        say(self, sentences(f"{safe_text(facts.name, limit=64)} {done}"))
        self.refresh_facts()

    def action_lock_time(self) -> None:
        """Hold the panes in sight at one moment, or let them go."""
        grid, pane = self.stage.grid, self.pane
        if grid.time_lock.is_on:
            grid.let_go()
        elif pane is not None and not grid.hold_moment(pane):
            say(self, sentences("no line in sight has a date yet"))
        self.refresh_facts()

    def action_next_badge(self) -> None:
        """Go to what nobody saw yet, the gravest first."""
        self.refresh_facts()
        found = self.stage.next_badge([facts.id for facts in self.roster.all])
        if found is None:
            say(self, sentences("nothing is new: no alert, no hit, no silence, no line"))
            return
        sandbox_id, badge = found
        alert = self.stage.badges.alert_of(sandbox_id)
        self.stage.leave_list()
        self.go_to_sandbox(sandbox_id)
        pane = self.stage.grid.pane_of(sandbox_id)
        at = None
        if badge.kind is Kind.ALERT and alert is not None:
            at = place_of(alert)
        elif badge.kind is Kind.MATCH and pane is not None and pane.viewing is not None:
            at = _first_new_hit(pane.viewing)
        if pane is not None and at is not None:
            pane.go_to(at)
        self.stage.badges.saw(sandbox_id, badge.kind)
        self.refresh_facts()

    def _turn(self, step: int) -> None:
        grid = self.stage.grid
        sandbox_id = grid.pages.beside(step, grid.zoomed)
        if sandbox_id is None:
            say(self, sentences("there is no further page"))
        else:
            self.go_to_sandbox(sandbox_id)

    def go_to_sandbox(self, sandbox_id: str) -> None:
        """Turn to a sandbox's page and select it; its pane takes the focus, but not the list's."""
        is_in_list = self.stage.list.has_focus
        if self.stage.grid.interleaved.is_wanted:
            self.stage.grid.interleave(None)
        self.roster.select(sandbox_id)
        self.refresh_facts()
        if not is_in_list:
            self.stage.focus_selected_pane()

    def _move(self, direction: Direction) -> None:
        facts = self._in_sight()
        if facts is not None and not self.stage.is_zoomed:
            moved = self.stage.grid.pages.move(facts.id, direction)
            self.stage.grid.rearrange()
            if not moved:
                say(self, sentences(f"there is no pane to swap with, {_WHERE[direction]}"))
            self.refresh_facts()

    def _swap(self, sandbox_id: str, text: str) -> SafeStr:
        number = int(text) if text.strip().isdecimal() and len(text) < 4 else 0
        grid = self.stage.grid
        pane = grid.pane_of(sandbox_id)
        if pane is None or self.stage.is_zoomed or not grid.pages.swap(pane.number, number):
            return sentences("No other pane in sight has that number")
        grid.rearrange()
        # The prompt gives the focus back to the pane that had it, which shows another now.
        self.call_later(self.go_to_sandbox, sandbox_id)
        return safe_text("")

    def _in_sight(self) -> SandboxFacts | None:
        """The sandbox of the pane that keys are about."""
        return None if self.pane is None else self.pane.facts


def _first_new_hit(viewing: Viewing) -> Position | None:
    if viewing.search is not None:
        viewing.search.at = viewing.search.first_from(viewing.counter.seen)
    return None if viewing.search is None else viewing.search.at


_WHERE = {
    Direction.LEFT: "further left",
    Direction.RIGHT: "further right",
    Direction.UP: "above",
    Direction.DOWN: "below",
}
