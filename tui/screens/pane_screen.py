"""A screen that shows consoles: what every group of keys may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.screen import Screen

from core.clock import now
from core.errors import RecordingError
from core.recording import enter_mark, remove_mark
from core.reports import Guest
from tui.actions import ACTIONS, Action
from tui.bridge import EnterMark, RemoveMark
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Prompt
from tui.widgets.timeline import TimelineStrip


class PaneScreen(Screen[None]):
    """The base of the screens with panes. Groups of keys are classes on top of it.

    Args:
        clock: seconds since the epoch, UTC.
    """

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.prompt = Prompt()
        """The line in which a person types; where it goes is the screen's affair."""
        self.timeline = TimelineStrip()
        """The shape of the recording that keys are about; as above."""

    @property
    def pane(self) -> ConsolePane | None:
        """The pane that keys are about, None when there is none."""
        raise NotImplementedError

    @property
    def panes(self) -> Sequence[ConsolePane]:
        """The panes in sight, in the order of their numbers."""
        raise NotImplementedError

    @property
    def guests(self) -> Sequence[Guest]:
        """All guests whose recordings there are, those of the panes included."""
        return ()

    def move_selection(self, rows: int, pages: int) -> bool:
        """Move what is selected in a list that has the focus; whether there is such a list."""
        return False

    def enter(self, wish: EnterMark | RemoveMark, generation: Path) -> None:
        """Enter a mark, or that one goes away, into a recording that nobody else writes.

        Args:
            wish: what to enter.
            generation: the folder of the generation that it is about.
        """
        try:
            match wish:
                case EnterMark():
                    enter_mark(generation, wish.offset, wish.note, now())
                case RemoveMark():
                    remove_mark(generation, wish.mark, now())
        except RecordingError as error:
            say(self, sentences(error.message, error.hint), severity="error")

    @property
    def actions(self) -> Sequence[Action]:
        """All it can be told to do, in the order of the help screen."""
        return ACTIONS

    def peel(self) -> bool:
        """Take away what lies above the panes, one layer a call; whether there was any."""
        return False

    def refresh_facts(self) -> None:
        """Say anew what is said around the panes."""
