"""The colours of every theme, by name: ours, and what a person makes of them in the config.

Pure, and known without Textual: what is wrong in a config is told before anything opens.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.config import Section
from core.errors import ConfigError, UsageError
from tui.themes.colours import LEGIBLE, STRONG, contrast, rgb

Colours = Mapping[str, str]
"""A colour for each name: `#rrggbb`, or one of the terminal's own."""

_DARK: Colours = {
    "ground": "#101318",
    "accent": "#6fb7f2",
    "quiet": "#949cab",
    "guest": "#eceef2",
    "stamp": "#8991a1",
    "alarm": "#ff7a70",
    "live": "#79cf8c",
    "silent": "#dfb761",
    "waiting": "#b9a4f4",
    "off": "#868e9d",
    "ended": "#a9b0bd",
    "failed": "#ff7a70",
    "debug": "#8f97a7",
    "info": "#80bde8",
    "warn": "#dfb761",
    "error": "#ff8a81",
    "source": "#7fc4bf",
    "field": "#a1a9b7",
    "mark": "#c99ae0",
    "gutter": "#838b9b",
    "frame": "#323845",
    "selected": "#1d232e",
    "raised": "#171b23",
}

_LIGHT: Colours = {
    "ground": "#f7f8fa",
    "accent": "#0a5fb4",
    "quiet": "#565e6d",
    "guest": "#14171d",
    "stamp": "#636b7a",
    "alarm": "#b91c1c",
    "live": "#16713a",
    "silent": "#855700",
    "waiting": "#6a3fc0",
    "off": "#616978",
    "ended": "#535b69",
    "failed": "#b91c1c",
    "debug": "#636b7a",
    "info": "#0a5fb4",
    "warn": "#855700",
    "error": "#b91c1c",
    "source": "#0d6b66",
    "field": "#535b69",
    "mark": "#8a2f9e",
    "gutter": "#636b79",
    "frame": "#cdd2da",
    "selected": "#e6ecf4",
    "raised": "#ffffff",
}

_ANSI: Colours = {
    "ground": "ansi_default",
    "accent": "ansi_cyan",
    "quiet": "ansi_default",
    "guest": "ansi_default",
    "stamp": "ansi_default",
    "alarm": "ansi_red",
    "live": "ansi_green",
    "silent": "ansi_yellow",
    "waiting": "ansi_magenta",
    "off": "ansi_default",
    "ended": "ansi_default",
    "failed": "ansi_red",
    "debug": "ansi_default",
    "info": "ansi_cyan",
    "warn": "ansi_yellow",
    "error": "ansi_red",
    "source": "ansi_cyan",
    "field": "ansi_default",
    "mark": "ansi_magenta",
    "gutter": "ansi_default",
    "frame": "ansi_bright_black",
    "selected": "ansi_default",
    "raised": "ansi_default",
}

_ANSI_LIGHT: Colours = {
    **_ANSI,
    # Yellow and cyan on white are hard to read in most palettes.
    "accent": "ansi_blue",
    "silent": "ansi_magenta",
    "waiting": "ansi_blue",
    "info": "ansi_blue",
    "warn": "ansi_magenta",
    "source": "ansi_blue",
    "frame": "ansi_white",
}

