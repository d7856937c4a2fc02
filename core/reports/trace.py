"""An alert's trace with what a bug report needs beside it, read from the recordings.

Reading many guests takes a while, and somebody waits for the trace: it is there at once,
and what the others printed in that second comes a guest a step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from core.console import ConsoleLine, Row, render_line, row_start, rows_backward, rows_forward
from core.console.alerts.about import About, about, kernel_of
from core.errors import RecordingError
from core.recording import Generation, GenerationReader, History, RecordingClock, offset_at
from core.sandboxes.model import AlertFacts

AROUND_ROWS = 10
"""Rows before and after the trace."""

MAX_TRACE_ROWS = 400
"""A longer trace is cut; the pane has all of it."""

BESIDE_S = 0.5
"""How long before and after the alert another guest's rows count as of that second."""

BESIDE_ROWS = 20
"""Rows of each other guest, from the nearest before the alert on."""

_BOOT_BYTES = 256 * 1024
"""A kernel says its version in the first lines."""


class Guest(NamedTuple):
    """A sandbox whose recordings may be read."""

    name: str
    """What people call it: hostile."""
    family: str
    folder: Path
    """The folder of its generations."""


class Said(NamedTuple):
    """A row of a guest."""

    wall: float | None
    """When it came: seconds since the epoch, UTC; None when no record says so."""
    line: ConsoleLine


@dataclass(frozen=True, slots=True)
class Beside:
    """What another guest printed at the time."""

    guest: Guest
    rows: tuple[Said, ...]
    is_cut: bool
    """Whether it printed more than that."""


@dataclass(frozen=True, slots=True)
class TraceReport:
    """A trace and what belongs to it."""

    guest: Guest
    alert: AlertFacts
    sequence: int = 0
    """Its generation's number among the sandbox's."""
    begin: int = 0
    """Where the trace's first row begins in that generation."""
    about: About = field(default_factory=About)
    before: tuple[Said, ...] = ()
    trace: tuple[Said, ...] = ()
    after: tuple[Said, ...] = ()
    is_cut: bool = False
    """Whether the trace has more rows."""
    beside: tuple[Beside, ...] = ()
    trouble: str = ""
    """Why there is no trace to show; empty when there is."""


@dataclass(slots=True)
class TraceReader:
    """Reads a report: the trace at once, then a guest a step.

    Args:
        guest: whose alert it is.
        alert: which.
        others: the other guests of the host.
    """

    guest: Guest
    alert: AlertFacts
    others: Sequence[Guest] = ()
    report: TraceReport = field(init=False)
    """As far as it was read."""
    _next: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.report = TraceReport(self.guest, self.alert)
        try:
            self.report = _trace_of(self.guest, self.alert)
        except RecordingError as error:
            self.report = replace(self.report, trouble=error.message)

    @property
    def is_done(self) -> bool:
        """Whether all guests were read."""
        return self._next >= len(self.others)

    def step(self) -> bool:
        """Read one more guest; whether it printed anything in that second."""
        if self.is_done:
            return False
        guest = self.others[self._next]
        self._next += 1
        found = None
        # What cannot be read is no part of this report; its own pane says why.
        with contextlib.suppress(RecordingError):
            found = _beside(guest, self.alert.wall)
        if found is None:
            return False
        self.report = replace(self.report, beside=(*self.report.beside, found))
        return True


class _Opened(ExitStack):
    """One generation: its bytes and its clock."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.reader = GenerationReader(generation.folder)
        self.callback(self.reader.close)
        try:
            self.clock = RecordingClock(generation.folder)
        except RecordingError:
            self.close()
            raise
        self.callback(self.clock.close)

    def wall(self, offset: int) -> float | None:
        """When the byte at `offset` came."""
        at = self.clock.at(offset)
        return None if at is None else at.wall

    def first_at(self, wall: float) -> int:
        """The first byte that came at a moment or later; the index says about where."""
        low, high = self.clock.around(wall)
        start, end = self.reader.start, self.reader.end
        return offset_at(self.wall, max(start, low), end if high is None else min(end, high), wall)

    def said(self, rows: Iterable[Row]) -> tuple[Said, ...]:
        """The rows as they are shown."""
        return tuple(Said(self.wall(row.start), render_line(row.data)) for row in rows)


def _trace_of(guest: Guest, alert: AlertFacts) -> TraceReport:
    generation = _find(guest.folder, lambda each: each.name == alert.generation)
    report = TraceReport(guest, alert)
    if generation is None:
        return replace(report, trouble="its recording is not there any more")
    with _Opened(generation) as opened:
        reader = opened.reader
        if alert.end <= reader.start:
            return replace(report, trouble="its part of the recording was dropped")
        begin = row_start(reader, alert.start)
        rows = rows_forward(reader, begin, MAX_TRACE_ROWS + 1)
        rows = [row for row in rows if row.start < alert.end]
        is_cut = len(rows) > MAX_TRACE_ROWS
        rows = rows[:MAX_TRACE_ROWS]
        facts = about(row.data for row in rows)
        if not facts.kernel:
            facts = replace(facts, kernel=_kernel(reader, begin))
        end = row_start(reader, alert.end) if is_cut else (rows[-1].end if rows else begin)
        return replace(
            report,
            sequence=generation.sequence,
            begin=begin,
            about=facts,
            before=opened.said(rows_backward(reader, begin, AROUND_ROWS)),
            trace=opened.said(rows),
            after=opened.said(rows_forward(reader, end, AROUND_ROWS)),
            is_cut=is_cut,
        )


def _kernel(reader: GenerationReader, before: int) -> str:
    """The version that the kernel of this boot said; a guest may have booted again since."""
    start = max(reader.start, before - _BOOT_BYTES)
    nearest = kernel_of(_last_line_with(reader.read(start, before - start), b"Linux version "))
    return nearest or kernel_of(reader.read(reader.start, min(_BOOT_BYTES, before - reader.start)))


def _last_line_with(data: bytes, words: bytes) -> bytes:
    at = data.rfind(words)
    return data[at : at + 256] if at >= 0 else b""


def _beside(guest: Guest, wall: float) -> Beside | None:
    """What a guest printed around a moment; None when that was nothing."""
    first, last = wall - BESIDE_S, wall + BESIDE_S
    generation = _find(guest.folder, lambda each: each.started_wall <= last)
    if generation is None:
        return None
    with _Opened(generation) as opened:
        reader = opened.reader
        begin, end = opened.first_at(first), opened.first_at(last)
        if begin >= end or opened.wall(begin) is None:
            return None
        middle = offset_at(opened.wall, begin, end, wall)
        before = rows_backward(reader, row_start(reader, middle), BESIDE_ROWS // 2)
        start = next((row.start for row in before if row.end > begin), row_start(reader, middle))
        rows = list(_until(end, rows_forward(reader, start, BESIDE_ROWS + 1)))
        is_cut = len(rows) > BESIDE_ROWS or start > row_start(reader, begin)
        return Beside(guest, opened.said(rows[:BESIDE_ROWS]), is_cut)


def _until(end: int, rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row.start < end)


def _find(folder: Path, is_it: Callable[[Generation], bool]) -> Generation | None:
    """The newest generation of which something is so."""
    generations = reversed(History(folder).generations)
    return next((each for each in generations if is_it(each)), None)
