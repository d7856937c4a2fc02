"""What many rows show, made from their bytes at once: the same as `render_line`, only faster.

A render takes microseconds, a row of a gigabyte may take a tenth of one. Most rows show
their own bytes. Of those that do not, most have colours only, which are cut out of
many rows at a time; what is left is rendered, row by row.
"""

from __future__ import annotations

import re

from core.console.line import MAX_STEPS, render_line
from core.console.safe import has_marks, printable
from core.search.expression import Expression, expression

_GONE = re.compile(
    rb"""
      \[[0-9:;]{0,64}m\x0f?                 # looks
    | \[0?K                                 # erasing behind the last character
    | \[[0-?]{0,64}[ -/]{0,8}[@-JL-~]       # other control sequences
    | \][ -~]{0,4096}\x07                   # titles
    | [ -/]{1,8}[0-~]
    | [0-OQ-WYZ\\`a-jl-~]
    """,
    re.VERBOSE,
)
"""What goes, behind an ESC, without a trace; some of what `core.console.ansi` has, and no more.
Other sequences are left to it."""

_COLOURS = re.compile(rb"\x1b\[[0-9:;]{0,64}m\x0f?")
_STEPS = b"\x1b\r\b\t"

_MOVED = rb"[\x08\x1b]|\r[^\r\n]|\t[\t\r]*(?:\n|\z)|[\x80-\xff]"
_CONTROLS = rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"

_odd: Expression = expression(_MOVED, spans_lines=True)
_odd_exactly: Expression = expression(_MOVED + b"|" + _CONTROLS, spans_lines=True)
_mid_return: Expression = expression(rb"\r[^\r\n]", spans_lines=True)
_control: Expression = expression(_CONTROLS, spans_lines=True)


def shown_row(row: bytes) -> str:
    """What one row shows."""
    if b"\x1b" in row and row.count(b"\x1b") <= MAX_STEPS // 2:
        text = _COLOURS.sub(b"", row).rstrip(b"\r")
        if text.isascii() and (shown := text.decode()).isprintable():
            return shown
    return render_line(row, raw=True).text


def shows_itself(data: bytes, begin: int, end: int, *, exactly: bool) -> bool:
    """Whether what rows show is what their bytes are, but for carriage returns at their ends.

    Args:
        data: many rows, each with a newline behind it.
        begin: where the first row begins.
        end: behind the last row.
        exactly: also whether no other control character is in them. They are shown as
            pictures, which to most expressions is the same.
    """
    if any(data.find(step, begin, end) >= 0 for step in (b"\x1b", b"\b", b"\t")):
        return False
    if _mid_return.first(data, begin, end) is not None:
        return False
    if exactly and _control.first(data, begin, end) is not None:
        return False
    return data[begin:end].isascii()


def shown_rows(data: bytes, *, exactly: bool) -> bytes:
    """What rows show, in UTF-8; a row's carriage returns may be left at its end.

    Args:
        data: many rows, each with a newline behind it.
        exactly: whether control characters that move nothing are made pictures.
    """
    fast = _without_escapes(data) if b"\x1b" in data else data
    has_tabs = b"\t" in fast
    changed = _rendered(data, fast, exactly=exactly)
    if has_tabs:
        fast = fast.expandtabs()
    if not changed:
        return fast
    rows = fast.split(b"\n")
    for number, text in changed.items():
        rows[number] = text
    return b"\n".join(rows)


def _without_escapes(data: bytes) -> bytes:
    first, *pieces = data.split(b"\x1b")
    return first + b"".join([_behind(piece) for piece in pieces])


_known: dict[bytes, bool] = {}
"""Whether `[…` without the `m` behind it is all of a sequence that sets colours."""

_MAX_KNOWN = 4096


def _behind(piece: bytes) -> bytes:
    """What is behind the sequence that `piece` begins with; an ESC and all of it if there is none."""
    head, final, rest = piece.partition(b"m")
    is_colour = _known.get(head) if final and len(head) <= 66 else False
    if is_colour is None:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        gone = _GONE.match(head + b"m")
        is_colour = _known[head] = gone is not None and gone.end() == len(head) + 1
    if is_colour and rest[:1] != b"\x0f":
        return rest
    gone = _GONE.match(piece)
    return b"\x1b" + piece if gone is None else piece[gone.end() :]


def _rendered(data: bytes, fast: bytes, *, exactly: bool) -> dict[int, bytes]:
    """Rows that show something else than `fast` has, by number."""
    numbers = set(_odd_rows(fast, exactly=exactly))
    if sum(map(data.count, (b"\x1b", b"\r", b"\b", b"\t"))) > MAX_STEPS:
        rows = data.split(b"\n")
        numbers |= {
            number
            for number, row in enumerate(rows)
            if len(row) > MAX_STEPS and sum(map(row.count, (b"\x1b", b"\r", b"\b", b"\t"))) > MAX_STEPS
        }
    if not numbers:
        return {}
    rows, fast_rows = data.split(b"\n"), fast.split(b"\n")
    return {
        number: render_line(rows[number], raw=True).text.encode()
        for number in numbers
        if not _is_plain_text(fast_rows[number]) or len(rows[number]) > MAX_STEPS
    }


def _odd_rows(fast: bytes, *, exactly: bool) -> list[int]:
    odd = _odd_exactly if exactly else _odd
    numbers: list[int] = []
    number, at, size = 0, 0, len(fast)
    while at < size:
        found = odd.first(fast, at, size)
        if found is None:
            break
        number += fast.count(b"\n", at, found[0])
        numbers.append(number)
        at = fast.find(b"\n", found[0]) + 1
        number += 1
        if not at:
            break
    return numbers


def _is_plain_text(row: bytes) -> bool:
    """Whether a row of more than ASCII shows itself."""
    try:
        text = row.rstrip(b"\r").decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable() and printable(text) == text and not has_marks(text)
