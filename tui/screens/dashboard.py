"""The dashboard: it takes facts from the bridge, shows them, and does what keys ask for.

The selected sandbox and the focused pane go together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from core.console import SafeStr, safe_text
from core.session import EMPTY, Session, Value
from tui.actions import keymap_of
from tui.actions.bindings import bindings
from tui.actions.footer import Mood, footer_actions
from tui.actions.model import Where
from tui.bridge import CaptureLost, Listed, SandboxTold, TrafficTold, Wish, WishRefused
from tui.finding.filtering import seeking
from tui.focus import focus_of, moods_of
from tui.opened.remembered import Memory, filters_of, query_of, recall_pages, remember_pages
from tui.opened.viewing import Viewing
from tui.roster import has_pane, is_running
from tui.screens.help import HelpScreen
from tui.screens.keys.alerts import AlertKeys
from tui.screens.keys.copying import CopyingKeys
from tui.screens.keys.filtering import FilteringKeys
from tui.screens.keys.finding import FindingKeys
from tui.screens.keys.going import GoingKeys
from tui.screens.keys.interleaved import InterleavedKeys
from tui.screens.keys.marks import MarkKeys
from tui.screens.keys.reading import ReadingKeys
from tui.screens.keys.sandboxes import SandboxKeys
from tui.states import sentences
from tui.toast import say
from tui.widgets.footer import Footer, FooterFacts
from tui.widgets.header import Header, HeaderFacts
from tui.widgets.notice import Notice
from tui.widgets.pane_grid import PaneGrid
from tui.widgets.sandbox_list import SandboxList

REFRESH_S = 0.05
"""How long facts wait for others, so that a thousand sandboxes changing cost a few refreshes."""


class DashboardScreen(
    SandboxKeys,
    InterleavedKeys,
    ReadingKeys,
    GoingKeys,
    FindingKeys,
    FilteringKeys,
    MarkKeys,
    AlertKeys,
    CopyingKeys,
):
    """All there is to see of a host.

    Args:
        host: whose sandboxes these are.
        clock: seconds since the epoch, UTC.
        wish: takes what capture is asked for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012  # as Textual's
        (0, "-normal"),
        (110, "-wide"),
        (170, "-huge"),
    ]
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012
        (0, "-low"),
        (32, "-tall"),
    ]

    def __init__(
        self, host: SafeStr, clock: Callable[[], float], wish: Callable[[Wish], None]
    ) -> None:
        super().__init__(clock, wish, id="dashboard")
        self._memory = Memory({})
        self._session = EMPTY
        self._host = host
        self._is_stale = False
        self._was_in_pane = False
        self._header = Header()
        self._notice = Notice()
        self._footer = Footer()

    def compose(self) -> ComposeResult:
        """Header, list and panes, the prompt while something is asked, footer."""
        yield self._header
        yield self._notice
        yield Horizontal(self.stage, self.hit_list, id="room")
        yield self.timeline
        yield self.prompt
        yield self._footer

    def on_mount(self) -> None:
        """One tick a second: what is silent grows more silent."""
        self.refresh_facts()
        self.set_interval(1.0, self.refresh_facts, name="clock")

    @property
    def is_settled(self) -> bool:
        """Whether capture has told which sandboxes there are, and all it told is shown."""
        return self.roster.is_known and not self._is_stale

    # How it was left, and how it is.

    def take_up(self, session: Session) -> None:
        """Begin where a dashboard was left; call it before it runs."""
        self._session = session
        self._memory = Memory(session.sandboxes)
        viewings = self.stage.grid.viewings
        viewings.on_made = self._take_up_console
        viewings.on_closing = self._memory.put_down

    def _take_up_console(self, sandbox_id: str, viewing: Viewing) -> None:
        self._memory.take_up(sandbox_id, viewing)
        record, go_back = self._memory.record_of(sandbox_id), viewing.on_opened
        query, filters = query_of(record), filters_of(record)

        def begin() -> None:
            # The place first: what a filter hides cannot be gone to.
            if go_back is not None:
                go_back()
            if not filters.is_empty:
                viewing.filtering.seek = seeking(self.finder, viewing.library)
                viewing.filtering.give(filters)
            if query is not None:
                self.look_for(viewing, query)

        viewing.on_opened = begin

    def put_down(self) -> Session:
        """How it was left; call it when it does not run any more."""
        selected = self.roster.selected
        grid = self.stage.grid
        layout: dict[str, Value] = {"zoomed": grid.zoomed or "", **remember_pages(grid.pages)}
        if self.wants_timeline is not None:
            layout["timeline"] = self.wants_timeline
        if self._was_in_pane:
            layout["focus"] = "pane"
        return Session(
            selected=selected.id if selected else self._session.selected,
            layout=layout,
            sandboxes=self._memory.records,
        )

    def _go_back(self) -> None:
        """Select and zoom what was, now that it is known which sandboxes there are."""
        layout = self._session.layout
        recall_pages(self.stage.grid.pages, layout)
        self.roster.select(self._session.selected)
        timeline = layout.get("timeline")
        self.wants_timeline = timeline if isinstance(timeline, bool) else None
        self.refresh_facts()
        selected = self.roster.selected
        if selected is None or selected.id != self._session.selected:
            return
        if layout.get("zoomed") == selected.id and has_pane(selected):
            self.stage.zoom(selected.id)
            self.refresh_facts()
        elif layout.get("focus") == "pane":
            # Panes have no size, and take no focus, before the first layout.
            self.call_after_refresh(self.stage.focus_selected_pane)

    # Facts.

    @on(Listed)
    def _take_list(self, message: Listed) -> None:
        was_known = self.roster.is_known
        self.roster.replace(message.facts)
        if was_known:
            self.refresh_facts()
        else:
            self._go_back()

    @on(SandboxTold)
    def _take_sandbox(self, message: SandboxTold) -> None:
        self.roster.take(message.facts)
        self._refresh_soon()

    @on(TrafficTold)
    def _take_traffic(self, message: TrafficTold) -> None:
        self.roster.count(message.traffic)
        self._refresh_soon()

    @on(CaptureLost)
    def _take_loss(self, message: CaptureLost) -> None:
        self.roster.lose()
        self._notice.show(safe_text(message.reason), safe_text(message.hint))
        self.refresh_facts()

    @on(WishRefused)
    def _take_refusal(self, message: WishRefused) -> None:
        error = message.error
        say(self, sentences(f"{message.sandbox_id}: {error.message}", error.hint), severity="error")

    @on(PaneGrid.PaneFocused)
    def _follow_focus(self, message: PaneGrid.PaneFocused) -> None:
        self._select(message.sandbox_id)

    @on(PaneGrid.PagesChanged)
    def _tell_pages(self) -> None:
        self._refresh_soon()

    @on(SandboxList.Chosen)
    def _follow_click(self, message: SandboxList.Chosen) -> None:
        self._select(message.sandbox_id)
        if message.is_double:
            self.action_zoom()

    @on(SandboxList.Wheeled)
    def _follow_wheel(self, message: SandboxList.Wheeled) -> None:
        if self.roster.move(message.by):
            self.refresh_facts()

    def _refresh_soon(self) -> None:
        """Refresh once for all the facts that have come by then."""
        if not self._is_stale:
            self._is_stale = True
            self.set_timer(REFRESH_S, self.refresh_facts)

    def refresh_facts(self) -> None:
        """Hand the facts down, as they are at this moment."""
        self._is_stale = False
        roster, now = self.roster, self.clock()
        self.stage.show(roster, now)
        grid = self.stage.grid
        self._header.facts = HeaderFacts(
            self._host,
            sandboxes=len(roster),
            watched=roster.watched,
            troubled=roster.troubled,
            page=grid.pages.page + 1,
            pages=grid.pages.count,
            layout=grid.pages.layout,
            fitting=grid.pages.fitting,
            now=now,
        )
        self.show_keys()
        self._tell_lost_places()
        if self.focused is None and self.is_current:
            self.stage.keep_focus()

    def show_keys(self) -> None:
        """Show the keys that mean something to what has the focus."""
        selected = self.roster.selected
        focus = focus_of(self.focused)
        if focus.where is not None:
            self._was_in_pane = focus.where is Where.PANE
        labels = {"zoom": "back" if self.stage.is_zoomed else "zoom"}
        if self.stage.grid.interleaved.is_wanted:
            labels["zoom"] = "open"
        if self.hit_list.has_focus:
            labels["zoom"] = "to the text"
        moods: set[Mood] = set()
        where = None if selected is None else focus.where or Where.LIST
        if selected is not None:
            labels["toggle-proxy"] = "stop" if is_running(selected) else "start"
            labels["toggle-debug"] = "debug off" if selected.spec.debug else "debug on"
            if selected.console.is_takeable:
                moods.add(Mood.TAKEABLE)
        if where is Where.PANE and self.stage.grid.interleaved.is_wanted:
            labels["interleave"] = "back"
            moods = {Mood.INTERLEAVED}
        elif where is Where.PANE:
            moods |= moods_of(self.pane)
        actions = footer_actions(where, moods, keymap_of(self.app))
        self._footer.facts = FooterFacts([*focus.own_keys, *actions], where is Where.PROMPT, labels)

    def _tell_lost_places(self) -> None:
        for pane in self.panes:
            if pane.viewing is not None and pane.viewing.has_lost_place and pane.facts:
                pane.viewing.has_lost_place = False
                name = safe_text(pane.facts.name, limit=64)
                gone = f"{name} was left at output that is dropped by now"
                say(self, sentences(gone), severity="warning")

    def _select(self, sandbox_id: str) -> None:
        if self.roster.select(sandbox_id):
            self.refresh_facts()

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(focus_of(self.focused)))
