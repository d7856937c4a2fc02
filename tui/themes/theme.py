"""Textual's themes, made from our palettes: quiet surfaces, one accent, the guest the brightest.

Themes made of the terminal's own colours are for people who have chosen those with
care. What may be quiet there is dim rather than "bright black", which several palettes
make the background.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

from tui.themes.palettes import PALETTES, Colours, Palette

CONTRAST = "gw-contrast"
"""The variable that says how far guest colours must stand off."""


def full_name(name: str) -> str:
    """The registered theme that `--theme` calls `name`."""
    return f"guestwatch-{name}"


def short_name(name: str) -> str:
    """What `--theme` calls a registered theme."""
    return name.removeprefix("guestwatch-")


def variables_for(*, dark: bool) -> dict[str, str]:
    """Our variables for a theme that is not ours."""
    return _variables(PALETTES[0] if dark else PALETTES[1])


def theme_of(palette: Palette) -> Theme:
    """The theme that shows these colours."""
    return _ansi(palette) if palette.is_ansi else _true_colour(palette)


def _variables(palette: Palette) -> dict[str, str]:
    named = {f"gw-{name}": colour for name, colour in palette.colours.items()}
    # Faint is not for people who asked for more contrast, nor needed where greys are.
    style = "dim" if palette.is_ansi else "none"
    return named | {"gw-quiet-style": style, CONTRAST: str(palette.min_contrast)}


def _stock(colours: Colours) -> dict[str, str]:
    """What Textual's own widgets (toasts, the palette, scrollbars) are coloured with."""
    return {
        "border": colours["accent"],
        "border-blurred": colours["frame"],
        "block-cursor-background": colours["selected"],
        "block-cursor-foreground": colours["guest"],
        "block-cursor-text-style": "bold",
        "scrollbar": colours["frame"],
        "scrollbar-hover": colours["quiet"],
        "scrollbar-active": colours["accent"],
        "scrollbar-background": colours["raised"],
        "scrollbar-background-hover": colours["raised"],
        "scrollbar-background-active": colours["raised"],
        "scrollbar-corner-color": colours["raised"],
    }


def _true_colour(palette: Palette) -> Theme:
    colours = palette.colours
    return Theme(
        name=full_name(palette.name),
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["error"],
        success=colours["live"],
        foreground=colours["guest"],
        background=colours["ground"],
        surface=colours["ground"],
        panel=colours["raised"],
        dark=palette.is_dark,
        variables=_variables(palette) | _stock(colours),
    )


def _ansi(palette: Palette) -> Theme:
    colours = palette.colours
    # Textual's own sheets name more variables in such themes than they define.
    stock = BUILTIN_THEMES["ansi-dark" if palette.is_dark else "ansi-light"].variables
    cursor = {
        "block-cursor-background": colours["accent"],
        "block-cursor-foreground": "ansi_black" if palette.is_dark else "ansi_bright_white",
    }
    return Theme(
        name=full_name(palette.name),
        ansi=True,
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["error"],
        success=colours["live"],
        foreground="ansi_default",
        background=colours["ground"],
        surface=colours["ground"],
        panel=colours["ground"],
        boost=colours["ground"],
        dark=palette.is_dark,
        variables=stock | _variables(palette) | _stock(colours) | cursor,
    )
