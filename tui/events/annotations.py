"""One sandbox's events as lines of ours, over all its generations.

A script of its own, to be put between the guest's rows by `core.console.Annotated`. The
ledgers are read a bounded piece at a time; an event's words only when it is in sight.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from core.clock import now as this_moment
from core.console import SEAM_OFFSET, Position, SafeStr, TranscriptRow, safe_text
from core.errors import RecordingError
from core.recording import Event, EventKind, Events, LedgerEntry
from core.recording.alerts import Ledgers
from tui.events.words import Words, event_words, reopened_words
from tui.opened.library import Part

LOOK_S = 1.0
"""How often ledgers are looked at for new entries."""

NUDGED_POLLS = 30
"""For so many polls they are looked at each time once something was entered."""

POLL_S = 0.004
"""How long one poll goes on reading ledgers that it has not read yet."""

_ROUND = 8
"""Older generations that are looked at each time, in turn: who reads one may mark it."""

_RANK = -(1 << 60)
"""An event's rank is this and the place of its ledger line, so below 0 for any ledger."""

_KEPT_WORDS = 1024


class Found(NamedTuple):
    """An event, and where it stands."""

    position: Position
    kind: EventKind | None
    """None for the seam before a generation."""
    place: int = 0
    """Where its line begins in the ledger."""


class _Chapter:
    """One generation's events."""

    def __init__(self, recorded: Part) -> None:
        self.recorded = recorded
        self.events = Events(recorded.generation.folder)
        self.is_behind = True
        self._words: dict[int, Words] = {}

    def refresh(self) -> bool:
        """Read on; whether other events are there."""
        before = self.events.version
        try:
            self.is_behind = self.events.refresh(self.recorded.start)
        except RecordingError:
            # The pane says what is wrong with the recording.
            self.is_behind = False
        return self.events.version != before

    def lines(self, events: list[Event]) -> list[TranscriptRow]:
        """The lines of some events."""
        missing = [event for event in events if event.place not in self._words]
        if len(self._words) + len(missing) > _KEPT_WORDS:
            self._words.clear()
            missing = events
        unread: dict[int, Words] = {}
        for event, entry in zip(missing, self._entries(missing), strict=True):
            kept = unread if entry is None else self._words
            kept[event.place] = event_words(event.kind, entry)
        return [
            self._line(event, self._words.get(event.place) or unread[event.place])
            for event in events
        ]

    def reopened(self) -> SafeStr:
        """What is known of the gap before it."""
        event = self.events.reopened
        if event is None:
            return safe_text("")
        try:
            return reopened_words(self.events.entries([event])[0])
        except RecordingError:
            return safe_text("")

    def position(self, event: Event) -> Position:
        return Position(self.recorded.sequence, event.offset, _RANK + event.place)

    def found(self, event: Event) -> Found:
        return Found(self.position(event), event.kind, event.place)

    def _line(self, event: Event, words: Words) -> TranscriptRow:
        at = self.position(event)
        return TranscriptRow(at, at._replace(rank=at.rank + 1), None, words.text, words.look)

    def _entries(self, events: list[Event]) -> Sequence[LedgerEntry | None]:
        """What the ledger says; None where it cannot be read now."""
        try:
            return self.events.entries(events)
        except RecordingError:
            return [None] * len(events)


