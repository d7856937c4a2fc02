"""What a generation's ledger tells, by where it lies in the output; for whoever looks on.

The ledger is read once, a bounded piece a call, and believed in nothing. Of each entry
only its place is kept: its words are read again when somebody sees it. So a million
alerts cost 20 MB and a few reads a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import takewhile
from pathlib import Path

import msgspec

from core.recording.folder import Folder
from core.recording.gaps import GAP, Cause
from core.recording.layout import MAX_OFFSET
from core.recording.ledger import MAX_WALL, LedgerEntry, parse_entry
from core.recording.ledger_lines import MAX_LINE_BYTES, LedgerLine, LedgerLines, read_lines
from core.recording.marks import MARK, UNMARK
from core.recording.shelf import Event, EventKind, Shelf
from core.settings import Severity

MAX_LINES = 2048
"""Lines that one call takes in: some milliseconds."""

READ_BYTES = 256 * 1024
"""How much of the ledger that may be."""

MAX_ALERTS = 1 << 20
MAX_MARKS = 1 << 16
MAX_OTHERS = 1 << 18
"""How many of each sort are kept; then the oldest go. A shelf of alerts has 20 MB then."""

_KEPT_ENTRIES = 64
"""Each may have 64 KiB."""

_LAST_PLACE = 1 << 62

_KINDS = {
    "attached": EventKind.ATTACHED,
    "detached": EventKind.DETACHED,
    "ended": EventKind.ENDED,
    "failed": EventKind.FAILED,
    GAP: EventKind.GAP,
    "proxy-started": EventKind.PROXY_STARTED,
    "proxy-stopped": EventKind.PROXY_STOPPED,
    "alert": EventKind.ALERT,
    MARK: EventKind.MARK,
}

ALERTS = frozenset({EventKind.ALERT, EventKind.NOTICE})
MARKS = frozenset({EventKind.MARK})
OTHERS = frozenset(EventKind) - ALERTS - MARKS

_WHERE = (*ALERTS, *MARKS)
"""Kinds whose entries are made behind what they tell of; `start` says where that is."""


class _Facts(msgspec.Struct):
    start: object = None
    severity: object = None
    cause: object = None
    mark: object = None


class _Entry(msgspec.Struct):
    epoch: float
    offset: int
    kind: str
    facts: _Facts = msgspec.field(default_factory=_Facts)


_decoder = msgspec.json.Decoder(_Entry)


class Events:
    """One generation's. Holds no descriptor.

    Args:
        folder: the generation's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.skipped = 0
        """Lines that were no entries."""
        self.reopened: Event | None = None
        """The gap between the generation before and this one; not among the others, since
        the seam tells of it."""
        self.version = 0
        """Another number whenever other events are there."""
        self._lines = LedgerLines()
        self._alerts = Shelf(MAX_ALERTS)
        self._marks = Shelf(MAX_MARKS)
        self._others = Shelf(MAX_OTHERS)
        self._kept: dict[int, LedgerEntry | None] = {}

    def __len__(self) -> int:
        return len(self._alerts) + len(self._marks) + len(self._others)

    @property
    def left_out(self) -> int:
        """How many were too many to be kept."""
        return self._alerts.dropped + self._marks.dropped + self._others.dropped

    @property
    def position(self) -> int:
        """Up to which byte the ledger was read."""
        return self._lines.position

    def refresh(self, start: int = 0) -> bool:
        """Read on, a bounded piece; whether there may be more at once.

        Args:
            start: the first offset that can be read; what lies before it is let go.

        Raises:
            RecordingError: the ledger may not be read.
        """
        with Folder.open(self.folder) as folder:
            lines = self._lines.read_new(folder, MAX_LINES, READ_BYTES)
            for line in lines:
                self._take(line, folder)
        shelves = (self._alerts, self._marks, self._others)
        has_dropped = [shelf.drop_before(start) for shelf in shelves]
        if lines or any(has_dropped):
            self.version += 1
        return bool(lines)

    # Where they lie.

    def forward(
        self, offset: int, place: int = 0, kinds: frozenset[EventKind] | None = None
    ) -> Iterator[Event]:
        """The events from a place on, oldest first.

        Args:
            offset: where in the output.
            place: those at `offset` whose ledger line begins here or later.
            kinds: only these; None for all.
        """
        found = merge(*(shelf.forward(offset, place) for shelf in self._shelves(kinds)))
        return _among(found, kinds)

    def backward(
        self, offset: int, place: int = _LAST_PLACE, kinds: frozenset[EventKind] | None = None
    ) -> Iterator[Event]:
        """The events before a place, newest first; arguments as for `forward`."""
        shelves = self._shelves(kinds)
        found = merge(*(shelf.backward(offset, place) for shelf in shelves), reverse=True)
        return _among(found, kinds)

    def within(
        self, offset: int, end: int, kinds: frozenset[EventKind] | None = None
    ) -> Iterator[Event]:
        """The events that lie from `offset` up to, and not at, `end`."""
        return takewhile(lambda event: event.offset < end, self.forward(offset, 0, kinds))

    # What they say.

    def entries(self, events: Sequence[Event]) -> list[LedgerEntry | None]:
        """The ledger's entries of some events; None where the ledger has another one by now.

        Raises:
            RecordingError: the ledger may not be read.
        """
        missing = [event.place for event in events if event.place not in self._kept]
        found = {event.place: self._kept.get(event.place) for event in events}
        if missing:
            if len(self._kept) + len(missing) > _KEPT_ENTRIES:
                self._kept.clear()
            with Folder.open(self.folder) as folder:
                for place, line in zip(missing, read_lines(folder, missing), strict=True):
                    found[place] = self._kept[place] = parse_entry(line)
        return [_same(found[event.place], event) for event in events]

    # The ledger.

    def _shelves(self, kinds: frozenset[EventKind] | None) -> Iterator[Shelf]:
        for shelf, holds in (
            (self._alerts, ALERTS),
            (self._marks, MARKS),
            (self._others, OTHERS),
        ):
            if kinds is None or not holds.isdisjoint(kinds):
                yield shelf

    def _take(self, line: LedgerLine, folder: Folder) -> None:
        entry = _decoded(line.text)
        if entry is None:
            self.skipped += 1
            return
        if entry.kind == UNMARK:
            self._unmark(entry.facts.mark, line.place, folder)
            return
        kind = _KINDS.get(entry.kind)
        if kind is None:
            return
        event = Event(_where(entry, kind), line.place, _kind_of(entry, kind))
        if kind is EventKind.GAP and entry.facts.cause == Cause.QUOTA:
            # Said above the first row that is left.
            return
        if kind is EventKind.GAP and entry.facts.cause == Cause.RESTARTED and not event.offset:
            self.reopened = event
        elif event.kind in ALERTS:
            self._alerts.add(event)
        elif event.kind in MARKS:
            self._marks.add(event)
        else:
            self._others.add(event)

    def _unmark(self, mark: object, before: int, folder: Folder) -> None:
        if isinstance(mark, bool) or not isinstance(mark, int) or not 0 <= mark < before:
            return
        (text,) = read_lines(folder, [mark])
        entry = _decoded(text)
        if entry is not None and entry.kind == MARK:
            self._marks.discard(_where(entry, EventKind.MARK), mark)


