"""Where a literal may be shown without its bytes standing there, or not shown though they do.

The rows in which the guest went back to write over something are few, and all of them
are named here. Colours are not few. But an escape sequence matters only when a tail of
the literal stands behind it, and the character before that tail stands before it; a tab
only where the literal has a space.
"""

from __future__ import annotations

import re

import re2  # type: ignore[import-untyped, unused-ignore]

from core.search.expression import Expression, expression
from core.search.shown import add_rows_with, end_of

_SEQUENCE = (
    rb"(?:\[[0-?]*[ -/]*[@-~]\x0f?|\][^\x07\x1b\n]*(?:\x07|\x1b\\)"
    rb"|[PX^_k][^\x1b\n]*\x1b\\|[ -/]+[0-~]|[0-OQ-WYZ\\`a-jl-~])"
)
_ESCAPE = rb"(?:\x1b" + _SEQUENCE + b")"
_REWRITES = rb"\[(?:[12]K|[01]?G)"
"""Behind an ESC: erases a part of a row, or goes back to its begin."""

_REWRITING = (b"\x1b[1K", b"\x1b[2K", b"\x1b[G", b"\x1b[0G", b"\x1b[1G")

_MAX_TAIL = 6
"""Bytes of what follows an escape sequence that are looked at."""

_MAX_TAILED = 48
"""Bytes of a literal up to which each of its tails is looked at."""

_PIECE = re.compile(rb" +|[^ ]")
"""One tab may stand for many spaces."""

_moved: Expression = expression(rb"\r[^\r\n]", spans_lines=True)
_backspace: Expression = expression(rb"\x08")
_spaces: tuple[Expression, ...] = tuple(
    map(
        expression,
        (
            rb"\xc2\xa0",
            rb"\xe1\x9a\x80",
            rb"\xe2\x80[\x80-\x8a\xaf]",
            rb"\xe2\x81\x9f",
            rb"\xe3\x80\x80",
        ),
    )
)
"""What is shown as a plain space."""

_folded: tuple[Expression, ...] = tuple(map(expression, (rb"\xe2\x84\xaa", rb"\xc5\xbf")))
"""What is `k` and `s` where upper and lower case are one."""


class Surroundings:
    """What has to be looked at besides the places where a literal's bytes stand.

    Args:
        text: the literal, in ASCII.
        ignores_case: whether upper and lower case are one.
    """

    def __init__(self, text: str, *, ignores_case: bool) -> None:
        self._crossing = expression(
            _crossing(text.encode()), ignores_case=ignores_case, spans_lines=True
        )
        # The tail has one character at least.
        self._before = frozenset((text[:-1].lower() + text[:-1].upper()).encode())
        if text[:1] == " ":
            self._before = frozenset(range(256))
        self._tab = expression(_tabbed(text.encode()), ignores_case=ignores_case)
        self._is_lower = ignores_case
        self._needed = frozenset(text.replace(" ", "").encode())
        self._has_space = " " in text
        self._is_folded = ignores_case and not set("ks").isdisjoint(text)

    def may_show(self, row: bytes) -> bool:
        """Whether a row has all the characters that it would have to show."""
        return not row.isascii() or self._needed.issubset(row.lower() if self._is_lower else row)

    def unsure_rows(self, data: bytes) -> set[int]:
        """Where the rows begin that have to be rendered to know."""
        rows: set[int] = set()
        for each in (_moved, _backspace):
            add_rows_with(rows, each, data)
        if b"\x1b" in data:
            self._add_crossed(rows, self._crossing, data)
        if self._has_space and b"\t" in data:
            self._add_crossed(rows, self._tab, data)
        if not data.isascii():
            for each in _spaces if self._has_space else ():
                add_rows_with(rows, each, data)
            for each in _folded if self._is_folded else ():
                add_rows_with(rows, each, data)
        return rows

    def _add_crossed(self, rows: set[int], crossing: Expression, data: bytes) -> None:
        before = self._before
        size, at = len(data), 0
        while at < size and (match := crossing.first(data, at, size)) is not None:
            at = match[0]
            if (
                data.startswith(_REWRITING, at)
                or not at
                or data[at - 1] in before
                or data[at - 1] == 0x0A
            ):
                rows.add(data.rfind(b"\n", 0, at) + 1)
                at = end_of(data, at)
            at += 1


def _crossing(data: bytes) -> bytes:
    """The first of the escape sequences that stand within a literal, or erase a part of a row."""
    size = _MAX_TAIL if len(data) <= _MAX_TAILED else 1
    tails = {data[begin : begin + size] for begin in range(1, len(data))}
    forms = sorted(_loosely(tail) for tail in tails)
    if not forms:
        return rb"\x1b" + _REWRITES
    # It has to begin with a literal byte: RE2 is ten times as fast then.
    return b"".join(
        (rb"\x1b(?:", _REWRITES, b"|", _SEQUENCE, _ESCAPE, b"*(?:", b"|".join(forms), b"))")
    )


def _tabbed(data: bytes) -> bytes:
    """The first of the tabs that are shown as spaces of a literal."""
    size = _MAX_TAIL if len(data) <= _MAX_TAILED else 0
    tails = {
        data[at + 1 : at + 1 + size].lstrip(b" ") for at in range(len(data)) if data[at] == 0x20
    }
    forms = sorted(_loosely(tail) for tail in tails) or [b""]
    return b"\\t(?:" + _ESCAPE + b"|[\\t ])*(?:" + b"|".join(forms) + b")"


def _loosely(tail: bytes) -> bytes:
    """A part of a literal with escape sequences in it, and spaces and tabs for its spaces."""
    gap = b"[\\t ](?:" + _ESCAPE + b"|[\\t ])*"
    forms = [
        gap if piece[0] == 0x20 else bytes(re2.escape(piece)) for piece in _PIECE.findall(tail)
    ]
    return (_ESCAPE + b"*").join(forms)
