"""The dashboard: it takes facts from the bridge, shows them, and does what keys ask for.

The selected sandbox and the focused pane go together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from core.console import SafeStr, safe_text
from core.proxy.types import ProxyType
from core.sandboxes.model import SandboxFacts
from tui.actions import bindings
from tui.bridge import (
    CaptureLost,
    Listed,
    SandboxTold,
    SetDebug,
    StartProxy,
    StopProxy,
    TakeConsole,
    TrafficTold,
    Wish,
    WishRefused,
)
from tui.roster import Roster, has_pane, is_running
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.states import sentences, why_empty
from tui.toast import say
from tui.widgets.footer import Footer
from tui.widgets.header import Header, HeaderFacts
from tui.widgets.notice import Notice
from tui.widgets.pane_grid import PaneGrid
from tui.widgets.sandbox_list import SandboxList
from tui.widgets.stage import Stage

REFRESH_S = 0.05
"""How long facts wait for others, so that a thousand sandboxes changing cost a few refreshes."""

_COLUMNS_A_PRESS = 8


class DashboardScreen(Screen[None]):
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
        super().__init__(id="dashboard")
        self._host = host
        self._clock = clock
        self._wish = wish
        self._roster = Roster()
        self._is_stale = False
        self._header = Header()
        self._notice = Notice()
        self.stage = Stage(clock)
        self._footer = Footer()

    def compose(self) -> ComposeResult:
        """Header, list and panes, footer."""
        yield self._header
        yield self._notice
        yield self.stage
        yield self._footer

    def on_mount(self) -> None:
        """One tick a second: what is silent grows more silent."""
        self.refresh_facts()
        self.set_interval(1.0, self.refresh_facts, name="clock")

    @property
    def is_settled(self) -> bool:
        """Whether capture has told which sandboxes there are, and all it told is shown."""
        return self._roster.is_known and not self._is_stale

    # Facts.

    @on(Listed)
    def _take_list(self, message: Listed) -> None:
        self._roster.replace(message.facts)
        self.refresh_facts()

    @on(SandboxTold)
    def _take_sandbox(self, message: SandboxTold) -> None:
        self._roster.take(message.facts)
        self._refresh_soon()

    @on(TrafficTold)
    def _take_traffic(self, message: TrafficTold) -> None:
        self._roster.count(message.traffic)
        self._refresh_soon()

    @on(CaptureLost)
    def _take_loss(self, message: CaptureLost) -> None:
        self._roster.lose()
        self._notice.show(safe_text(message.reason), safe_text(message.hint))
        self.refresh_facts()

    @on(WishRefused)
    def _take_refusal(self, message: WishRefused) -> None:
        error = message.error
        say(self, sentences(f"{message.sandbox_id}: {error.message}", error.hint), severity="error")

    @on(PaneGrid.PaneFocused)
    def _follow_focus(self, message: PaneGrid.PaneFocused) -> None:
        self._select(message.sandbox_id)

    @on(SandboxList.Chosen)
    def _follow_click(self, message: SandboxList.Chosen) -> None:
        self._select(message.sandbox_id)

    @on(Footer.Pressed)
    async def _follow_footer(self, message: Footer.Pressed) -> None:
        await self.run_action(message.action.method)

    def _refresh_soon(self) -> None:
        """Refresh once for all the facts that have come by then."""
        if not self._is_stale:
            self._is_stale = True
            self.set_timer(REFRESH_S, self.refresh_facts)

    def refresh_facts(self) -> None:
        """Hand the facts down, as they are at this moment."""
        self._is_stale = False
        roster, now = self._roster, self._clock()
        self.stage.show(roster, now)
        grid = self.stage.grid
        self._header.facts = HeaderFacts(
            self._host,
            sandboxes=len(roster),
            watched=roster.watched,
            troubled=roster.troubled,
            page=grid.page + 1,
            pages=grid.pages,
            now=now,
        )
        self._label_keys()
        if self.focused is None and self.is_current:
            self.stage.keep_focus()

    def _label_keys(self) -> None:
        selected = self._roster.selected
        labels = {"zoom": "back" if self.stage.is_zoomed else "zoom"}
        if selected is not None:
            labels["toggle-proxy"] = "stop" if is_running(selected) else "start"
            labels["toggle-debug"] = "debug off" if selected.spec.debug else "debug on"
        self._footer.has_sandboxes = selected is not None
        self._footer.labels = labels

    def _select(self, sandbox_id: str) -> None:
        if self._roster.select(sandbox_id):
            self.refresh_facts()

    # Keys on sandboxes.

    def action_toggle_proxy(self) -> None:
        """Start or stop the selected sandbox's proxy."""
        facts = self._roster.selected
        if facts is None:
            return
        if not is_running(facts):
            self._wish(StartProxy(facts.id))
            return
        self._ask_or_do(
            facts,
            StopProxy(facts.id),
            f"Stop the proxy of {_quoted(facts)}?",
            "The Kata runtime reaches this sandbox's agent through it:"
            f" {_process(facts)} ends, and so does every call on its way.",
            "Stop it",
        )

    def action_toggle_debug(self) -> None:
        """Turn debug watching of the selected sandbox on or off."""
        facts = self._roster.selected
        if facts is None:
            return
        debug = not facts.spec.debug
        self._ask_or_do(
            facts,
            SetDebug(facts.id, debug),
            f"Restart the proxy of {_quoted(facts)} to turn debug {'on' if debug else 'off'}?",
            "The Kata runtime reaches this sandbox's agent through it:"
            f" {_process(facts)} ends, with every call on its way, and another one starts.",
            "Restart it",
        )

    def action_take(self) -> None:
        """Attach the selected sandbox's console, once it is said what that does to others."""
        facts = self._roster.selected
        if facts is None:
            return
        console = facts.console
        if not console.is_takeable:
            say(self, sentences(f"{facts.name} waits for nobody's yes", console.reason))
            return
        question = f"Attach the console of {_quoted(facts)}?"
        consequence = sentences(console.reason, console.consequence)
        self._ask(TakeConsole(facts.id), question, consequence, "Attach it")

    def _ask_or_do(
        self, facts: SandboxFacts, wish: Wish, question: str, consequence: str, verb: str
    ) -> None:
        if facts.spec.proxy_type is not ProxyType.KATA or not is_running(facts):
            self._wish(wish)
            return
        self._ask(wish, question, safe_text(consequence), verb)

    def _ask(self, wish: Wish, question: str, consequence: SafeStr, verb: str) -> None:
        screen = ConfirmScreen(safe_text(question), consequence, safe_text(verb))
        self.app.push_screen(screen, partial(self._take_answer, wish))

    def _take_answer(self, wish: Wish, accepted: bool | None) -> None:
        if accepted:
            self._wish(wish)

    def action_toggle_list(self) -> None:
        """Go to the list, or back to the panes."""
        if self.stage.list.has_focus:
            self.stage.leave_list()
        else:
            self.stage.call_list()

    # Keys on panes.

    def action_zoom(self) -> None:
        """Zoom the selected sandbox's pane, and back."""
        facts = self._roster.selected
        if facts is None:
            return
        if self.stage.is_zoomed:
            self.stage.zoom(None)
        elif has_pane(facts):
            self.stage.zoom(facts.id)
        else:
            say(self, why_empty(facts, self._clock()))
        self.refresh_facts()

    def action_peel(self) -> None:
        """Take away the top layer."""
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

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen())

    # Keys on what is read; in the list they move the selection.

    def _scroll(self, rows: int = 0, pages: int = 0) -> None:
        if self.stage.list.has_focus:
            if self._roster.move(rows + pages * self.stage.list.page):
                self.refresh_facts()
        elif (pane := self.stage.pane) is not None:
            if rows:
                pane.scroll_rows(rows)
            if pages:
                pane.scroll_pages(pages)

    def action_line_up(self) -> None:
        """Up a line or a sandbox."""
        self._scroll(rows=-1)

    def action_line_down(self) -> None:
        """Down a line or a sandbox."""
        self._scroll(rows=1)

    def action_page_up(self) -> None:
        """Up a page."""
        self._scroll(pages=-1)

    def action_page_down(self) -> None:
        """Down a page."""
        self._scroll(pages=1)

    def action_first(self) -> None:
        """To the first line or sandbox."""
        if self.stage.list.has_focus:
            self._scroll(rows=-len(self._roster))
        elif (pane := self.stage.pane) is not None:
            pane.go_home()

    def action_last(self) -> None:
        """To the last line or sandbox."""
        if self.stage.list.has_focus:
            self._scroll(rows=len(self._roster))
        elif (pane := self.stage.pane) is not None:
            pane.go_end()

    def action_follow(self) -> None:
        """To the last line, and stay there."""
        if (pane := self.stage.pane) is not None:
            pane.follow()

    def action_columns_left(self) -> None:
        """Scroll long lines back."""
        if (pane := self.stage.pane) is not None:
            pane.scroll_columns(-_COLUMNS_A_PRESS)

    def action_columns_right(self) -> None:
        """Scroll long lines on."""
        if (pane := self.stage.pane) is not None:
            pane.scroll_columns(_COLUMNS_A_PRESS)

    def action_cycle_time(self) -> None:
        """Date lines another way."""
        if (pane := self.stage.pane) is not None:
            pane.cycle_time()

    def action_toggle_raw(self) -> None:
        """Show lines as they were printed."""
        if (pane := self.stage.pane) is not None:
            pane.toggle_raw()


def _quoted(facts: SandboxFacts) -> str:
    return f"“{safe_text(facts.name, limit=64)}”"


def _process(facts: SandboxFacts) -> str:
    return f"process {facts.proxy.pid}" if facts.proxy.pid else "its process"
