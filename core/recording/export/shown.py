"""A block of a guest's lines as safe text, fast where there is nothing to be done.

Agent and kernel lines stay as they were written: who reads an export may look for what
the guest said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.console.line import render_line
from core.console.model import Colour, ConsoleLine, Style

Shown = Callable[[bytes], bytes]
"""From a line without its newline to what is shown of it."""

_ODD = re.compile(rb"[^\n -~]")
"""What does not stand for itself."""


def plain(line: bytes) -> bytes:
    """The text of a line, nothing else."""
    return render_line(line, raw=True).text.encode()


def coloured(line: bytes) -> bytes:
    """The text of a line, its colours as the only escape sequences."""
    return _with_sgr(render_line(line, raw=True)).encode()


def shown(data: bytes, show: Shown) -> bytes:
    """`data`, with `show` applied to each line that is not plain ASCII."""
    data = data.replace(b"\r\n", b"\n")
    pieces: list[bytes] = []
    at = 0
    while (odd := _ODD.search(data, at)) is not None:
        begin = data.rfind(b"\n", at, odd.start()) + 1 or at
        end = data.find(b"\n", odd.end())
        if end < 0:
            end = len(data)
        pieces += data[at:begin], show(data[begin:end])
        at = end
    if not pieces:
        return data
    pieces.append(data[at:])
    return b"".join(pieces)


def _with_sgr(line: ConsoleLine) -> str:
    pieces: list[str] = []
    at = 0
    for run in line.runs:
        text = line.text[at : at + run.length]
        at += run.length
        codes = _codes(run.style)
        pieces.append(f"\x1b[{codes}m{text}\x1b[0m" if codes else text)
    return "".join(pieces)


def _codes(style: Style) -> str:
    """The parameters of the SGR sequence that turns this style on."""
    on = (style.bold, style.dim, style.italic, style.underline, style.reverse, style.strike)
    codes = [code for code, is_on in zip(("1", "2", "3", "4", "7", "9"), on, strict=True) if is_on]
    if style.fg is not None:
        codes.append(_colour(style.fg, 38))
    if style.bg is not None:
        codes.append(_colour(style.bg, 48))
    return ";".join(codes)


def _colour(colour: Colour, base: int) -> str:
    if isinstance(colour, int):
        if colour < 8:
            return str(base - 8 + colour)
        return f"{base};5;{colour}"
    red, green, blue = colour
    return f"{base};2;{red};{green};{blue}"
