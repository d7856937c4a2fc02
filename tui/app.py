"""The Textual application: themes, palette, quitting. The rest is the dashboard's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial

from textual.app import App, SystemCommand
from textual.screen import Screen

from core.client import CaptureLink
from core.console import safe_text
from tui.actions import ACTIONS
from tui.bridge import Bridge, Wish
from tui.screens.dashboard import DashboardScreen
from tui.theme import NAMES, THEMES, full_name, variables_for
from tui.toast import say


class GuestwatchApp(App[None]):
    """The dashboard as a program; `bridge.run` must run beside it.

    Args:
        link: the line to capture.
        host: the host's name, as it calls itself.
        clock: seconds since the epoch, UTC.
        theme: one of `tui.theme.NAMES`.
    """

    CSS_PATH = "app.tcss"
    TITLE = "guestwatch"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    PAUSE_GC_ON_SCROLL = True

    def __init__(
        self, link: CaptureLink, *, host: str, clock: Callable[[], float], theme: str = "dark"
    ) -> None:
        # Under NO_COLOR nothing is coloured; attributes and the terminal's own colours
        # do the work, which Textual only grants a program that starts with them.
        is_plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if is_plain else None)
        for each in THEMES:
            self.register_theme(each)
        self.theme = full_name("ansi-dark" if is_plain else theme)
        self.keeps_capture = False
        """Whether the person who quit wants capture to stay."""
        self.dashboard = DashboardScreen(safe_text(host, limit=64), clock, self._wish)
        self.bridge = Bridge(link, self.dashboard.post_message)

    def get_default_screen(self) -> Screen[None]:
        """The dashboard."""
        return self.dashboard

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables, for themes that are not ours."""
        return variables_for(dark=self.current_theme.dark)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action, and every theme."""
        for action in ACTIONS:
            if not action.takes_key and action.id != "palette":
                run = partial(self.run_action, action.method, self.dashboard)
                yield SystemCommand(action.label.capitalize(), action.help, run)
        for name in NAMES:
            yield SystemCommand(
                f"Theme {name}", "Change the colours", partial(self._change_theme, name)
            )

    def on_unmount(self) -> None:
        """No key can wish for anything any more."""
        self.bridge.close()

    async def action_quit(self) -> None:
        """Quit; capture may end with the last dashboard."""
        self.exit()

    async def action_quit_keeping(self) -> None:
        """Quit and leave capture running."""
        self.keeps_capture = True
        self.exit()

    def action_help_quit(self) -> None:
        """Tell whoever pressed ctrl+c how to leave."""
        say(self.screen, safe_text("Press q to quit, Q to quit and leave capture running."))

    def _wish(self, wish: Wish) -> None:
        self.bridge.wish(wish)

    def _change_theme(self, name: str) -> None:
        self.theme = full_name(name)
