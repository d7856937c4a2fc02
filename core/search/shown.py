"""What many rows show, made from their bytes at once: the same as `render_line`, only faster.

A render takes microseconds, a row of a gigabyte may take a tenth of one. Most rows show
their own bytes. Of those that do not, most have colours only, which are cut out of
many rows at a time; what is left is rendered, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from core.console.line import MAX_STEPS, render_line
from core.console.safe import has_marks, printable
from core.search.expression import Expression, expression

_GONE = re.compile(
    rb"""
    \x1b(?:
        \[[0-9:;]{0,64}m\x0f?                 # looks
      | \[0?K                                 # erasing behind the last character
      | \[[0-?]{0,64}[ -/]{0,8}[@-FH-JL-~]    # other control sequences
      | \][ -~]{0,4096}\x07                   # titles
      | [ -/]{1,8}[0-~]
      | [0-OQ-WYZ\\`a-jl-~]
    )
    """,
    re.VERBOSE,
)
"""What goes without a trace; some of what `core.console.ansi` has, and no more. Other
sequences are left to it."""

_CONTROLS = rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"

_SHORT = MAX_STEPS
"""Rows of fewer bytes cannot make a terminal do more than is acted on."""

_mid_return: Expression = expression(rb"\r[^\r\n]", spans_lines=True)
_last_tab: Expression = expression(rb"\t[\t\r]*(?:\n|\z)", spans_lines=True)
_backspace: Expression = expression(rb"\x08")
_control: Expression = expression(_CONTROLS)
_beyond_ascii: Expression = expression(rb"[\x80-\xff]")
_beyond_ascii_and_tab: Expression = expression(rb"[\x80-\xff].*\t|\t.*[\x80-\xff]")


def shown_row(row: bytes) -> bytes:
    """What one row shows, in UTF-8."""
    # At the begin of a row a return moves nothing.
    fast = without_escapes(row.rstrip(b"\r")).lstrip(b"\r")
    if len(row) < _SHORT and fast.isascii() and fast.decode().isprintable():
        return fast
    return render_line(row, raw=True).text.encode()


def is_in_text(data: bytes, begin: int, at: int) -> bool:
    """Whether the byte `at` of the row from `begin` on is certainly in no escape sequence."""
    escape = data.rfind(b"\x1b", begin, at)
    if escape < 0:
        return True
    gone = _GONE.match(data, escape)
    return gone is not None and gone.end() <= at


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
    if _mid_return.first(data, begin, end) or (exactly and _control.first(data, begin, end)):
        return False
    return data[begin:end].isascii()


def without_escapes(data: bytes) -> bytes:
    """Rows without the escape sequences that leave no trace; others are still there."""
    return _GONE.sub(b"", data) if b"\x1b" in data else data


def odd_rows(data: bytes, fast: bytes, *, exactly: bool) -> set[int]:
    """Where the rows begin that may show something else than `fast` has, tabs made spaces.

    Args:
        data: many rows, each with a newline behind it.
        fast: the same without escapes.
        exactly: whether it matters that control characters are shown as pictures.
    """
    odd: set[int] = set()
    for each in (_backspace, _mid_return, _last_tab):
        add_rows_with(odd, each, data)
    if exactly:
        add_rows_with(odd, _control, data)
    if not data.isascii():
        if not _are_fine(data):
            add_rows_with(odd, _beyond_ascii, data)
        elif b"\t" in data:
            # A tab ends at a column, and characters have other columns than bytes.
            add_rows_with(odd, _beyond_ascii_and_tab, data)
    _add_long_rows(odd, data)
    if b"\x1b" in fast:
        ends = list(accumulate(map(len, data.split(b"\n"))))
        for number in _rows_with_escapes(fast):
            odd.add(number + (ends[number - 1] if number else 0))
    return odd


def _rows_with_escapes(fast: bytes) -> Iterator[int]:
    """The numbers of the rows in which an ESC is left."""
    number, counted, at = 0, 0, fast.find(b"\x1b")
    while at >= 0:
        number += fast.count(b"\n", counted, at)
        yield number
        counted = end_of(fast, at)
        at = fast.find(b"\x1b", counted)


def add_rows_with(rows: set[int], found: Expression, data: bytes) -> None:
    """Add where the rows begin in which there is a match."""
    size, at = len(data), 0
    while at < size and (match := found.first(data, at, size)) is not None:
        rows.add(data.rfind(b"\n", 0, match[0]) + 1)
        at = end_of(data, match[0]) + 1


def end_of(data: bytes, at: int) -> int:
    """Where the row that holds `at` ends, before its newline."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


def _add_long_rows(rows: set[int], data: bytes) -> None:
    """Add the rows that are long enough to hold too many steps."""
    at, size = 0, len(data)
    while at + MAX_STEPS < size:
        newline = data.rfind(b"\n", at, at + MAX_STEPS + 1)
        if newline < 0:
            rows.add(data.rfind(b"\n", 0, at) + 1)
            newline = end_of(data, at)
        at = newline + 1


_fine: set[str] = set()
"""Characters beyond ASCII that were looked at, and are shown as they are."""

_MAX_FINE = 4096
_ASCII = bytes(range(128))


def _are_fine(data: bytes) -> bool:
    """Whether all that is not ASCII is shown as it is."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    chars = set(data.translate(None, _ASCII).decode()) - _fine
    if any(not char.isprintable() or printable(char) != char or has_marks(char) for char in chars):
        return False
    if len(_fine) < _MAX_FINE:
        _fine.update(chars)
    return True