_HIGH: Colours = {
    "ground": "#000000",
    "accent": "#7fd0ff",
    "quiet": "#d4d9e2",
    "guest": "#ffffff",
    "stamp": "#c9cfda",
    "alarm": "#ffaaa3",
    "live": "#8df2a2",
    "silent": "#ffd866",
    "waiting": "#d9c9ff",
    "off": "#cdd3dd",
    "ended": "#dde1e8",
    "failed": "#ffaaa3",
    "debug": "#c9cfda",
    "info": "#9cdcff",
    "warn": "#ffd866",
    "error": "#ffb3ad",
    "source": "#90ece5",
    "field": "#d4d9e2",
    "mark": "#f2bfff",
    "gutter": "#c9cfda",
    "frame": "#9aa3b2",
    "selected": "#262b36",
    "raised": "#0b0d11",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme's colours."""

    name: str
    colours: Colours
    is_dark: bool = True
    is_ansi: bool = False
    """The terminal's own colours, which nobody here knows."""
    min_contrast: float = LEGIBLE
    """What text keeps on everything it may stand on (WCAG's ratio)."""


PALETTES = (
    Palette("dark", _DARK),
    Palette("light", _LIGHT, is_dark=False),
    Palette("high-contrast", _HIGH, min_contrast=STRONG),
    Palette("ansi-dark", _ANSI, is_ansi=True),
    Palette("ansi-light", _ANSI_LIGHT, is_dark=False, is_ansi=True),
)
"""All of ours; the first one is used where nobody says anything."""

NAMES = tuple(palette.name for palette in PALETTES)
COLOURS = tuple(_DARK)
"""What is coloured; each theme has all of it."""
GROUNDS = ("ground", "raised", "selected")
"""What text stands on."""
TEXTS = tuple(name for name in COLOURS if name not in (*GROUNDS, "frame"))

_EIGHT = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI_COLOURS = (
    "ansi_default",
    *(f"ansi_{name}" for name in _EIGHT),
    *(f"ansi_bright_{name}" for name in _EIGHT),
)

MAX_THEMES = 50
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_RGB = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")


def read_palettes(sections: Mapping[str, Section]) -> tuple[Palette, ...]:
    """The palettes that a config's tables make.

    Raises:
        ConfigError: a name, a base, something coloured or a colour is none.
    """
    if len(sections) > MAX_THEMES:
        name = list(sections)[MAX_THEMES]
        raise sections[name].error("", f"is one theme too many; {MAX_THEMES} are the most")
    return tuple(_read(name, section) for name, section in sections.items())


def _read(name: str, section: Section) -> Palette:
    if name in NAMES:
        raise section.error("", "is a theme guestwatch has already", "Give yours another name.")
    if not _NAME.fullmatch(name):
        raise section.error("", "is no name for a theme", "Use small letters, digits and -.")
    base = _base(section)
    colours = dict(base.colours)
    for key, value in section.values.items():
        if key != "base":
            colours[key] = _colour(section, base, key, value)
    return Palette(name, colours, base.is_dark, base.is_ansi, base.min_contrast)


def _base(section: Section) -> Palette:
    asked = section.values.get("base", NAMES[0])
    for palette in PALETTES:
        if palette.name == asked:
            return palette
    raise section.error("base", f"must be one of {', '.join(NAMES)}, not {asked}")


def _colour(section: Section, base: Palette, key: str, value: object) -> str:
    if key not in COLOURS:
        near = difflib.get_close_matches(key, COLOURS, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known: base, {', '.join(COLOURS)}"
        raise section.error(key, "is nothing guestwatch colours", hint)
    if base.is_ansi:
        name = f"ansi_{str(value).lower().replace('-', '_').removeprefix('ansi_')}"
        if isinstance(value, str) and name in ANSI_COLOURS:
            return name
        known = ", ".join(each.removeprefix("ansi_") for each in ANSI_COLOURS)
        hint = f"On {base.name} it is one of the terminal's own: {known}"
        raise section.error(key, f"is no colour: {value}", hint)
    if isinstance(value, str) and _RGB.fullmatch(value):
        digits = value[1:].lower()
        return "#" + (digits if len(digits) == 6 else "".join(2 * each for each in digits))
    raise section.error(key, f"is no colour: {value}", 'Write it as "#6fb7f2".')


def faint(palette: Palette) -> list[str]:
    """The texts of a palette that are hard to read, and on what."""
    if palette.is_ansi:
        return []
    found = []
    for name in TEXTS:
        ratios = {
            ground: contrast(rgb(palette.colours[name]), rgb(palette.colours[ground]))
            for ground in GROUNDS
        }
        worst = min(ratios, key=lambda ground: ratios[ground])
        if ratios[worst] < LEGIBLE:
            found.append(f"{name} on {worst} ({ratios[worst]:.1f} of {LEGIBLE})")
    return found


def check_theme(name: str, known: tuple[str, ...]) -> str:
    """`name`, if there is such a theme.

    Raises:
        UsageError: there is none.
    """
    if name in known:
        return name
    raise UsageError(f"There is no theme called {name}", hint=_nearest(name, known))


def configured_theme(top: Section, known: tuple[str, ...]) -> str:
    """The theme that a config asks for; empty when it asks for none.

    Raises:
        ConfigError: there is no such theme.
    """
    name = top.values.get("theme", "")
    if not isinstance(name, str) or (name and name not in known):
        raise _unknown(top, str(name), known)
    return name


def _unknown(top: Section, name: str, known: tuple[str, ...]) -> ConfigError:
    return top.error("theme", f"there is no theme called {name}", _nearest(name, known))


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"Did you mean {near[0]}?" if near else f"Themes: {', '.join(known)}"