class Annotations:
    """The events of all generations: a `core.console.Script` of lines of ours.

    Args:
        on_reopened: told of a generation what is known of the gap before it.
    """

    def __init__(self, on_reopened: Callable[[int, SafeStr], None]) -> None:
        self.is_shown = True
        """Whether there are any lines; without, the events can be walked all the same."""
        self._chapters: list[_Chapter] = []
        self._sequences: list[int] = []
        self._looked_at = float("-inf")
        self._turn = 0
        self._nudged = 0
        self._on_reopened = on_reopened

    def append(self, recorded: Part) -> None:
        """Add the next generation."""
        self._chapters.append(_Chapter(recorded))
        self._sequences.append(recorded.sequence)

    # Reading ledgers.

    def poll(self, now: float, for_s: float = POLL_S) -> bool:
        """Read on in the ledgers; whether other events are there.

        Args:
            now: seconds on any clock that goes forward.
            for_s: how long to go on with further pieces; one is read in any case.
        """
        due: list[_Chapter] = []
        if self._chapters and (now - self._looked_at >= LOOK_S or self._nudged):
            self._looked_at, self._nudged = now, max(0, self._nudged - 1)
            due.append(self._chapters[-1])
            for _ in range(min(_ROUND, len(self._chapters) - 1)):
                self._turn = (self._turn + 1) % (len(self._chapters) - 1)
                due.append(self._chapters[self._turn])
        behind = (chapter for chapter in reversed(self._chapters) if chapter.is_behind)
        began = this_moment().boot
        has_news = False
        for chapter in chain(due, behind):
            has_news = self._refresh(chapter) or has_news
            while chapter.is_behind and this_moment().boot - began < for_s:
                has_news = self._refresh(chapter) or has_news
            if this_moment().boot - began >= for_s:
                break
        return has_news

    def nudge(self) -> None:
        """Look at the ledgers at the next polls: something is being entered."""
        self._nudged = NUDGED_POLLS

    @property
    def is_behind(self) -> bool:
        """Whether a ledger was not read to its end yet."""
        return any(chapter.is_behind for chapter in self._chapters)

    @property
    def left_out(self) -> int:
        """Events that were too many to be kept."""
        return sum(chapter.events.left_out for chapter in self._chapters)

    @property
    def ledgers(self) -> Ledgers:
        """What the ledgers tell so far, a generation each."""
        return [(each.recorded.generation, each.events) for each in self._chapters]

    # A script.

    @property
    def first(self) -> Position:
        """Where the first line is; the same as `last` when there is none."""
        found = next(self._forward(Position(0, 0).above), None) if self.is_shown else None
        return Position(0, 0) if found is None else found[0].position(found[1])

    @property
    def last(self) -> Position:
        """Behind the last line."""
        end = Position(self._sequences[-1] + 1 if self._sequences else 0, 0)
        found = next(self._backward(end), None) if self.is_shown else None
        if found is None:
            return Position(0, 0)
        at = found[0].position(found[1])
        return at._replace(rank=at.rank + 1)

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The `count` lines from `at` on."""
        if not self.is_shown or count <= 0:
            return []
        return _lines(list(islice(self._forward(at), count)))

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The last `count` lines before `at`, in order."""
        if not self.is_shown or count <= 0:
            return []
        return _lines(list(islice(self._backward(at), count))[::-1])

    # Walking.

    def after(self, at: Position, kinds: frozenset[EventKind] | None = None) -> Found | None:
        """The next event behind `at`; a seam is one when `kinds` is None."""
        found = next(self._forward(at._replace(rank=at.rank + 1), kinds), None)
        events = [] if found is None else [found[0].found(found[1])]
        if kinds is None:
            seams = (s for s in self._sequences[1:] if Position(s, SEAM_OFFSET) > at)
            events += [Found(Position(s, SEAM_OFFSET), None) for s in islice(seams, 1)]
        return min(events, default=None, key=lambda each: each.position)

    def before(self, at: Position, kinds: frozenset[EventKind] | None = None) -> Found | None:
        """The last event before `at`; a seam is one when `kinds` is None."""
        found = next(self._backward(at, kinds), None)
        events = [] if found is None else [found[0].found(found[1])]
        if kinds is None:
            seams = (s for s in self._sequences[:0:-1] if Position(s, SEAM_OFFSET) < at)
            events += [Found(Position(s, SEAM_OFFSET), None) for s in islice(seams, 1)]
        return max(events, default=None, key=lambda each: each.position)

    def within(
        self, at: Position, end: Position, kinds: frozenset[EventKind] | None = None
    ) -> Found | None:
        """The first event from `at` up to, and not at, `end`; no seam is one."""
        found = next(self._forward(at, kinds), None)
        event = None if found is None else found[0].found(found[1])
        return event if event is not None and event.position < end else None

    def _refresh(self, chapter: _Chapter) -> bool:
        before = chapter.events.reopened
        has_news = chapter.refresh()
        if chapter.events.reopened is not before:
            self._on_reopened(chapter.recorded.sequence, chapter.reopened())
        return has_news

    def _forward(
        self, at: Position, kinds: frozenset[EventKind] | None = None
    ) -> Iterator[tuple[_Chapter, Event]]:
        number = bisect_left(self._sequences, at.generation)
        for chapter in self._chapters[number:]:
            is_first = chapter.recorded.sequence == at.generation
            offset, place = (at.offset, at.rank - _RANK) if is_first else (SEAM_OFFSET, 0)
            if offset < chapter.recorded.start:
                offset, place = chapter.recorded.start, 0
            for event in chapter.events.forward(offset, place, kinds):
                yield chapter, event

    def _backward(
        self, at: Position, kinds: frozenset[EventKind] | None = None
    ) -> Iterator[tuple[_Chapter, Event]]:
        number = bisect_left(self._sequences, at.generation + 1)
        for chapter in reversed(self._chapters[:number]):
            if chapter.recorded.sequence == at.generation:
                found = chapter.events.backward(at.offset, at.rank - _RANK, kinds)
            else:
                found = chapter.events.backward(1 << 62, kinds=kinds)
            start = chapter.recorded.start
            for event in found:
                if event.offset < start:
                    break
                yield chapter, event


def _lines(found: list[tuple[_Chapter, Event]]) -> list[TranscriptRow]:
    """The lines of some events, each chapter's read at once."""
    by_chapter: dict[int, list[Event]] = {}
    for chapter, event in found:
        by_chapter.setdefault(id(chapter), []).append(event)
    chapters = {id(chapter): chapter for chapter, _ in found}
    rows = [row for key, events in by_chapter.items() for row in chapters[key].lines(events)]
    return sorted(rows, key=lambda row: row.position)
