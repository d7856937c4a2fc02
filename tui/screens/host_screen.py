"""A screen on the sandboxes of a host: what is known of them, and what may be wished for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.reports import Guest
from core.sandboxes.model import SandboxFacts
from tui.bridge import EnterMark, RemoveMark, Wish
from tui.roster import Roster
from tui.screens.pane_screen import PaneScreen
from tui.widgets.console_pane import ConsolePane
from tui.widgets.stage import Stage


class HostScreen(PaneScreen):
    """The base of the dashboard's own groups of keys.

    Args:
        clock: seconds since the epoch, UTC.
        wish: takes what capture is asked for.
    """

    def __init__(
        self, clock: Callable[[], float], wish: Callable[[Wish], None], *, id: str | None = None
    ) -> None:
        super().__init__(clock, id=id)
        self.wish = wish
        self.roster = Roster()
        self.stage = Stage(clock)

    @property
    def pane(self) -> ConsolePane | None:
        """The focused pane, or else the selected sandbox's."""
        return self.stage.pane

    @property
    def panes(self) -> Sequence[ConsolePane]:
        """The panes in sight, in the order of their numbers."""
        return self.stage.grid.panes

    def enter(self, wish: EnterMark | RemoveMark, generation: Path) -> None:
        """Have capture enter it, which knows the recordings it writes."""
        self.wish(wish)

    @property
    def guests(self) -> Sequence[Guest]:
        """All sandboxes of which something was recorded."""
        return [
            Guest(facts.name, facts.family or facts.spec.family, Path(facts.recordings))
            for facts in self.roster.all
            if facts.recordings
        ]

    @property
    def facts(self) -> Sequence[SandboxFacts]:
        """What capture told of all sandboxes."""
        return self.roster.all

    def move_selection(self, rows: int, pages: int) -> bool:
        """Select another sandbox, if the list has the focus."""
        if self.focused is not self.stage.list:
            return super().move_selection(rows, pages)
        if self.roster.move(rows + pages * self.stage.list.page):
            self.refresh_facts()
        return True
