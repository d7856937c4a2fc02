"""From ledger entries to an account's stretches. Pure: no files, no clock.

Theory of operation. At every moment the console is *heard* (between `attached` and what
ends it) or it is not, for a reason that the last entry tells. Each entry that changes
this closes the stretch that is open and opens the next where it ended:

    attached                  heard from now on
    detached, ended, failed   not heard from now on; the entry says why
    gap                       not heard from its start to its end. It takes the place of
                              what followed from the entries before

Entries count in their order, not by their time: a clock may have been set back. A gap
that reaches over the stretch it ends, or beyond its own entry, is cut to what is left; the
first one may reach back to before the first entry.
Where a ledger breaks off (capture was killed), the guest was heard up to the last byte.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.recording.account import Stretch
from core.recording.gaps import Cause, Gap
from core.recording.ledger import LedgerEntry
from core.recording.marks import MARK, UNMARK

_SLIVER_S = 0.05
"""Two entries made for one moment may lie so far apart on a busy disk; that is no gap, unless
a ledger says so."""

_PASSING = frozenset({Cause.DISK, Cause.LOSSY})
"""Bytes are missing, and the console is as attached as before."""

_ENDS = {
    "detached": Cause.NOT_ATTACHED,
    "ended": Cause.CLOSED,
    "failed": Cause.FAILED,
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """One generation, as its files tell of it."""

    sequence: int
    started: float
    size: int
    """How many bytes it has captured."""
    entries: Iterable[LedgerEntry]
    dated: Callable[[int], float | None]
    """When the byte at an offset came; None when that is not known."""


class Reckoning:
    """What was reckoned so far.

    Args:
        chapters: the generations, oldest first.
        outside: entries of the sandbox's own ledger, in their order.
    """

    def __init__(self, chapters: Iterable[Chapter], outside: Iterable[LedgerEntry] = ()) -> None:
        self.stretches: list[Stretch] = []
        self.dropped: list[Gap] = []
        self.dropped_outside: list[tuple[Gap, LedgerEntry]] = []
        """Those of them that the sandbox's own ledger has: a generation may be gone as a whole."""
        self.alerts = 0
        self.repairs = 0
        self.is_heard = False
        """Whether the console was attached to at the end of it all."""
        self._since: float | None = None
        self._latest = 0.0
        self._heard = False
        self._why = (Cause.NOT_ATTACHED, "nothing was attached yet")
        self._chapter = Chapter(0, 0.0, 0, (), lambda offset: None)
        self._cursor = 0
        waiting = _Waiting(outside)
        for chapter in chapters:
            self._begin(chapter)
            for entry in chapter.entries:
                for earlier in waiting.before(entry.wall):
                    self._take_outside(earlier)
                self._take(entry)
            self._end_chapter()
        for entry in waiting.before(None):
            self._take_outside(entry)
        self._end()

    # Chapters.

    def _begin(self, chapter: Chapter) -> None:
        self._chapter = chapter
        self._cursor = 0
        self.is_heard = False
        if self._why[0] is Cause.CLOSED:
            self._why = (Cause.RESTARTED, "")

    def _end_chapter(self) -> None:
        chapter = self._chapter
        if not self._heard and self._cursor < chapter.size:
            # Bytes that no entry says were heard: their times do.
            began = chapter.dated(self._cursor) or chapter.started
            self._open_heard(began if self._since is None else max(began, self._since))
        if self._heard:
            self.is_heard = True
            self._close_heard(self._last_known(chapter.size), chapter.size)
            self._why = (Cause.UNKNOWN, "the generation's ledger breaks off")

    def _end(self) -> None:
        if self._since is None:
            return
        if self._latest - self._since > _SLIVER_S:
            self._add_gap(self._latest, self._derived(self._latest), is_entered=False)
        elif self.stretches and self._latest > self._since:
            self.stretches[-1] = dataclasses.replace(self.stretches[-1], end=self._latest)

    # Entries.

    def _take(self, entry: LedgerEntry) -> None:
        if entry.kind in (MARK, UNMARK):
            # Whoever reads a recording may mark it years later.
            return
        if self._since is None:
            self._since = entry.wall
        match entry.kind:
            case "attached":
                self._attach(entry)
            case "detached" | "ended" | "failed" if self._heard:
                self._close_heard(entry.wall, entry.offset)
                cause = _ENDS[entry.kind]
                words = entry.facts.get("cause") or entry.facts.get("detail") or ""
                self._why = (cause, str(words))
            case _:
                self._take_any(entry, entry.offset)
        self._latest = entry.wall

    def _take_outside(self, entry: LedgerEntry) -> None:
        if self._since is None:
            self._since = entry.wall
        gap = self._take_any(entry, self._cursor)
        if gap is not None:
            self.dropped_outside.append((gap, entry))
        self._latest = entry.wall

    def _take_any(self, entry: LedgerEntry, offset: int) -> Gap | None:
        """Take what is no attach and no end; returns what it tells to have been dropped."""
        gap = Gap.of(entry)
        if gap is not None and gap.cause is Cause.QUOTA:
            self.dropped.append(gap)
            return gap
        if gap is not None:
            self._take_gap(gap, entry, offset)
        elif entry.kind == "alert":
            self.alerts += 1
        elif entry.kind == "repaired":
            self.repairs += 1
        return None

    def _attach(self, entry: LedgerEntry) -> None:
        if self._heard:
            self._close_heard(min(self._last_known(entry.offset), entry.wall), entry.offset)
            self._why = (Cause.UNKNOWN, "it was attached anew, and no entry says why")
        self._open_heard(entry.wall)

    def _take_gap(self, gap: Gap, entry: LedgerEntry, offset: int) -> None:
        assert self._since is not None
        has_start = _is_number(entry.facts.get("start"))
        if has_start and not self.stretches and not self._heard:
            # The console was there, and nobody had named its sandbox yet.
            self._since = min(self._since, gap.start)
        if self._heard and has_start and gap.end <= self._since + _SLIVER_S and self._explain(gap):
            return
        start, end = self._within(gap, entry.wall)
        if gap.cause is Cause.UNKNOWN and not self._heard:
            # Entries once gave the reason in words of their own; what came before knows it.
            cause, evidence = self._why
            gap = dataclasses.replace(gap, cause=cause, evidence=gap.evidence or evidence)
        was_heard = self._heard
        if was_heard:
            self._close_heard(start, offset)
        elif has_start and start - self._since > _SLIVER_S:
            self._add_gap(start, self._derived(start), is_entered=False)
        self._heard = False
        self._add_gap(end, gap, is_entered=True)
        if gap.cause in _PASSING:
            self._heard = was_heard
        else:
            self._why = (Cause.UNKNOWN, "no entry says what came after the gap before")

    def _explain(self, gap: Gap) -> bool:
        """Let an entered gap say why of the one that was found before this stretch began."""
        if not self.stretches or self.stretches[-1].gap is None or self.stretches[-1].is_entered:
            return False
        found = self.stretches[-1]
        explained = dataclasses.replace(gap, start=found.start, end=found.end)
        self.stretches[-1] = dataclasses.replace(found, gap=explained, is_entered=True)
        return True

    def _within(self, gap: Gap, wall: float) -> tuple[float, float]:
        """Where a gap may begin and end: in what is open, and not after its entry."""
        assert self._since is not None
        if wall >= self._since:
            start = min(max(gap.start, self._since), wall)
        else:
            # The clock was set back in the open stretch; after that, if the gap says so.
            start = gap.start if gap.start <= wall else self._since
        return start, min(max(gap.end, start), wall)

    # Stretches.

    def _open_heard(self, wall: float) -> None:
        if self._since is None:
            self._since = wall
        if abs(wall - self._since) > _SLIVER_S:
            self._add_gap(wall, self._derived(wall), is_entered=False)
        self._heard = True

    def _close_heard(self, wall: float, offset: int) -> None:
        assert self._since is not None
        self._heard = False
        last = max(self._cursor, min(offset, self._chapter.size))
        if last == self._cursor and abs(wall - self._since) <= _SLIVER_S:
            return
        sequence = self._chapter.sequence
        self.stretches.append(Stretch(sequence, self._since, wall, self._cursor, last))
        self._since, self._cursor = wall, last

    def _add_gap(self, wall: float, gap: Gap, *, is_entered: bool) -> None:
        assert self._since is not None
        gap = dataclasses.replace(gap, start=self._since, end=wall)
        at = self._cursor
        self.stretches.append(
            Stretch(self._chapter.sequence, self._since, wall, at, at, gap, is_entered)
        )
        self._since = wall

    def _derived(self, wall: float) -> Gap:
        cause, evidence = self._why
        return Gap(cause, self._since or 0.0, wall, evidence)

    def _last_known(self, offset: int) -> float:
        """Until when the guest was heard for certain, when it was up to `offset`."""
        assert self._since is not None
        known = max(self._latest, self._since)
        if offset > self._cursor:
            byte = self._chapter.dated(min(offset, self._chapter.size) - 1)
            known = known if byte is None else max(known, byte)
        self._latest = max(self._latest, known)
        return known


class _Waiting:
    """The entries of another ledger, until their time has come."""

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self._entries = iter(entries)
        self._next = next(self._entries, None)

    def before(self, wall: float | None) -> Iterator[LedgerEntry]:
        """Those up to `wall`; all that are left for None."""
        while self._next is not None and (wall is None or self._next.wall <= wall):
            entry, self._next = self._next, next(self._entries, None)
            yield entry


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
