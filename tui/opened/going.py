"""The way to a place in a console, a small step at a time.

A line's beginning is found by counting, a moment's by halving: neither may hold up a
screen, so both are journeys that whoever drives them goes on with between frames.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import NamedTuple

from core.clock import now
from core.console import Position, SafeStr, row_start, safe_text
from core.console.place import (
    AtElapsed,
    AtLine,
    AtMoment,
    AtOffset,
    AtPercent,
    AtTime,
    Place,
)
from core.recording import looks_for
from tui.opened.library import Part
from tui.opened.viewing import Viewing

_DATING_TRIES = 1024
"""How often a byte is dated again that has no date: each time the clock knows more, where
the index of a recording is gone."""


class Arrival(NamedTuple):
    """Where a journey ended."""

    at: Position | None
    """The row; None when there is none."""
    remark: SafeStr
    """Why it is not where one wanted to go; empty when it is."""


_Way = Generator[float, None, Arrival]
"""Yields how much of the way is done, from 0 to 1; what a viewing raises passes through."""


class Journey:
    """On the way to a place in a viewing.

    Args:
        viewing: what is viewed; it may grow meanwhile.
        place: where to.
        here: the row at hand, whose boot and day are meant; None for the newest.
    """

    def __init__(self, viewing: Viewing, place: Place, here: Position | None) -> None:
        self.viewing = viewing
        self.done = 0.0
        """How much of the way is done, from 0 to 1."""
        self._way = _way_to(viewing, place, here)

    def go_on(self, seconds: float) -> Arrival | None:
        """Go on for about so long, one step at least; the arrival once it is there.

        Raises:
            RecordingError: what must be read for it cannot be.
        """
        until = now().boot + seconds
        while not self.viewing.is_closed:
            try:
                self.done = next(self._way)
            except StopIteration as stop:
                arrival: Arrival = stop.value
                return arrival
            if now().boot >= until:
                return None
        return Arrival(None, safe_text(""))


def _way_to(viewing: Viewing, place: Place, here: Position | None) -> _Way:
    part = _part_at(viewing, here)
    if part is None:
        return _nowhere("There is nothing to go to yet")
    match place:
        case AtLine(number):
            return _to_line(viewing, part, number)
        case AtPercent(percent):
            return _to_percent(viewing, percent)
        case AtOffset(offset):
            return _to_offset(part, offset)
        case _ if not viewing.library.has_times:
            return _nowhere("It is not known when these lines were written")
        case AtElapsed(seconds):
            return _to_elapsed(viewing, part, seconds)
        case AtTime() | AtMoment():
            return _to_moment(viewing, part, here, place)


def _part_at(viewing: Viewing, here: Position | None) -> Part | None:
    """The generation that is at hand; one without a byte only when there is no other."""
    parts = viewing.parts
    if here is not None:
        for part in parts:
            if part.sequence == here.generation:
                return part
    return next((part for part in reversed(parts) if part.end > part.start), None)


def _nowhere(why: str) -> _Way:
    yield 0.0
    return Arrival(None, safe_text(why))


def _to_line(viewing: Viewing, part: Part, number: int) -> _Way:
    numbers = viewing.numbers(part)
    while (offset := numbers.start_of(number)) is None and numbers.count_on():
        yield numbers.counted / max(1, part.end)
    if offset is not None and offset < part.end:
        return Arrival(Position(part.sequence, offset), safe_text(""))
    lines = numbers.lines + (not _ends_in_newline(part))
    noun = "line" if lines == 1 else "lines"
    return _at_end(part, f"It has {lines:,} {noun}" + _of_boot(viewing, part))


def _to_percent(viewing: Viewing, percent: float) -> _Way:
    yield 0.0
    wanted = int(viewing.size * percent / 100)
    for part in viewing.parts:
        size = part.end - part.start
        if wanted < size:
            return _at_offset(part, part.start + wanted)
        wanted -= size
    return _at_end(_part_at(viewing, None), "")


def _to_offset(part: Part, offset: int) -> _Way:
    yield 0.0
    if offset >= part.end:
        return _at_end(part, f"Its last byte is @{part.end - 1}")
    remark = f"Everything before @{part.start} was dropped" if offset < part.start else ""
    return _at_offset(part, offset, remark)


def _to_elapsed(viewing: Viewing, part: Part, seconds: float) -> _Way:
    def when(offset: int) -> float | None:
        return viewing.elapsed(Position(part.sequence, offset))

    found = yield from _first_at(part, when, seconds, (part.start, part.end))
    if found is None:
        return _at_end(part, "It ends before that" + _of_boot(viewing, part))
    return _at_offset(part, found)


def _to_moment(
    viewing: Viewing, part: Part, here: Position | None, place: AtTime | AtMoment
) -> _Way:
    wall = _wall(viewing, part, here, place)
    before = [each for each in viewing.parts if each.generation.started_wall <= wall]
    part = before[-1] if before else viewing.parts[0]

    def when(offset: int) -> float | None:
        instant = viewing.instant(Position(part.sequence, offset))
        return None if instant is None else instant.wall

    found = yield from _first_at(part, when, wall, viewing.around(part, wall))
    if found is not None:
        at = part.start if found <= part.start else found
        is_early = not before
        return _at_offset(part, at, "It begins after that" if is_early else "")
    following = [each for each in viewing.parts if each.sequence > part.sequence]
    if following and (later := next((p for p in following if p.end > p.start), None)):
        return _at_offset(later, later.start)
    return _at_end(part, "It ends before that")


def _wall(viewing: Viewing, part: Part, here: Position | None, place: AtTime | AtMoment) -> float:
    """Seconds since the epoch; a time of day is of the day at hand, or of the one beside it."""
    if isinstance(place, AtMoment):
        return place.when.timestamp()
    last = _last_wall(viewing)
    at_hand = None if here is None else viewing.instant(here)
    day = datetime.fromtimestamp(at_hand.wall if at_hand else last)
    found = datetime.combine(day.date(), place.time)
    if found.timestamp() > last:
        earlier = (found - timedelta(days=1)).timestamp()
        # What is still to come is not what came before the first boot.
        return earlier if earlier >= viewing.parts[0].generation.started_wall else found.timestamp()
    if found.timestamp() < viewing.parts[0].generation.started_wall:
        later = (found + timedelta(days=1)).timestamp()
        return later if later <= last else found.timestamp()
    return found.timestamp()


def _last_wall(viewing: Viewing) -> float:
    """When the last byte came, or else when its generation began."""
    part = _part_at(viewing, None)
    if part is None:
        return now().wall
    instant = viewing.instant(Position(part.sequence, part.end - 1))
    return part.generation.started_wall if instant is None else instant.wall


def _first_at(
    part: Part,
    when: Callable[[int], float | None],
    moment: float,
    between: tuple[int, int],
) -> Generator[float, None, int | None]:
    """The first byte that came at a moment or later; None when all came before it.

    Rests after every look: one may take milliseconds.
    """
    for _ in range(_DATING_TRIES):
        if part.end <= part.start or when(part.end - 1) is not None:
            break
        yield 0.0
    (low, high), end = between, part.end
    looks, size = looks_for(when, low, high, moment), max(1, high - low)
    while True:
        try:
            left = next(looks)
        except StopIteration as found:
            return int(found.value) if found.value < end else None
        yield 1 - left / size


def _at_offset(part: Part, offset: int, remark: str = "") -> Arrival:
    return Arrival(Position(part.sequence, row_start(part, offset)), safe_text(remark))


def _at_end(part: Part | None, remark: str) -> Arrival:
    if part is None or part.end <= part.start:
        return Arrival(None, safe_text(remark or "There is nothing to go to yet"))
    return _at_offset(part, part.end - 1, remark)


def _ends_in_newline(part: Part) -> bool:
    return part.end <= part.start or part.read(part.end - 1, 1) == b"\n"


def _of_boot(viewing: Viewing, part: Part) -> str:
    return f", boot {part.sequence}" if viewing.generations > 1 else ""
