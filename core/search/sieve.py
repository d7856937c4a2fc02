"""Which rows a filter keeps: those that hold this, do not hold that, and are so grave."""

from __future__ import annotations

import msgspec

from core.console.level import level_of
from core.console.line import render_line
from core.console.model import Level
from core.search.query import Query

MAX_QUERIES = 16
"""Patterns of one filter; each is looked for in every row."""


class Sieve(msgspec.Struct, frozen=True):
    """What is kept. Equal sieves keep the same; an empty one keeps everything.

    All of it is asked of a row at once, by the process that reads all rows anyway: so its
    matches are few where the parts' are many, and a row that only lacks something can be
    found as quickly as one that has it.
    """

    includes: tuple[Query, ...] = ()
    """A row is kept that one of these is found in; with none, every row."""
    excludes: tuple[Query, ...] = ()
    """But none that one of these is found in."""
    level: Level | None = None
    """And only rows that say they are this grave, or graver."""

    @property
    def is_empty(self) -> bool:
        """Whether it keeps everything, so that there is nothing to look for."""
        return not (self.includes or self.excludes) and self.level is None

    def check(self) -> None:
        """Refuse what cannot be searched for.

        Raises:
            BadQuery: one of the queries cannot be.
        """
        for query in (*self.includes, *self.excludes):
            query.check()

    def keeps(self, data: bytes) -> bool:
        """Whether a row is kept, of its bytes without the newline.

        Raises:
            BadQuery: one of the queries cannot be searched for.
        """
        if self.level is not None:
            level = level_of(data)
            if level is None or level > self.level:
                return False
        text = render_line(data, raw=True).text
        if self.includes and not any(query.matches(text) for query in self.includes):
            return False
        return not any(query.matches(text) for query in self.excludes)
