"""Finds the rows that show what is looked for, a block of many rows at a time.

Theory of operation. RE2 goes through a whole block and stops only where it matches. That
is all there is to do where rows show their own bytes. Escape sequences, tabs, backspaces
and returns in the middle of a row make the difference between bytes and what is shown:

- a literal has expressions of its own for what may stand within it, and the few rows that
  these name are rendered;
- an expression that needs a literal is tried where that literal is shown;
- for any other expression, the parts of a block that have such bytes are made what they
  show, as far as that goes for many rows at once, and searched then.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from core.search.expression import Expression, expression
from core.search.forms import can_be_shown, in_rows, required, tells_controls, tells_form_feeds
from core.search.literal import Surroundings
from core.search.query import Query
from core.search.shown import (
    end_of,
    is_in_text,
    odd_rows,
    shown_row,
    shows_itself,
    without_escapes,
)

REGION_BYTES = 32 * 1024
"""How much is made what it shows at a time, when there is a reason."""

_RETURN = 0x0D
_NEWLINE = 0x0A


class Matcher:
    """Finds what matches one query.

    Args:
        query: what is looked for.
        ignores_case: whether upper and lower case are one; by default what the query says.

    Raises:
        BadQuery: the query cannot be searched for.
    """

    def __init__(self, query: Query, *, ignores_case: bool | None = None) -> None:
        query.check()
        if ignores_case is None:
            ignores_case = query.ignores_case
        pattern = in_rows(query)
        self._in_rows: Expression | None = None
        if pattern is not None:
            self._in_rows = expression(pattern, ignores_case=ignores_case, is_text=True)
        # Over one row it means the same, unless there is none over many.
        self._in_row = self._in_rows or expression(
            query.text.encode(), ignores_case=ignores_case, is_text=True
        )
        self._literal: Surroundings | None = None
        if not query.is_regex and query.text.isascii():
            self._literal = Surroundings(query.text, ignores_case=ignores_case)
        self._needed: Matcher | None = None
        if query.is_regex and (needed := required(query)):
            self._needed = Matcher(Query(needed), ignores_case=ignores_case)
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
        if self._needed is not None:
            return self._showing(data, self._needed.rows(data))
        if self._in_rows is None:
            return self._one_by_one(data)
        if self._literal is not None:
            return self._around(data, self._in_rows, self._literal)
        return self._in_regions(data, self._in_rows)

    # A literal.

    def _around(self, data: bytes, plain: Expression, literal: Surroundings) -> list[int]:
        has_escapes = b"\x1b" in data
        unsure = literal.unsure_rows(data)
        found: list[int] = []
        size, at = len(data), 0
        while at < size:
            match = plain.first(data, at, size)
            if match is None:
                break
            begin = max(at, data.rfind(b"\n", at, match[0]) + 1)
            end = end_of(data, match[1])
            at = end + 1
            if begin in unsure:
                continue
            is_sure = not has_escapes or is_in_text(data, begin, match[0])
            if is_sure or self._shows_it(data[begin:end]):
                found.append(begin)
        if unsure:
            found += self._showing(data, unsure)
            found.sort()
        return found

    # An expression.

    def _in_regions(self, data: bytes, plain: Expression) -> list[int]:
        exactly = self._is_exact or (self._tells_form_feeds and b"\f" in data)
        size = len(data)
        if shows_itself(data, 0, size, exactly=exactly):
            return self._in_plain(data, 0, size, plain)
        found: list[int] = []
        at = clean = 0
        while at < size:
            end = _region_end(data, at)
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
            if match is None or (match[0] == size and data[size - 1] == _NEWLINE):
                break
            begin = max(at, data.rfind(b"\n", at, match[0]) + 1)
            end = data.find(b"\n", match[1], size)
            end = size if end < 0 else end
            # What matched may be a return, of which nothing is shown.
            is_sure = match[1] == match[0] or data[match[1] - 1] != _RETURN
            if is_sure or self._matches(data[begin:end].rstrip(b"\r")):
                found.append(begin)
            at = end + 1
        return found

    def _in_shown(self, data: bytes, base: int, plain: Expression, *, exactly: bool) -> list[int]:
        """Rows of which some show something else than themselves."""
        if not data.endswith(b"\n"):
            data += b"\n"
        fast = without_escapes(data)
        odd = odd_rows(data, fast, exactly=exactly)
        if b"\t" in fast:
            fast = fast.expandtabs()
        begins = self._showing(data, odd)
        found = self._in_plain(fast, 0, len(fast), plain)
        if found:
            ends = list(accumulate(map(len, data.split(b"\n"))))
            number = at = 0
            for each in found:
                number += fast.count(b"\n", at, each)
                at = each
                begin = number + (ends[number - 1] if number else 0)
                if begin not in odd:
                    begins.append(begin)
        return sorted(base + begin for begin in begins)

    def _one_by_one(self, data: bytes) -> list[int]:
        rows = data.removesuffix(b"\n").split(b"\n")
        begins = accumulate((len(row) + 1 for row in rows), initial=0)
        return [begin for begin, row in zip(begins, rows, strict=False) if self._shows_it(row)]

    # A row.

    def _showing(self, data: bytes, begins: Iterable[int]) -> list[int]:
        """Which of the rows that begin there match."""
        return [begin for begin in begins if self._shows_it(data[begin : end_of(data, begin)])]

    def _shows_it(self, row: bytes) -> bool:
        if self._literal is not None and not self._literal.may_show(row):
            return False
        return self._matches(shown_row(row))

    def _matches(self, shown: bytes) -> bool:
        return self._in_row.first(shown, 0, len(shown)) is not None


def _region_end(data: bytes, at: int) -> int:
    """Behind the last whole row of a region, or behind its first one if that is longer."""
    if at + REGION_BYTES >= len(data):
        return len(data)
    newline = data.rfind(b"\n", at, at + REGION_BYTES)
    if newline < 0:
        newline = end_of(data, at)
    return min(newline + 1, len(data))
