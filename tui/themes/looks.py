"""Colours and keys as a person asked for them, checked before anything opens.

Pure, and nothing here needs Textual: what is wrong is told at once, without a screen
and without a capture being started.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.config import Config
from tui.actions import STOCK, Keymap, read_keymap
from tui.themes.palettes import (
    NAMES,
    PALETTES,
    Palette,
    check_theme,
    configured_theme,
    faint,
    read_palettes,
)


@dataclass(frozen=True, slots=True)
class Looks:
    """What the dashboard looks like and which keys it takes."""

    theme: str = NAMES[0]
    """One of `palettes` by name."""
    is_asked_for: bool = False
    """Whether the theme was named on the command line, so that no earlier choice counts."""
    configured: str = NAMES[0]
    """The theme where nothing is named on the command line."""
    palettes: tuple[Palette, ...] = PALETTES
    keys: Keymap = STOCK
    warnings: tuple[str, ...] = ()
    """What works but may disappoint, in sentences."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every theme there is."""
        return tuple(palette.name for palette in self.palettes)


STOCK_LOOKS = Looks()
"""Where nobody asked for anything."""


def settle(config: Config, theme: str = "") -> Looks:
    """The looks that a config and `--theme` ask for; the command line decides.

    Raises:
        ConfigError: the config asks for an action, a key, a theme or a colour that is none.
        UsageError: `--theme` names no theme.
    """
    keys = read_keymap(config.keys)
    own = read_palettes(config.themes)
    palettes = (*PALETTES, *own)
    names = tuple(palette.name for palette in palettes)
    configured = configured_theme(config.top, names)
    usual = configured or NAMES[0]
    chosen = check_theme(theme, names) if theme else usual
    hard = [f"themes.{each.name}: hard to read: {words}" for each in own for words in faint(each)]
    return Looks(chosen, bool(theme), usual, palettes, keys, (*keys.warnings, *hard))