def _decoded(text: bytes) -> _Entry | None:
    """What is needed of an entry, by the rules of `parse_entry`."""
    try:
        if not text.isascii():
            # The decoder does not look at what it skips; nor did we write it.
            raise ValueError
        entry = _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Strange, and may be an entry all the same.
        whole = parse_entry(text)
        if whole is None:
            return None
        facts = {name: whole.facts.get(name) for name in _Facts.__struct_fields__}
        return _Entry(whole.wall, whole.offset, whole.kind, _Facts(**facts))
    is_sane = 0 <= entry.offset <= MAX_OFFSET and 0 <= entry.epoch <= MAX_WALL
    return entry if is_sane and len(text) <= MAX_LINE_BYTES else None


def _where(entry: _Entry, kind: EventKind) -> int:
    start = entry.facts.start
    if kind in _WHERE and type(start) is int and 0 <= start <= MAX_OFFSET:
        return start
    return entry.offset


def _kind_of(entry: _Entry, kind: EventKind) -> EventKind:
    is_note = kind is EventKind.ALERT and entry.facts.severity == Severity.NOTE
    return EventKind.NOTICE if is_note else kind


def _same(entry: LedgerEntry | None, event: Event) -> LedgerEntry | None:
    """The entry, if it is still the one that the event was made of."""
    if entry is None:
        return None
    known = _KINDS.get(entry.kind)
    kind = EventKind.ALERT if event.kind is EventKind.NOTICE else event.kind
    return entry if known is kind else None


def _among(events: Iterable[Event], kinds: frozenset[EventKind] | None) -> Iterator[Event]:
    return (event for event in events if kinds is None or event.kind in kinds)
