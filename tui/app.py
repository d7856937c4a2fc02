"""The dashboard's application: the line to capture, and how it is left."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.client import CaptureLink
from core.console import safe_text
from core.session import EMPTY, Loaded, Session
from core.wire import Status
from tui.bridge import Bridge, Wish
from tui.console_app import ConsoleApp
from tui.screens.dashboard import DashboardScreen
from tui.states import sentences
from tui.themes.looks import STOCK_LOOKS, Looks
from tui.themes.theme import full_name
from tui.toast import say

NOTHING_LOADED = Loaded(EMPTY)


class GuestwatchApp(ConsoleApp):
    """The dashboard as a program; `bridge.run` must run beside it.

    Args:
        link: the line to capture.
        host: the host's name, as it calls itself.
        clock: seconds since the epoch, UTC.
        looks: colours and keys.
        loaded: how the last dashboard was left.
    """

    def __init__(
        self,
        link: CaptureLink,
        *,
        host: str,
        clock: Callable[[], float],
        looks: Looks = STOCK_LOOKS,
        loaded: Loaded = NOTHING_LOADED,
    ) -> None:
        super().__init__(looks)
        self._before, self._trouble = loaded
        self.keeps_capture = False
        """Whether the person who quit wants capture to stay."""
        self.dashboard = DashboardScreen(safe_text(host, limit=64), clock, self._wish)
        self.dashboard.take_up(self._before)
        self.bridge = Bridge(link, self.dashboard.post_message)
        if not looks.is_asked_for:
            self._take_up_theme()

    @property
    def home(self) -> DashboardScreen:
        """The dashboard."""
        return self.dashboard

    @property
    def how_to_quit(self) -> str:
        """With capture, or without it."""
        keep = self.keys.name("quit-keeping")
        stay = f", {keep} to quit and leave capture running" if keep else ""
        return f"{self.keys.press('quit')} to quit{stay}."

    def put_down(self) -> Session:
        """How the dashboard was left; call it when it does not run any more."""
        left, before = self.dashboard.put_down(), self._before
        theme, under = self.chosen_theme, self.looks.configured
        if self.looks.is_asked_for and not theme:
            # What was typed holds once, and changes no choice that was made before.
            theme, under = before.theme, before.theme_before
        return msgspec.structs.replace(left, theme=theme, theme_before=under if theme else "")

    def _take_up_theme(self) -> None:
        before = self._before
        # A config that asks for something else since then is the later wish.
        if before.theme in self.looks.names and before.theme_before == self.looks.configured:
            self.chosen_theme = before.theme
            if not self.is_plain:
                self.theme = full_name(before.theme)

    def on_mount(self) -> None:
        """Tell why it does not begin where the last one was left."""
        if self._trouble:
            say(self.screen, sentences(self._trouble), severity="warning")

    def on_unmount(self) -> None:
        """No key can wish for anything any more."""
        self.bridge.close()

    async def action_quit_keeping(self) -> None:
        """Quit and leave capture running."""
        self.keeps_capture = True
        self.exit()

    async def capture_status(self) -> Status | None:
        """What capture says of itself; None when it does not answer."""
        return await self.bridge.status()

    def _wish(self, wish: Wish) -> None:
        self.bridge.wish(wish)
