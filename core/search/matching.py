"""Finds the rows that show what is looked for, a block of many rows at a time.

Theory of operation. RE2 goes through a whole block and stops only where it matches. That
is all there is to do where rows show their own bytes. Escape sequences, tabs, backspaces
and returns in the middle of a row make the difference between bytes and what is shown:

- around a literal, an expression of its own finds the escape sequences that may stand
  within it, and the few rows that it names are rendered;
- for an expression, the parts of a block that have such bytes are made what they show,
  and searched then.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from core.search.expression import Expression, expression
from core.search.forms import (
    can_be_shown,
    crossing,
    in_rows,
    tells_characters,
    tells_controls,
    tells_form_feeds,
)
from core.search.query import Query
from core.search.shown import shown_row, shown_rows, shows_itself

REGION_BYTES = 32 * 1024
"""How much is made what it shows at a time, when there is a reason."""

_moved: Expression = expression(rb"\r[^\r\n]", spans_lines=True)


class Matcher:
    """Finds what matches one query.

    Raises:
        BadQuery: the query cannot be searched for.
    """

    def __init__(self, query: Query) -> None:
        query.check()
        self._query = query
        pattern = in_rows(query)
        self._in_rows: Expression | None = None
        if pattern is not None:
            self._in_rows = expression(pattern, ignores_case=query.ignores_case, is_text=True)
        self._crossing: Expression | None = None
        self._before = frozenset[int]()
        if not query.is_regex and query.text.isascii():
            self._crossing = expression(
                crossing(query.text), ignores_case=query.ignores_case, spans_lines=True
            )
            self._before = frozenset((query.text.lower() + query.text.upper()).encode())
        self._is_exact = tells_controls(query)
        self._tells_form_feeds = tells_form_feeds(query)
        self._is_possible = bool(query.text) and (query.is_regex or can_be_shown(query))

    def rows(self, data: bytes) -> list[int]:
        """Where the rows begin that match, in order.

        Args:
            data: rows, each but the last with a newline behind it.
        """
        if not data or not self._is_possible:
            return []
        if self._in_rows is None:
            return self._one_by_one(data)
        if self._crossing is not None and self._is_simple(data):
            return self._around(data, self._in_rows, self._crossing)
        return self._in_regions(data, self._in_rows)

    def _is_simple(self, data: bytes) -> bool:
        """Whether all that may stand in the way of a literal is known to `_around`."""
        text = self._query.text
        if b"\t" in data and " " in text:
            return False
        return data.isascii() or not tells_characters(self._query)

    # A literal.

    def _around(self, data: bytes, plain: Expression, crossed: Expression) -> list[int]:
        has_escapes = b"\x1b" in data
        unsure = self._moved_rows(data)
        if has_escapes:
            unsure |= self._crossed_rows(data, crossed)
        matches = self._query.matches
        found: list[int] = []
        size, at = len(data), 0
        while at < size:
            match = plain.first(data, at, size)
            if match is None:
                break
            begin = max(at, data.rfind(b"\n", at, match[0]) + 1)
            end = _end_of(data, match[1])
            at = end + 1
            if begin in unsure:
                continue
            # It may stand in the middle of a sequence.
            is_sure = not has_escapes or data.find(b"\x1b", begin, match[0]) < 0
            if is_sure or matches(shown_row(data[begin:end])):
                found.append(begin)
        if unsure:
            found += [
                begin for begin in unsure if matches(shown_row(data[begin : _end_of(data, begin)]))
            ]
            found.sort()
        return found

    def _moved_rows(self, data: bytes) -> set[int]:
        """Where the rows begin in which the guest went back to write over something."""
        rows: set[int] = set()
        size, at = len(data), 0
        while at < size and (match := _moved.first(data, at, size)) is not None:
            rows.add(data.rfind(b"\n", 0, match[0]) + 1)
            at = _end_of(data, match[0]) + 1
        at = data.find(b"\b")
        while at >= 0:
            rows.add(data.rfind(b"\n", 0, at) + 1)
            at = data.find(b"\b", _end_of(data, at))
        return rows

    def _crossed_rows(self, data: bytes, crossed: Expression) -> set[int]:
        """Where the rows begin in which there may be escape sequences within the literal."""
        rows: set[int] = set()
        before = self._before
        size, at = len(data), 0
        while at < size and (match := crossed.first(data, at, size)) is not None:
            at = match[0]
            is_erased = data.startswith((b"\x1b[1K", b"\x1b[2K"), at)
            if is_erased or (at and data[at - 1] in before):
                rows.add(data.rfind(b"\n", 0, at) + 1)
                at = _end_of(data, at)
            at += 1
        return rows

    # An expression.

    def _in_regions(self, data: bytes, plain: Expression) -> list[int]:
        exactly = self._is_exact or (self._tells_form_feeds and b"\f" in data)
        size = len(data)
        if shows_itself(data, 0, size, exactly=exactly):
            return self._in_plain(data, 0, size, plain)
        found: list[int] = []
        at = clean = 0
        while at < size:
            end = size if at + REGION_BYTES >= size else data.rfind(b"\n", at, at + REGION_BYTES) + 1
            if not end:
                end = _end_of(data, at) + 1
            if not shows_itself(data, at, end, exactly=exactly):
                found += self._in_plain(data, clean, at, plain)
                found += self._in_shown(data[at:end], at, plain, exactly=exactly)
                clean = end
            at = end
        found += self._in_plain(data, clean, size, plain)
        return found

    def _in_plain(self, data: bytes, at: int, size: int, plain: Expression) -> list[int]:
        """Rows that show themselves, but for the carriage returns at their ends."""
        found: list[int] = []
        while at < size:
            match = plain.first(data, at, size)
            if match is None or (match[0] == size and data[size - 1] == 0x0A):
                break
            begin = max(at, data.rfind(b"\n", at, match[0]) + 1)
            end = data.find(b"\n", match[1], size)
            end = size if end < 0 else end
            # What matched may be a return, of which nothing is shown.
            is_sure = match[1] == match[0] or data[match[1] - 1] != 0x0D
            if is_sure or self._query.matches(data[begin:end].rstrip(b"\r").decode()):
                found.append(begin)
            at = end + 1
        return found

    def _in_shown(self, data: bytes, base: int, plain: Expression, *, exactly: bool) -> list[int]:
        shown = shown_rows(data, exactly=exactly)
        if not data.endswith(b"\n"):
            shown += b"\n"
        found = self._in_plain(shown, 0, len(shown), plain)
        if not found:
            return []
        begins = _begins(data)
        ours = _begins(shown)
        return [base + begins[bisect_right(ours, each) - 1] for each in found]

    def _one_by_one(self, data: bytes) -> list[int]:
        rows = data.removesuffix(b"\n").split(b"\n")
        matches = self._query.matches
        return [
            begin
            for begin, row in zip(_begins(data), rows, strict=False)
            if matches(shown_row(row))
        ]


def _end_of(data: bytes, at: int) -> int:
    """Where the row that holds `at` ends, before its newline."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


def _begins(data: bytes) -> list[int]:
    """Where each row begins."""
    return [0, *accumulate(len(row) + 1 for row in data.split(b"\n"))][:-1]
