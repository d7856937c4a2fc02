"""How much a guest printed when: the shape of recordings in time. Pure.

A `Course` is known points of one generation: by then, so many bytes had come. Between two
points the guest is taken to have printed evenly. A `Timeline` puts courses end to end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

MAX_POINTS = 4096
"""Of more, those are let go that are nearest to others: no screen is half as wide."""

_INSTANT_S = 0.001
"""How long what came at once is taken to have lasted."""


class Course:
    """What is known of one generation, in order of time and bytes; bounded."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._offsets: list[int] = []
        self._apart_s = 0.0

    def __len__(self) -> int:
        return len(self._seconds)

    @property
    def seconds(self) -> float:
        """How long it lasted, from the generation's start to the last byte that is known."""
        return self._seconds[-1] if self._seconds else 0.0

    @property
    def bytes(self) -> int:
        """The offset behind that byte."""
        return self._offsets[-1] if self._offsets else 0

    def add(self, seconds: float, offset: int) -> None:
        """At `seconds` since the start, `offset` bytes had come.

        What goes back in time or bytes is not believed.
        """
        if seconds < self.seconds or offset < self.bytes:
            return
        before = self._seconds[-2:]
        if len(before) == 2 and (seconds - before[0] < self._apart_s or before == [seconds] * 2):
            # Of two points so near to each other the later one says what there is to say.
            self._seconds[-1], self._offsets[-1] = seconds, offset
            return
        self._seconds.append(seconds)
        self._offsets.append(offset)
        if len(self._seconds) > MAX_POINTS:
            self._thin()

    def _thin(self) -> None:
        """Keep points that lie further apart."""
        points = list(zip(self._seconds, self._offsets, strict=True))
        self._apart_s = max(2 * self._apart_s, 4 * self.seconds / MAX_POINTS)
        self._seconds, self._offsets = [], []
        for point in points:
            self.add(*point)

    def offset_at(self, seconds: float) -> int:
        """How many bytes had come by then."""
        return int(_between(self._seconds, self._offsets, seconds))

    def seconds_at(self, offset: int) -> float:
        """When the byte at `offset` came."""
        return _between(self._offsets, self._seconds, offset)


def _between(known: Sequence[float], wanted: Sequence[float], at: float) -> float:
    """What is `wanted` at a place between two `known` ones."""
    if not known:
        return 0.0
    high = bisect_right(known, at)
    if high == 0:
        return wanted[0]
    if high == len(known):
        return wanted[-1]
    share = (at - known[high - 1]) / (known[high] - known[high - 1])
    return wanted[high - 1] + share * (wanted[high] - wanted[high - 1])


class Edge(NamedTuple):
    """A place between two cells of a timeline; ordered."""

    generation: int
    """Counts the courses from 0."""
    offset: int
    """The first byte behind it."""


class Timeline:
    """Courses end to end: time between two generations has no room on it.

    Args:
        courses: oldest first.
        starts: where each generation's first byte is that can still be read.
    """

    def __init__(self, courses: Sequence[Course], starts: Sequence[int]) -> None:
        self._courses = list(courses)
        self._starts = [
            min(start, course.bytes) for start, course in zip(starts, self._courses, strict=True)
        ]
        self._skipped = [
            course.seconds_at(start) if start else 0.0
            for start, course in zip(self._starts, self._courses, strict=True)
        ]
        lasted = [
            course.seconds - skipped
            for course, skipped in zip(self._courses, self._skipped, strict=True)
        ]
        self._begins = list(accumulate(lasted, initial=0.0))
        sizes = [
            course.bytes - start for course, start in zip(self._courses, self._starts, strict=True)
        ]
        self._before = list(accumulate(sizes, initial=0))
        self.seconds = max(self._begins[-1], _INSTANT_S)
        """How long all of it lasted."""

    def edges(self, count: int) -> list[Edge]:
        """The edges of `count` cells of the same length, one more than cells.

        None when there is nothing.
        """
        if not self._before[-1] or count <= 0:
            return []
        between = [self._edge(self.seconds * i / count) for i in range(1, count)]
        last = len(self._courses) - 1
        return [Edge(0, self._starts[0]), *between, Edge(last, self._courses[last].bytes)]

    def sizes(self, edges: Sequence[Edge]) -> list[int]:
        """How many bytes came in each cell, of all generations."""
        known = [self._before[at] + offset - self._starts[at] for at, offset in edges]
        return [behind - before for before, behind in pairwise(known)]

    def cell_of(self, edge: Edge, count: int) -> int:
        """Which of `count` cells holds a byte; the nearest one to any other place."""
        if not 0 <= edge.generation < len(self._courses):
            return 0 if edge.generation < 0 else max(count - 1, 0)
        inside = self._courses[edge.generation].seconds_at(edge.offset)
        at = self._begins[edge.generation] + max(0.0, inside - self._skipped[edge.generation])
        return min(count - 1, int(at / self.seconds * count)) if count > 0 else 0

    def seconds_at(self, edge: Edge) -> float:
        """When the byte at a place came, since its own generation's start."""
        return self._courses[edge.generation].seconds_at(edge.offset)

    def _edge(self, seconds: float) -> Edge:
        number = min(bisect_right(self._begins, seconds), len(self._courses)) - 1
        inside = seconds - self._begins[number] + self._skipped[number]
        offset = self._courses[number].offset_at(inside)
        return Edge(number, max(offset, self._starts[number]))
