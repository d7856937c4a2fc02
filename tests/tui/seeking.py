"""A search without a process, for what shows its matches: row by row, when a test says so."""

from __future__ import annotations

from bisect import bisect_left

from core.console import Position, SafeStr, Script, safe_text
from core.search.sieve import Sieve
from tui.finding.filtering import Sought


class Found(list[Position]):
    """Matches in the order of the rows."""

    def count_before(self, position: Position) -> int:
        return bisect_left(self, position)


class Seeking:
    """One search: finds all there is at every look, unless it is held."""

    def __init__(self, searches: Searches, sieve: Sieve, near: Position | None) -> None:
        self._searches = searches
        self.sieve = sieve
        self.near = near
        self._found = Found()
        self._at = Position(0, -1)
        self.rows = 0
        self.is_complete = False
        self.is_closed = False
        self.trouble: SafeStr = safe_text("")

    @property
    def matches(self) -> Found:
        if not self._searches.is_held:
            self.search(1_000_000)
        return self._found

    def search(self, count: int) -> None:
        """Search so many rows more."""
        for line in self._searches.script.forward(self._at, count):
            self._at = line.end
            if line.row is not None:
                self.rows += 1
                if self.sieve.keeps(line.row.data):
                    self._found.append(line.position)
        self.is_complete = not self._searches.script.forward(self._at, 1)

    def close(self) -> None:
        self.is_closed = True


class Searches:
    """All searches that were begun in one script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.is_held = False
        """Whether they search only when they are told to."""
        self.begun: list[Seeking] = []

    def seek(self, sieve: Sieve, near: Position | None) -> Sought:
        self.begun.append(Seeking(self, sieve, near))
        return self.begun[-1]

    @property
    def open(self) -> list[Seeking]:
        return [each for each in self.begun if not each.is_closed]
