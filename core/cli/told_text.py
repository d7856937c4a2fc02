"""Alerts and marks in print: lines for people, JSON lines for programs.

Read a piece at a time: a ledger may hold a million of them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from core.amounts import iso, local
from core.console import safe_text
from core.errors import RecordingError
from core.recording import Event, EventKind, Events, Generation, LedgerEntry

MAX_PRINTED = 200
"""How many people are shown, the newest; programs get all."""

_KINDS = frozenset({EventKind.ALERT, EventKind.NOTICE, EventKind.MARK})
_PIECE = 256
_TEXT = 400
_MAX_WALL = 1e11


class Told(NamedTuple):
    """One alert or mark."""

    generation: int
    event: Event
    entry: LedgerEntry

    @property
    def wall(self) -> float:
        """When it happened: seconds since the epoch, UTC."""
        wall = self.entry.facts.get("wall")
        if isinstance(wall, bool) or not isinstance(wall, int | float):
            return self.entry.wall
        return float(wall) if 0 < wall < _MAX_WALL else self.entry.wall

    def text(self, name: str) -> str:
        """One of its texts; hostile, and empty when it has none."""
        found = self.entry.facts.get(name)
        return found if isinstance(found, str) else ""


def told_lines(generations: Sequence[Generation], *, width: int) -> Iterator[str]:
    """The newest alerts and marks in the order of what they are about, none wider than `width`.

    What of a ledger cannot be read is left out; the account tells of it.
    """
    chapters = [(each.sequence, _read(each)) for each in generations]
    counts = [sum(1 for _ in events.forward(0, kinds=_KINDS)) for _, events in chapters]
    left_out = max(0, sum(counts) - MAX_PRINTED)
    if left_out:
        yield f"{left_out:,} earlier alerts and marks; --json prints all"
    skipped = left_out
    for (sequence, events), count in zip(chapters, counts, strict=True):
        first = min(skipped, count)
        skipped -= first
        for told in _told(sequence, events, first):
            line = f"{told.generation:>3}  {local(told.wall):%Y-%m-%d %H:%M:%S}  {_words(told)}"
            yield safe_text(line, limit=max(width, 40))


def told_records(generations: Sequence[Generation]) -> Iterator[str]:
    """All alerts and marks that can be read: JSON, ASCII, one object each."""
    for generation in generations:
        for told in _told(generation.sequence, _read(generation), 0):
            place = {"generation": told.generation, "offset": told.event.offset}
            if told.event.kind is EventKind.MARK:
                rest = {"at": iso(told.wall), "note": told.text("note")}
                fields = {"type": "mark", **place, **rest, "mark": told.event.place}
            else:
                rest = {"at": iso(told.wall), "kind": told.text("kind")}
                rest |= {"severity": told.text("severity"), "title": told.text("title")}
                fields = {"type": "alert", **place, **rest}
            yield json.dumps(fields, ensure_ascii=True)


def _read(generation: Generation) -> Events:
    events = Events(generation.folder)
    with contextlib.suppress(RecordingError):
        while events.refresh():
            pass
    return events


def _told(sequence: int, events: Events, first: int) -> Iterator[Told]:
    found = islice(events.forward(0, kinds=_KINDS), first, None)
    while piece := list(islice(found, _PIECE)):
        try:
            entries = events.entries(piece)
        except RecordingError:
            # The generation was dropped meanwhile.
            return
        for event, entry in zip(piece, entries, strict=True):
            if entry is not None:
                yield Told(sequence, event, entry)


def _words(told: Told) -> str:
    if told.event.kind is EventKind.MARK:
        return f"mark   {safe_text(told.text('note'), limit=_TEXT)}".rstrip()
    kind = safe_text(told.text("kind"), limit=32)
    title = safe_text(told.text("title"), limit=_TEXT)
    word = "alert" if told.event.kind is EventKind.ALERT else "note "
    return f"{word}  {': '.join(part for part in (kind, title) if part)}".rstrip()
