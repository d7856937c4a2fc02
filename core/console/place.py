"""Where a person wants to go in a console, as it is typed: a line, a share, a time, an offset.

Pure: what a time of day means depends on the recording, which others know.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone
from typing import NamedTuple

from core.errors import UsageError

PLACES = (
    "123 is a line, 45% a share, 12:04:31 a time, 2026-11-23 12:04 a day and a time,"
    " +29.5 seconds since the boot, @4711 or 0x1267 a byte"
)
"""What may be typed, in one sentence without its full stop."""

_MAX_DIGITS = 15
"""A petabyte has fewer bytes, and no console has more lines than bytes."""

_FIRST_YEAR, _LAST_YEAR = 1971, 9998
"""Whatever the zone, these are seconds since the epoch."""

_MAX_TOLD = 40


class AtLine(NamedTuple):
    """A line of the boot at hand."""

    number: int
    """From 1."""


class AtPercent(NamedTuple):
    """A share of all there is, by bytes."""

    percent: float


class AtTime(NamedTuple):
    """A time of day, on the day at hand."""

    time: time


class AtMoment(NamedTuple):
    """A day and a time."""

    when: datetime
    """Local when it has no zone."""


class AtElapsed(NamedTuple):
    """Seconds since the boot at hand began."""

    seconds: float


class AtOffset(NamedTuple):
    """A byte of the boot at hand."""

    offset: int


Place = AtLine | AtPercent | AtTime | AtMoment | AtElapsed | AtOffset

_LINE = re.compile(r"[0-9]+")
_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%")
_ELAPSED = re.compile(r"\+([0-9]{1,12}(?:\.[0-9]{1,9})?) ?s?")
_OFFSET = re.compile(r"@([0-9]+)|0[xX]([0-9A-Fa-f]+)")
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6}))?)?"
_TIME = re.compile(_CLOCK)
_MOMENT = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ]{_CLOCK} ?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?"
)


def parse_place(text: str) -> Place:
    """The place that `text` means.

    Raises:
        UsageError: it means none; message and hint say why, and what would.
    """
    typed = text.strip()
    for parse in (_line, _percent, _elapsed, _offset, _time, _moment):
        place = parse(typed)
        if place is not None:
            return place
    if not typed:
        raise UsageError("Nothing was typed", hint=f"{PLACES}.")
    raise UsageError(f"{_told(typed)} is no place", hint=f"{PLACES}.")


def _line(typed: str) -> AtLine | None:
    if not _LINE.fullmatch(typed):
        return None
    number = _whole(typed, typed, 10)
    if number == 0:
        raise UsageError("Lines count from 1", hint="g leads to the first one.")
    return AtLine(number)


def _percent(typed: str) -> AtPercent | None:
    found = _PERCENT.fullmatch(typed)
    if found is None:
        return None
    percent = float(found[1])
    if percent > 100:
        raise UsageError(f"{_told(typed)} is more than all of it", hint="Type 0% to 100%.")
    return AtPercent(percent)


def _elapsed(typed: str) -> AtElapsed | None:
    found = _ELAPSED.fullmatch(typed)
    return None if found is None else AtElapsed(float(found[1]))


def _offset(typed: str) -> AtOffset | None:
    found = _OFFSET.fullmatch(typed)
    if found is None:
        return None
    decimal, hexadecimal = found.groups()
    if decimal is not None:
        return AtOffset(_whole(typed, decimal, 10))
    return AtOffset(_whole(typed, hexadecimal, 16))


def _time(typed: str) -> AtTime | None:
    found = _TIME.fullmatch(typed)
    return None if found is None else AtTime(_clock(typed, found.groups()))


def _moment(typed: str) -> AtMoment | None:
    found = _MOMENT.fullmatch(typed)
    if found is None:
        return None
    day, *clock, zone = found.groups()
    try:
        date = datetime.strptime(day, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"{day} is no day", hint="A day is typed as 2026-11-23.") from None
    if not _FIRST_YEAR <= date.year <= _LAST_YEAR:
        raise UsageError(f"No console printed in {date.year}")
    when = datetime.combine(date, _clock(typed, clock) if clock[0] else time())
    return AtMoment(when if zone is None else when.replace(tzinfo=_zone(typed, zone)))


def _clock(typed: str, parts: list[str | None] | tuple[str | None, ...]) -> time:
    hour, minute, second, decimals = parts
    try:
        return time(
            int(hour or 0), int(minute or 0), int(second or 0), int((decimals or "").ljust(6, "0"))
        )
    except ValueError:
        raise UsageError(
            f"{_told(typed)} is no time of day", hint="There is 0:00 to 23:59:59.999999."
        ) from None


def _zone(typed: str, zone: str) -> timezone:
    if zone == "Z":
        return UTC
    digits = zone[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if shift >= timedelta(days=1):
        raise UsageError(f"{_told(typed)} has no time zone", hint="A zone is Z or +01:00.")
    return timezone(-shift if zone[0] == "-" else shift)


def _whole(typed: str, digits: str, base: int) -> int:
    digits = digits.lstrip("0")
    if len(digits) > _MAX_DIGITS:
        raise UsageError(f"No console is so large that {_told(typed)} is in it")
    return int(digits or "0", base)


def _told(typed: str) -> str:
    return f"“{typed}”" if len(typed) <= _MAX_TOLD else f"“{typed[:_MAX_TOLD]}…”"
