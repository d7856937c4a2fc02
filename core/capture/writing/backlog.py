"""What waits for the disk: a console's newest bytes, and where older ones had to go.

Pure: no disk, no clock. When more waits than there is room for, the oldest bytes go
first, and a hole takes their place. It knows to the byte what is missing, and lies
where the bytes after it begin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from core.clock import Instant
from core.recording.gaps import Cause, Gap
from core.recording.layout import MERGE_S
from core.recording.ledger import Fact

CHUNK_COST = 256
"""What a chunk takes beside its bytes. A guest that prints by the byte must not take forty
times the room it was given."""

ENTRY_COST = 1024
MERGE_BYTES = 64 * 1024
"""Reads within `MERGE_S` share a chunk up to this size, as they share a timing record."""


class Chunk(NamedTuple):
    """Bytes, and when they came."""

    data: bytes
    at: Instant


class Entry(NamedTuple):
    """Something for the ledger, in its place between the bytes."""

    kind: str
    at: Instant
    facts: Mapping[str, Fact]
    offset: int | None = None
    """Where it belongs; None for where it is written."""


class Hole(NamedTuple):
    """Bytes that are gone."""

    start: Instant
    end: Instant
    lost_bytes: int
    evidence: str
    lost_entries: int = 0

    def gap(self) -> Gap:
        """As the ledger tells of it."""
        evidence = self.evidence
        if self.lost_entries:
            evidence += f"; {self.lost_entries} ledger entries are missing as well"
        return Gap(Cause.DISK, self.start.wall, self.end.wall, evidence, self.lost_bytes)

    def joined(self, later: Hole) -> Hole:
        """This hole and a later one, with no byte between them, as one."""
        return Hole(
            self.start,
            later.end,
            self.lost_bytes + later.lost_bytes,
            later.evidence,
            self.lost_entries + later.lost_entries,
        )


Item = Chunk | Entry | Hole


class Backlog:
    """A queue that forgets its oldest bytes when told to.

    Args:
        limit_bytes: how much memory it may take; `add` keeps to it.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.cost = 0
        """The memory it takes, what is in hand included."""
        self.waiting = 0
        """How many bytes wait, those in hand included."""
        self.dropped = 0
        """How many bytes were dropped since it was empty."""
        self._limit = limit_bytes
        self._items: deque[Item] = deque()
        self._hand: deque[Item] = deque()
        self._hand_cost = 0
        self._hand_size = 0

    def __bool__(self) -> bool:
        return bool(self._items or self._hand)

    def add(self, data: bytes, at: Instant, evidence: str) -> None:
        """Take `data`; the oldest bytes go when there is no room. `evidence` says why."""
        last = self._items[-1] if self._items else None
        if (
            isinstance(last, Chunk)
            and last.at.boot <= at.boot < last.at.boot + MERGE_S
            and len(last.data) + len(data) <= MERGE_BYTES
        ):
            self._items[-1] = Chunk(last.data + data, last.at)
            self.cost += len(data)
        else:
            self._items.append(Chunk(data, at))
            self.cost += len(data) + CHUNK_COST
        self.waiting += len(data)
        self._keep_to_limit(evidence)

    def enter(self, entry: Entry, evidence: str) -> None:
        """Take a ledger entry."""
        self._items.append(entry)
        self.cost += ENTRY_COST
        self._keep_to_limit(evidence)

    def take(self, max_bytes: int) -> deque[Item]:
        """The oldest items, to be written: they are *in hand* and safe from being dropped.

        Whoever writes them removes them from the left; `settle` puts back what is left.
        """
        assert not self._hand
        while self._items and self._hand_size < max_bytes:
            item = self._items.popleft()
            self._hand.append(item)
            self._hand_size += _size(item)
            self._hand_cost += _cost(item)
        return self._hand

    def settle(self) -> None:
        """Take back what of the items in hand was not written."""
        self.cost += sum(map(_cost, self._hand)) - self._hand_cost
        self.waiting += sum(map(_size, self._hand)) - self._hand_size
        self._hand_cost = self._hand_size = 0
        self._items.extendleft(reversed(self._hand))
        self._hand.clear()
        if not self._items:
            self.dropped = 0

    def drop_oldest(self, evidence: str) -> bool:
        """Let the oldest chunk go, or without one the oldest entry; whether there was any."""
        before: list[Entry] = []
        hole: Hole | None = None
        chunk: Chunk | None = None
        while self._items and chunk is None:
            item = self._items.popleft()
            match item:
                case Chunk():
                    chunk = item
                case Hole():
                    hole = item if hole is None else hole.joined(item)
                case Entry():
                    before.append(item)
        if chunk is not None:
            more = Hole(chunk.at, chunk.at, len(chunk.data), evidence)
            self.cost -= _cost(chunk)
            self.waiting -= len(chunk.data)
            self.dropped += len(chunk.data)
        elif before:
            at = before.pop(0).at
            more = Hole(at, at, 0, evidence, 1)
            self.cost -= ENTRY_COST
        else:
            if hole is not None:
                self._items.appendleft(hole)
            return False
        if hole is not None:
            self.cost -= CHUNK_COST
            more = hole.joined(more)
        self._items.appendleft(more)
        self._items.extendleft(reversed(before))
        self.cost += CHUNK_COST
        return True

    def give_up(self, evidence: str) -> tuple[list[Entry], Hole | None]:
        """Empty it: the entries that waited, and one hole for all bytes that did."""
        hole: Hole | None = None
        entries: list[Entry] = []
        for item in (*self._hand, *self._items):
            match item:
                case Entry():
                    entries.append(item)
                    continue
                case Chunk(data, at):
                    more = Hole(at, at, len(data), evidence)
                case Hole():
                    more = item
            hole = more if hole is None else hole.joined(more)
        self._items.clear()
        self._hand.clear()
        self._hand_cost = self._hand_size = self.cost = self.waiting = self.dropped = 0
        return entries, hole

    def _keep_to_limit(self, evidence: str) -> None:
        while self.cost > self._limit and len(self._items) > 1:
            if not self.drop_oldest(evidence) or len(self._items) <= 2:
                # A hole and what came just now: there is no less.
                return


def _cost(item: Item) -> int:
    match item:
        case Chunk():
            return len(item.data) + CHUNK_COST
        case Entry():
            return ENTRY_COST
        case Hole():
            return CHUNK_COST


def _size(item: Item) -> int:
    return len(item.data) if isinstance(item, Chunk) else 0
