"""Finds the rows of a block that a sieve keeps, a block of many rows at a time.

Theory of operation. Each of a sieve's parts goes through the whole block by itself, and
rows are put together and taken away by where they begin; where few rows are left, the
next part is asked of those alone. For levels, which are asked for first, an expression
names the rows that may be so grave.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from core.console.level import candidates, level_of
from core.console.model import Level
from core.search.expression import expression
from core.search.matching import Matcher
from core.search.messages import Look
from core.search.shown import without_escapes
from core.search.sieve import Sieve

_BYTES_A_ROW = 1024
"""When rows are further apart, asking each of them is quicker than going through the block."""


class RowFinder(Protocol):
    """Finds rows in a block of many."""

    def rows(self, data: bytes) -> list[int]:
        """Where the rows begin that are found, in order.

        Args:
            data: rows, each but the last with a newline behind it.
        """


def finder_of(look: Look) -> Matcher | Sifter:
    """Finds what is to be looked for.

    Raises:
        BadQuery: it cannot be searched for.
    """
    return Matcher(look.query) if look.sieve is None else Sifter(look.sieve)


class Sifter:
    """Finds what one sieve keeps.

    Raises:
        BadQuery: one of its queries cannot be searched for.
    """

    def __init__(self, sieve: Sieve) -> None:
        self._includes = [Matcher(query) for query in sieve.includes]
        self._excludes = [Matcher(query) for query in sieve.excludes]
        self._grave = None if sieve.level is None else _Grave(sieve.level)
        self._count = 0

    def take_count(self) -> int:
        """How many rows went by since the last call."""
        count, self._count = self._count, 0
        return count

    def rows(self, data: bytes) -> list[int]:
        """Where the rows begin that are kept, in order.

        Args:
            data: rows, each but the last with a newline behind it.
        """
        self._count += data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
        kept = None if self._grave is None else self._grave.rows(data)
        if self._includes:
            kept = sorted(_matching(self._includes, data, kept))
        elif kept is None:
            kept = _begins(data)
        if self._excludes and kept:
            gone = _matching(self._excludes, data, kept)
            kept = [begin for begin in kept if begin not in gone]
        return kept


def _matching(matchers: Sequence[Matcher], data: bytes, among: list[int] | None) -> set[int]:
    """Where the rows begin that one of these finds; of `among` alone, if that is not None."""
    if among is not None and len(among) * _BYTES_A_ROW < len(data):
        rows = ((begin, data[begin : _end_of(data, begin)]) for begin in among)
        return {begin for begin, row in rows if any(each.rows(row + b"\n") for each in matchers)}
    found = set[int]().union(*(matcher.rows(data) for matcher in matchers))
    return found if among is None else found.intersection(among)


class _Grave:
    """Finds rows that say they are so grave."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._may_be = expression(candidates(level).encode())

    def rows(self, data: bytes) -> list[int]:
        """Where such rows begin, in order."""
        found = list(self._named(data))
        if b"\x1b" in data:
            # Escape sequences may tear the words apart that tell a level.
            begins, ours = _begins(data), _begins(text := without_escapes(data))
            torn = [begins[bisect_left(ours, each)] for each in self._named(text)]
            found = sorted({*found, *torn})
        return [each for each in found if self._is(data[each : _end_of(data, each)])]

    def _named(self, data: bytes) -> Iterator[int]:
        """Where the rows begin that the first look names."""
        size, at = len(data), 0
        while at < size and (match := self._may_be.first(data, at, size)) is not None:
            yield data.rfind(b"\n", at, match[0]) + 1 or at
            at = _end_of(data, match[0]) + 1

    def _is(self, row: bytes) -> bool:
        level = level_of(row)
        return level is not None and level <= self._level


def _begins(data: bytes) -> list[int]:
    """Where each row begins."""
    rows = data.split(b"\n")
    if not rows[-1]:
        rows.pop()
    return [0, *accumulate(len(row) + 1 for row in rows[:-1])] if rows else []


def _end_of(data: bytes, at: int) -> int:
    """Where the row that holds `at` ends, before its newline."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end
