"""What every program of ours on a screen has: the themes, the palette, the way out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial

from textual.app import SystemCommand
from textual.markup import escape
from textual.screen import Screen

from core.console import safe_text
from tui.actions import Action, key_name
from tui.keys_in_order import KeysInOrder
from tui.screens.palette import PALETTE_ID, Palette
from tui.screens.pane_screen import PaneScreen
from tui.states import sentences
from tui.themes.looks import STOCK_LOOKS, Looks
from tui.themes.theme import full_name, theme_of, variables_for
from tui.toast import say


class ConsoleApp(KeysInOrder):
    """A program with one screen of consoles, its home.

    Args:
        looks: colours and keys.
    """

    CSS_PATH = "app.tcss"
    TITLE = "guestwatch"
    COMMAND_PALETTE_BINDING = ""  # a key of the registry opens it
    PAUSE_GC_ON_SCROLL = True

    def __init__(self, looks: Looks = STOCK_LOOKS) -> None:
        # Under NO_COLOR nothing is coloured; attributes and the terminal's own colours
        # do the work, which Textual only grants a program that starts with them.
        self.is_plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if self.is_plain else None)
        for each in looks.palettes:
            self.register_theme(theme_of(each))
        self.theme = full_name("ansi-dark" if self.is_plain else looks.theme)
        self.looks = looks
        self.chosen_theme = ""
        """The theme that a person changed to; empty before that."""
        self.keys = looks.keys
        """Which key does what."""

    @property
    def home(self) -> PaneScreen:
        """The screen that is always there."""
        raise NotImplementedError

    @property
    def how_to_quit(self) -> str:
        """What is told to whoever pressed ctrl+c."""
        return f"{self.keys.press('quit')} to quit."

    def get_default_screen(self) -> Screen[None]:
        """The home."""
        return self.home

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables, for themes that are not ours."""
        return variables_for(dark=self.current_theme.dark)

    def action_command_palette(self) -> None:
        """Look commands up by name."""
        if self.screen.id != PALETTE_ID:
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action with its keys, and every theme."""
        for action in self.home.actions:
            if action.id == "palette":
                continue
            title, keys = action.label.capitalize(), self.keys.of(action)
            if not action.takes_key:
                shown = " ".join(self.keys.names(action))
                yield self._command(title, shown, action, action.method)
                continue
            for number, meant in enumerate(action.keys):
                shown = key_name(keys[number]) if number < len(keys) else ""
                yield self._command(
                    f"{title} {meant}", shown, action, f"{action.method}({meant!r})"
                )
        for name in self.looks.names:
            yield SystemCommand(
                f"Theme {name}", "Change the colours", partial(self._change_theme, name)
            )

    def on_mount(self) -> None:
        """Tell what may disappoint about the keys that were asked for."""
        if self.looks.warnings:
            say(self.screen, sentences(*self.looks.warnings), severity="warning")

    async def action_quit(self) -> None:
        """Quit; what else ends with it is the program's affair."""
        self.exit()

    def action_help_quit(self) -> None:
        """Tell whoever pressed ctrl+c how to leave."""
        say(self.screen, safe_text(self.how_to_quit))

    def _command(self, title: str, keys: str, action: Action, call: str) -> SystemCommand:
        # The palette takes its help for markup; a title is none.
        said = escape(f"{keys} · {action.help}" if keys else action.help)
        return SystemCommand(title, said, partial(self.run_action, call, self.home))

    def _change_theme(self, name: str) -> None:
        self.chosen_theme = name
        self.theme = full_name(name)
