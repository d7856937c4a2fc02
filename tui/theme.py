"""The dashboard's colours: quiet surfaces, one accent, the guest's text the brightest.

Four themes. Two of them are made of the terminal's own sixteen colours and its
default ones, for people who have chosen those with care. What may be quiet there is
dim rather than "bright black", which several palettes make the background.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

NAMES = ("dark", "light", "ansi-dark", "ansi-light")
"""What `--theme` takes."""

_DARK = {
    "gw-accent": "#6fb7f2",
    "gw-quiet": "#949cab",
    "gw-guest": "#eceef2",
    "gw-stamp": "#8991a1",
    "gw-alarm": "#ff7a70",
    "gw-live": "#79cf8c",
    "gw-silent": "#dfb761",
    "gw-waiting": "#b9a4f4",
    "gw-off": "#868e9d",
    "gw-ended": "#a9b0bd",
    "gw-failed": "#ff7a70",
    "gw-debug": "#8f97a7",
    "gw-info": "#80bde8",
    "gw-warn": "#dfb761",
    "gw-error": "#ff8a81",
    "gw-source": "#7fc4bf",
    "gw-field": "#a1a9b7",
    "gw-mark": "#c99ae0",
    "gw-gutter": "#838b9b",
    "gw-frame": "#323845",
    "gw-selected": "#1d232e",
    "gw-raised": "#171b23",
    "gw-quiet-style": "none",
}

_LIGHT = {
    "gw-accent": "#0a5fb4",
    "gw-quiet": "#565e6d",
    "gw-guest": "#14171d",
    "gw-stamp": "#636b7a",
    "gw-alarm": "#b91c1c",
    "gw-live": "#16713a",
    "gw-silent": "#855700",
    "gw-waiting": "#6a3fc0",
    "gw-off": "#616978",
    "gw-ended": "#535b69",
    "gw-failed": "#b91c1c",
    "gw-debug": "#636b7a",
    "gw-info": "#0a5fb4",
    "gw-warn": "#855700",
    "gw-error": "#b91c1c",
    "gw-source": "#0d6b66",
    "gw-field": "#535b69",
    "gw-mark": "#8a2f9e",
    "gw-gutter": "#636b79",
    "gw-frame": "#cdd2da",
    "gw-selected": "#e6ecf4",
    "gw-raised": "#ffffff",
    "gw-quiet-style": "none",
}

_ANSI = {
    "gw-accent": "ansi_cyan",
    "gw-quiet": "ansi_default",
    "gw-guest": "ansi_default",
    "gw-stamp": "ansi_default",
    "gw-alarm": "ansi_red",
    "gw-live": "ansi_green",
    "gw-silent": "ansi_yellow",
    "gw-waiting": "ansi_magenta",
    "gw-off": "ansi_default",
    "gw-ended": "ansi_default",
    "gw-failed": "ansi_red",
    "gw-debug": "ansi_default",
    "gw-info": "ansi_cyan",
    "gw-warn": "ansi_yellow",
    "gw-error": "ansi_red",
    "gw-source": "ansi_cyan",
    "gw-field": "ansi_default",
    "gw-mark": "ansi_magenta",
    "gw-gutter": "ansi_default",
    "gw-frame": "ansi_bright_black",
    "gw-selected": "ansi_default",
    "gw-raised": "ansi_default",
    "gw-quiet-style": "dim",
}

_ANSI_LIGHT = _ANSI | {
    # Yellow and cyan on white are hard to read in most palettes.
    "gw-accent": "ansi_blue",
    "gw-silent": "ansi_magenta",
    "gw-waiting": "ansi_blue",
    "gw-info": "ansi_blue",
    "gw-warn": "ansi_magenta",
    "gw-source": "ansi_blue",
    "gw-frame": "ansi_white",
}

VARIABLES = tuple(_DARK)
"""Every variable of ours; each theme defines them all."""


def variables_for(*, dark: bool) -> dict[str, str]:
    """Our variables for a theme that is not ours."""
    return dict(_DARK if dark else _LIGHT)


def full_name(name: str) -> str:
    """The registered theme that `--theme` calls `name`."""
    return f"guestwatch-{name}"


def _stock(colours: dict[str, str]) -> dict[str, str]:
    """What Textual's own widgets (toasts, the palette, scrollbars) are coloured with."""
    return colours | {
        "border": colours["gw-accent"],
        "border-blurred": colours["gw-frame"],
        "block-cursor-background": colours["gw-selected"],
        "block-cursor-foreground": colours["gw-guest"],
        "block-cursor-text-style": "bold",
        "scrollbar": colours["gw-frame"],
        "scrollbar-hover": colours["gw-quiet"],
        "scrollbar-active": colours["gw-accent"],
        "scrollbar-background": colours["gw-raised"],
        "scrollbar-background-hover": colours["gw-raised"],
        "scrollbar-background-active": colours["gw-raised"],
        "scrollbar-corner-color": colours["gw-raised"],
    }


def _true_colour(name: str, colours: dict[str, str], *, dark: bool, ground: str) -> Theme:
    return Theme(
        name=full_name(name),
        primary=colours["gw-accent"],
        secondary=colours["gw-accent"],
        accent=colours["gw-accent"],
        warning=colours["gw-warn"],
        error=colours["gw-error"],
        success=colours["gw-live"],
        foreground=colours["gw-guest"],
        background=ground,
        surface=ground,
        panel=colours["gw-raised"],
        dark=dark,
        variables=_stock(colours),
    )


def _ansi(name: str, colours: dict[str, str], *, dark: bool) -> Theme:
    # Textual's own sheets name more variables in such themes than they define.
    stock = BUILTIN_THEMES[name].variables
    cursor = {
        "block-cursor-background": colours["gw-accent"],
        "block-cursor-foreground": "ansi_black" if dark else "ansi_bright_white",
    }
    return Theme(
        name=full_name(name),
        ansi=True,
        primary=colours["gw-accent"],
        secondary=colours["gw-accent"],
        accent=colours["gw-accent"],
        warning=colours["gw-warn"],
        error=colours["gw-error"],
        success=colours["gw-live"],
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=dark,
        variables=stock | _stock(colours) | cursor,
    )


THEMES = (
    _true_colour("dark", _DARK, dark=True, ground="#101318"),
    _true_colour("light", _LIGHT, dark=False, ground="#f7f8fa"),
    _ansi("ansi-dark", _ANSI, dark=True),
    _ansi("ansi-light", _ANSI_LIGHT, dark=False),
)
"""All of ours, in the order of `NAMES`."""
