"""One recording or log, in the same pane as the dashboard's and the whole window wide.

No capture is behind it and none is started: it reads files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from core.console import Position, safe_text
from core.console.place import Place
from tui.actions import Action, actions_of, keymap_of
from tui.actions.bindings import bindings
from tui.actions.footer import footer_actions
from tui.actions.model import Where
from tui.console_app import ConsoleApp
from tui.focus import focus_of, moods_of
from tui.opened.viewing import Viewing
from tui.screens.help import HelpScreen
from tui.screens.keys.alerts import AlertKeys
from tui.screens.keys.copying import CopyingKeys
from tui.screens.keys.filtering import FilteringKeys
from tui.screens.keys.finding import FindingKeys
from tui.screens.keys.going import GoingKeys
from tui.screens.keys.marks import MarkKeys
from tui.screens.keys.reading import ReadingKeys
from tui.screens.pane_screen import PaneScreen
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.footer import Footer, FooterFacts
from tui.widgets.pane_grid import BEATS_PER_S
from tui.widgets.view_header import ViewFacts, ViewHeader
from tui.widgets.view_pane import Subject, ViewPane


class _OwnKeys(PaneScreen):
    """What a view does by itself."""

    def action_peel(self) -> None:
        """Take away the top layer."""
        self.peel()

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(focus_of(self.focused), self.actions, has_states=False))


_KEYS = (
    ReadingKeys,
    GoingKeys,
    FindingKeys,
    FilteringKeys,
    MarkKeys,
    AlertKeys,
    CopyingKeys,
    _OwnKeys,
)

ACTIONS = actions_of(_KEYS, ConsoleApp)
"""All that can be done in a view."""


class ViewScreen(
    ReadingKeys, GoingKeys, FindingKeys, FilteringKeys, MarkKeys, AlertKeys, CopyingKeys, _OwnKeys
):
    """All there is to see of a recording or a log.

    Args:
        subject: what is viewed.
        viewing: it, open; closed with the screen.
        clock: seconds since the epoch, UTC.
        at: where to go first; None for the end.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    AUTO_FOCUS = ""

    def __init__(
        self,
        subject: Subject,
        viewing: Viewing,
        clock: Callable[[], float],
        *,
        at: Place | None = None,
    ) -> None:
        super().__init__(clock, id="view")
        self._subject = subject
        self._viewing = viewing
        self._at = at
        self._pane = ViewPane(subject, viewing)
        self._header = ViewHeader()
        self._footer = Footer()

    def compose(self) -> ComposeResult:
        """Header, pane, the prompt while something is asked, footer."""
        yield self._header
        yield Horizontal(self._pane, self.hit_list, id="room")
        yield self.timeline
        yield self.prompt
        yield self._footer

    def on_mount(self) -> None:
        """The pane's beat, and once a second what is said around it."""
        self._pane.begin(self.clock())
        self._pane.focus()
        self.refresh_facts()
        self.set_interval(1 / BEATS_PER_S, self._beat, name="pane")
        self.set_interval(1.0, self.refresh_facts, name="clock")
        if self._at is not None:
            # The pane has no height before the first layout.
            self.call_after_refresh(self.go_to, self._at)

    @property
    def pane(self) -> ConsolePane:
        """The one there is."""
        return self._pane

    @property
    def panes(self) -> Sequence[ConsolePane]:
        """The one there is."""
        return [self._pane]

    @property
    def actions(self) -> Sequence[Action]:
        """All that can be done in a view."""
        return ACTIONS

    @property
    def position(self) -> Position | None:
        """Where the view is held, to come back to; None while it follows the end."""
        return self._viewing.view.top

    def refresh_facts(self) -> None:
        """Say anew what is viewed."""
        viewing = self._viewing
        first, last = viewing.span
        self._header.facts = ViewFacts(
            name=safe_text(self._subject.name, limit=128),
            where=safe_text(self._subject.where, limit=4096),
            size=viewing.size,
            boots=viewing.generations if viewing.library.has_times else 1,
            first=None if first is None else first.wall,
            last=None if last is None else last.wall,
        )
        self.show_keys()

    def show_keys(self) -> None:
        """Show the keys that mean something to what has the focus."""
        focus = focus_of(self.focused)
        where = focus.where or Where.PANE
        actions = footer_actions(where, moods_of(self._pane), keymap_of(self.app), ACTIONS)
        self._footer.facts = FooterFacts([*focus.own_keys, *actions], where is Where.PROMPT)

    def action_cycle_time(self) -> None:
        """Date lines another way, where anything dates them."""
        if self._viewing.library.has_times:
            super().action_cycle_time()
        else:
            say(self, safe_text("It is not known when these lines were written."))

    def _beat(self) -> None:
        self._pane.beat(self.clock())
