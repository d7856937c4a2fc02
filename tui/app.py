"""The dashboard's application: the line to capture, and how it is left."""

from __future__ import annotations

from collections.abc import Callable

from core.client import CaptureLink
from core.console import safe_text
from tui.bridge import Bridge, Wish
from tui.console_app import ConsoleApp
from tui.looks import STOCK_LOOKS, Looks
from tui.screens.dashboard import DashboardScreen


class GuestwatchApp(ConsoleApp):
    """The dashboard as a program; `bridge.run` must run beside it.

    Args:
        link: the line to capture.
        host: the host's name, as it calls itself.
        clock: seconds since the epoch, UTC.
        looks: colours and keys.
    """

    def __init__(
        self,
        link: CaptureLink,
        *,
        host: str,
        clock: Callable[[], float],
        looks: Looks = STOCK_LOOKS,
    ) -> None:
        super().__init__(looks)
        self.keeps_capture = False
        """Whether the person who quit wants capture to stay."""
        self.dashboard = DashboardScreen(safe_text(host, limit=64), clock, self._wish)
        self.bridge = Bridge(link, self.dashboard.post_message)

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

    def on_unmount(self) -> None:
        """No key can wish for anything any more."""
        self.bridge.close()

    async def action_quit_keeping(self) -> None:
        """Quit and leave capture running."""
        self.keeps_capture = True
        self.exit()

    def _wish(self, wish: Wish) -> None:
        self.bridge.wish(wish)
