"""One search under way: what is still to be scanned, in which order, and what was found.

Theory of operation. A generation is scanned a chunk at a time, those around the view
first. Its last chunk is its tail, which is gone on with as it grows: each time from the
start of the last row that was not complete. A hit is told with the stretch it was looked
for in, so that whatever was told of that stretch before is put right.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import zip_longest

from core.console import row_start
from core.console.rows import row_edge
from core.errors import RecordingError
from core.search.area import Area, opened
from core.search.hits import CHUNK_BYTES, packed
from core.search.messages import Found, FromSearch, Gone, Look, Stand
from core.search.row_count import RowCount
from core.search.scan import found_between
from core.search.sifting import Sifter, finder_of

MAX_HITS = 32_000_000
"""More are not looked for: nobody goes through them, and each takes room."""

LOOK_AROUND_S = 1.0
"""How often it is looked for what the newest generation's size does not tell."""

PIECE_S = 0.008
"""How long a piece may take before the next one is made smaller: keys wait for it."""

_MIN_PIECE = 64 * 1024

_ChunkId = tuple[int, int]
"""A generation, and which of its chunks."""

_TAIL = -1
"""In the place of a chunk's number."""


class Task:
    """A search. What cannot be read is told, and the rest is searched.

    Args:
        look: what is wanted.
        tell: takes what the viewer is told.

    Raises:
        BadQuery: the query cannot be searched for.
    """

    def __init__(self, look: Look, tell: Callable[[FromSearch], None]) -> None:
        self._id = look.id
        self._near = look.near
        self._matcher = finder_of(look)
        self._rows = RowCount()
        self._tell = tell
        self._area: Area | None = None
        self._todo: deque[_ChunkId] = deque()
        self._heads: dict[int, int] = {}
        """Where each generation's tail began when it was opened."""
        self._tails: dict[int, int] = {}
        """From where each generation's tail is still to be scanned, or to be scanned again."""
        self._ends: dict[int, int] = {}
        """How far each generation's tail was scanned."""
        self._starts: dict[int, int] = {}
        self._piece: Iterator[None] | None = None
        self._piece_bytes = CHUNK_BYTES // 4
        self._scanned = self._total = self._count = 0
        self._trouble = ""
        self._told: Stand | None = None
        self._looked_at = 0.0
        self._turn = 0
        try:
            self._area = opened(look.place)
            self._begin(self._area)
        except RecordingError as error:
            self._trouble = error.message
        self._tell_stand()

    @property
    def is_busy(self) -> bool:
        """Whether there is something to scan now."""
        return self._piece is not None or bool(self._todo)

    def step(self) -> None:
        """Scan the next piece."""
        if self._piece is None and self._todo:
            assert self._area is not None
            self._piece = self._scan(self._area, *self._todo.popleft())
        if self._piece is not None:
            try:
                next(self._piece)
            except StopIteration:
                self._piece = None
            except RecordingError as error:
                self._piece = None
                self._trouble = error.message
        if self._count >= MAX_HITS:
            self._todo.clear()
            self._piece = None
        self._tell_stand()

    def look(self, now: float) -> None:
        """Look whether there is more to scan.

        Args:
            now: seconds on any clock that goes forward.
        """
        area = self._area
        if area is None or self.is_busy or self._count >= MAX_HITS:
            return
        try:
            if now - self._looked_at >= LOOK_AROUND_S:
                self._looked_at = now
                self._look_around(area)
            elif area.generations:
                self._look_at_tail(area, area.generations[-1])
        except RecordingError as error:
            self._trouble = error.message
        self._tell_stand()

    def close(self) -> None:
        """Let go of all files."""
        if self._area is not None:
            self._area.close()

    # What there is.

    def _begin(self, area: Area) -> None:
        self._looked_at = time.monotonic()
        chunks: list[_ChunkId] = []
        near = 0
        for generation in area.generations:
            found = self._chunks_of(area, generation)
            if self._near is None or generation < self._near[0]:
                near = len(chunks) + len(found) - 1
            elif generation == self._near[0]:
                first = self._starts.get(generation, 0) // CHUNK_BYTES
                near = len(chunks) + min(len(found) - 1, self._near[1] // CHUNK_BYTES - first)
            chunks += found
        near = max(0, near)
        below, above = chunks[near:], chunks[:near][::-1]
        for pair in zip_longest(below, above):
            self._todo.extend(each for each in pair if each is not None)

    def _chunks_of(self, area: Area, generation: int) -> list[_ChunkId]:
        """The chunks of a generation that was not known before."""
        try:
            source = area.open(generation)
        except RecordingError as error:
            self._trouble = error.message
            return []
        if source is None:
            return []
        start, end = source.start, source.end
        self._starts[generation] = start
        self._total += end - start
        first, last = start // CHUNK_BYTES, max(start, end - 1) // CHUNK_BYTES
        tail = start if first == last else row_edge(source, last * CHUNK_BYTES)
        self._heads[generation] = self._tails[generation] = self._ends[generation] = tail
        return [*((generation, number) for number in range(first, last)), (generation, _TAIL)]

    def _look_around(self, area: Area) -> None:
        area.look()
        known, present = set(self._starts), area.generations
        for generation in present:
            if generation not in known:
                self._todo.extend(self._chunks_of(area, generation))
        gone = known.difference(present)
        for generation in gone:
            for facts in (self._starts, self._heads, self._tails, self._ends):
                del facts[generation]
            self._rows.forget(generation)
        starts: dict[int, int] = {}
        if present:
            self._look_at_tail(area, present[-1])
            self._turn += 1
            for generation in {present[0], present[-1], present[self._turn % len(present)]}:
                if self._look_at_start(area, generation):
                    starts[generation] = self._starts[generation]
        if gone or starts:
            self._tell(Gone(self._id, tuple(present), starts))

    def _look_at_tail(self, area: Area, generation: int) -> None:
        source = area.open(generation)
        area.refresh(generation)
        if source is None or generation not in self._ends:
            return
        if source.end > self._ends[generation]:
            self._total += source.end - self._ends[generation]
            self._todo.append((generation, _TAIL))

    def _look_at_start(self, area: Area, generation: int) -> bool:
        """Whether the oldest bytes of a generation were dropped."""
        source = area.open(generation)
        area.refresh(generation)
        if source is None or generation not in self._starts:
            return False
        # A reader that finds no log at all has neither begin nor end.
        known = self._ends[generation]
        start = source.start if source.end >= known else known
        if start <= self._starts[generation]:
            return False
        self._starts[generation] = start
        # What is left of a row that was cut is a row of its own, and is to be looked at.
        if start < self._heads[generation]:
            self._rows.forget_before(generation, start // CHUNK_BYTES)
            self._todo.append((generation, start // CHUNK_BYTES))
        else:
            self._rows.forget(generation)
            self._tails[generation] = start
            self._todo.append((generation, _TAIL))
        return True

    # Scanning.

    def _scan(self, area: Area, generation: int, number: int) -> Iterator[None]:
        """Scan a chunk or the tail; a rest after each piece."""
        source = area.open(generation)
        if source is None or generation not in self._tails:
            return
        is_tail = number == _TAIL
        if is_tail:
            at, end = max(source.start, self._tails[generation]), source.end
        else:
            head = self._heads[generation]
            at = row_edge(source, max(source.start, number * CHUNK_BYTES))
            end = row_edge(source, min(head, (number + 1) * CHUNK_BYTES))
            self._rows.restart(generation, number)
        while at < end:
            begun = time.monotonic()
            stop = row_edge(
                source, min(at + self._piece_bytes, (at // CHUNK_BYTES + 1) * CHUNK_BYTES)
            )
            stop = min(stop, end)
            found = found_between(source, at, stop, self._matcher)
            if found is None:
                # Dropped meanwhile: what is left is looked at anew.
                return
            self._scanned += stop - at
            self._count += len(found)
            if isinstance(self._matcher, Sifter):
                self._rows.add(generation, number, self._matcher.take_count())
            self._tell(Found(self._id, generation, at, stop, packed(found)))
            at = stop
            if is_tail:
                self._ends[generation] = at
                self._tails[generation] = row_start(source, at)
                self._rows.end(generation, number, is_open=self._tails[generation] < at)
            self._adapt(time.monotonic() - begun)
            yield

    def _adapt(self, seconds: float) -> None:
        if seconds > PIECE_S:
            self._piece_bytes = max(_MIN_PIECE, self._piece_bytes // 2)
        elif seconds < PIECE_S / 4:
            self._piece_bytes = min(CHUNK_BYTES, self._piece_bytes * 2)

    def _tell_stand(self) -> None:
        stand = Stand(
            self._id,
            min(self._scanned, self._total),
            self._total,
            self.is_busy,
            self._trouble,
            self._rows.total,
        )
        if stand != self._told:
            self._told = stand
            self._tell(stand)
