"""Escape sequences: where they begin and end in a line, and what SGR does to a style.

The sequences are those of ECMA-48 and xterm, seven-bit only: a C1 control is not an
introducer here but a character that is shown. A sequence counts only when it is
complete and of bounded length. An ESC that begins none stays in sight: what a guest
hides behind an unfinished sequence is shown, not swallowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from core.console.model import PLAIN, Colour, Style

MAX_PARAMETERS = 64
"""Characters of parameters in a control sequence; the longest real ones have about 40."""

MAX_STRING = 4096
"""Characters of a control string, such as a window title; a longer one is not one."""

_SEQUENCE = rf"""(?:
      \[[0-?]{{0,{MAX_PARAMETERS}}}[ -/]{{0,8}}[@-~]                        # CSI
    | \][^\x07\x18\x1a\x1b\x9c]{{0,{MAX_STRING}}}(?:\x07|\x1b\\|\x9c)       # OSC
    | [PX^_k][^\x18\x1a\x1b\x9c]{{0,{MAX_STRING}}}(?:\x1b\\|\x9c)           # DCS, SOS, PM, APC
    | [ -/]{{1,8}}[0-~]                                                     # character sets
    | [0-OQ-WYZ\\`a-jl-~]                                                   # two characters
)"""
"""What may stand behind an ESC."""

TOKEN = re.compile(
    rf"""
      \x1b\[(?P<sgr>[0-9:;]{{0,{MAX_PARAMETERS}}})m\x0f?
    | \x1b\[(?P<erase>[012]?)K
    | (?P<move>\r+|\x08+|\t+|\x1b\[[01]?G)
    | (?P<other>\x1b{_SEQUENCE})
    | (?P<text>(?:[^\x1b\r\x08\t]+|\x1b(?!{_SEQUENCE})){{1,256}})
    """,
    re.VERBOSE,
)
"""Cuts a line into pieces, of which the named group tells the kind. Every character is in
one piece. A shift-in behind SGR belongs to it: terminfo ends attributes with `ESC [ m SI` on
many terminals. The work is linear: no sequence holds an ESC, but for its end, so that nothing is
looked at again from another ESC. An ESC that begins no sequence is text."""

_ON: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}
"""Blinking (5, 6) would only annoy, and concealing (8) would hide what a guest says."""

_FOREGROUND, _BACKGROUND, _UNDERLINE_COLOUR = 38, 48, 58
_PALETTE, _RGB = 5, 2


@lru_cache(maxsize=1024)
def restyled(style: Style, parameters: str) -> Style:
    """`style` after an SGR sequence with these parameters, as they stand between `[` and `m`."""
    rest = iter(parameters.split(";"))
    for parameter in rest:
        head, *details = parameter.split(":")
        code = _number(head)
        if code in (_FOREGROUND, _BACKGROUND, _UNDERLINE_COLOUR):
            colour = _colour(details) if details else _colour_of_next(rest)
            if colour is not None and code != _UNDERLINE_COLOUR:
                style = _coloured(style, colour, is_text=code == _FOREGROUND)
        elif details:
            # 4:0 is no underline, 4:1 to 4:5 are kinds of it; nothing else has details.
            if code == 4:
                style = style._replace(underline=_number(details[0]) != 0)
        else:
            style = _after(style, code)
    return style


def _after(style: Style, code: int) -> Style:
    match code:
        case 0:
            return PLAIN
        case 39:
            return style._replace(fg=None)
        case 49:
            return style._replace(bg=None)
        case _ if 30 <= code <= 37 or 40 <= code <= 47:
            return _coloured(style, code % 10, is_text=code < 40)
        case _ if 90 <= code <= 97 or 100 <= code <= 107:
            return _coloured(style, code % 10 + 8, is_text=code < 100)
        case _:
            return style._replace(**_ON[code]) if code in _ON else style


def _coloured(style: Style, colour: Colour, *, is_text: bool) -> Style:
    return style._replace(fg=colour) if is_text else style._replace(bg=colour)


def _colour_of_next(rest: Iterator[str]) -> Colour | None:
    """The colour in the parameters that follow a 38, as in `38;5;208`."""
    kind = next(rest, "")
    count = {_PALETTE: 1, _RGB: 3}.get(_number(kind), 0)
    return _colour([kind, *(next(rest, "x") for _ in range(count))])


def _colour(details: list[str]) -> Colour | None:
    """The colour in `5:208`, `2:255:0:0` or `2:<colour space>:255:0:0`."""
    kind, numbers = _number(details[0]), details[1:]
    if kind == _PALETTE and numbers:
        number = _number(numbers[0])
        return number if 0 <= number <= 255 else None
    if kind == _RGB and len(numbers) >= 3:
        red, green, blue = map(_number, numbers[:3] if len(numbers) == 3 else numbers[1:4])
        if max(red, green, blue) <= 255 and min(red, green, blue) >= 0:
            return red, green, blue
    return None


def _number(text: str) -> int:
    """A parameter's value: 0 when it is left out, -1 when it is none."""
    if not text:
        return 0
    return int(text) if text.isdecimal() else -1
