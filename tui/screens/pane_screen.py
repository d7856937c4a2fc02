"""A screen that shows consoles: what every group of keys may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from textual import on
from textual.binding import Binding, BindingsMap
from textual.screen import Screen

from core.clock import now
from core.errors import RecordingError
from core.recording import enter_mark, remove_mark
from core.reports import Guest
from core.sandboxes.model import SandboxFacts
from core.search.finder import Finder
from tui.actions import ACTIONS, Action, keymap_of
from tui.actions.bindings import bindings
from tui.actions.keymap import FIXED
from tui.actions.model import OwnKey
from tui.bridge import EnterMark, RemoveMark
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.footer import Footer
from tui.widgets.hit_list import HitList
from tui.widgets.prompt import Prompt
from tui.widgets.timeline import TimelineStrip


class Scrolled(Protocol):
    """What keys on reading move."""

    def scroll_rows(self, n: int) -> None:
        """Scroll by rows, down when positive."""

    def scroll_pages(self, n: int) -> None:
        """Scroll by panes full, down when positive."""

    def scroll_half_pages(self, n: int) -> None:
        """Scroll by halves of a pane, down when positive."""

    def scroll_columns(self, n: int) -> None:
        """Scroll sideways by cells, right when positive."""

    def go_home(self) -> None:
        """Go to the first row there is."""

    def go_end(self) -> None:
        """Go to the last row and follow."""

    def follow(self) -> None:
        """Keep the last row in sight."""

    def toggle_raw(self) -> None:
        """Show lines as the guest wrote them, or not."""


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
        self.hit_list = HitList()
        """What was found in it; as above."""
        self.finder = Finder()
        """Searches recordings; whoever runs the screen runs it beside."""

    def on_mount(self) -> None:
        """Take the keys that the person has chosen."""
        # Textual's own keymap cannot take a key away. What it binds on every screen is
        # in the registry too, so that only what is fixed stays.
        fixed = [
            binding for binding in Binding.make_bindings(Screen.BINDINGS) if binding.key in FIXED
        ]
        self._bindings = BindingsMap([*bindings(self.actions, keymap_of(self.app)), *fixed])

    @property
    def pane(self) -> ConsolePane | None:
        """The pane that keys are about, None when there is none."""
        raise NotImplementedError

    @property
    def scrolled(self) -> Scrolled | None:
        """What keys on reading move: as a rule the pane that keys are about."""
        return self.pane

    @property
    def panes(self) -> Sequence[ConsolePane]:
        """The panes in sight, in the order of their numbers."""
        raise NotImplementedError

    @property
    def guests(self) -> Sequence[Guest]:
        """All guests whose recordings there are, those of the panes included."""
        return ()

    @property
    def facts(self) -> Sequence[SandboxFacts]:
        """What capture told of all sandboxes; nothing where there is no capture."""
        return ()

    def move_selection(self, rows: int, pages: int) -> bool:
        """Move what is selected in a list that has the focus; whether there is such a list."""
        return False

    def enter_selection(self) -> bool:
        """Go to what is selected in a list that has the focus; whether there is such a list."""
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

    def show_keys(self) -> None:
        """Show the keys that mean something to what has the focus."""

    def on_descendant_focus(self) -> None:
        """Other keys mean something now."""
        self.show_keys()

    def on_descendant_blur(self) -> None:
        """Other keys mean something now."""
        self.show_keys()

    @on(ConsolePane.FollowChanged)
    def _follow_following(self) -> None:
        self.show_keys()

    @on(Footer.Pressed)
    async def _follow_footer(self, message: Footer.Pressed) -> None:
        match message.what:
            case Action(method=method):
                await self.run_action(method)
            case OwnKey(key=key):
                # Posted by this screen, it would come back here and be taken for done.
                self.app.call_later(self.app.simulate_key, key)
