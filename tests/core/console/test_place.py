"""Places as people type them."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.console.place import (
    AtElapsed,
    AtLine,
    AtMoment,
    AtOffset,
    AtPercent,
    AtTime,
    Place,
    parse_place,
)
from core.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("123", AtLine(123)),
        (" 7 ", AtLine(7)),
        ("0007", AtLine(7)),
        ("45%", AtPercent(45.0)),
        ("99.5 %", AtPercent(99.5)),
        ("100%", AtPercent(100.0)),
        ("12:04", AtTime(time(12, 4))),
        ("9:04:31", AtTime(time(9, 4, 31))),
        ("12:04:31.5", AtTime(time(12, 4, 31, 500_000))),
        ("12:04:31,005", AtTime(time(12, 4, 31, 5_000))),
        ("2026-11-23", AtMoment(datetime(2026, 11, 23))),
        ("2026-11-23 12:04", AtMoment(datetime(2026, 11, 23, 12, 4))),
        ("2026-11-23T12:04:31Z", AtMoment(datetime(2026, 11, 23, 12, 4, 31, tzinfo=UTC))),
        (
            "2026-11-23 12:04:31.25 -01:30",
            AtMoment(
                datetime(
                    *(2026, 11, 23, 12, 4, 31, 250_000),
                    tzinfo=timezone(-timedelta(hours=1, minutes=30)),
                )
            ),
        ),
        ("+29.5", AtElapsed(29.5)),
        ("+0", AtElapsed(0.0)),
        ("+90s", AtElapsed(90.0)),
        ("@4711", AtOffset(4711)),
        ("@0", AtOffset(0)),
        ("0x1f00", AtOffset(0x1F00)),
        ("0XFF", AtOffset(0xFF)),
    ],
)
def test_what_may_be_typed(typed: str, place: Place) -> None:
    assert parse_place(typed) == place


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Nothing was typed"),
        ("soon", "“soon” is no place"),
        ("-5", "“-5” is no place"),
        ("0", "Lines count from 1"),
        ("101%", "more than all of it"),
        ("12:60", "“12:60” is no time of day"),
        ("24:00", "no time of day"),
        ("2026-02-30", "2026-02-30 is no day"),
        ("1969-07-20", "No console printed in 1969"),
        ("2026-02-03 25:00", "no time of day"),
        ("2026-02-03 12:00 +99:00", "no time zone"),
        ("9" * 16, "No console is so large"),
        ("0x" + "f" * 17, "No console is so large"),
        ("@", "“@” is no place"),
        ("٣", "is no place"),
        ("1" * 999 + "x", "…” is no place"),
    ],
)
def test_anything_else_is_explained(typed: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("+", r"\+")) as refused:
        parse_place(typed)
    assert len(str(refused.value)) < 120


@given(st.text(max_size=40) | st.text("0123456789:.+-%@xT Z", max_size=24))
@example("0000-01-01")
@example("9999-12-31 23:59:59.999999+23:59")
def test_whatever_is_typed_is_a_place_or_is_refused(typed: str) -> None:
    with contextlib.suppress(UsageError):
        place = parse_place(typed)
        assert isinstance(place, Place)
        if isinstance(place, AtMoment):
            assert place.when.timestamp() > 0


@given(st.integers(1, 10**15 - 1))
def test_lines_and_offsets_are_read_as_they_are_written(number: int) -> None:
    assert parse_place(str(number)) == AtLine(number)
    assert parse_place(f"@{number}") == AtOffset(number)
    if number < 16**15:
        assert parse_place(hex(number)) == AtOffset(number)


@given(st.floats(0, 100), st.integers(0, 10**9))
def test_shares_and_seconds_are_read_as_they_are_written(percent: float, ms: int) -> None:
    assert parse_place(f"{percent:.3f}%") == AtPercent(float(f"{percent:.3f}"))
    assert parse_place(f"+{ms / 1000:.3f}") == AtElapsed(float(f"{ms / 1000:.3f}"))


@given(st.dates(date(1971, 1, 1), date(9998, 12, 31)), st.times())
def test_times_are_read_as_isoformat_writes_them(day: date, clock: time) -> None:
    assert parse_place(clock.isoformat()) == AtTime(clock)
    moment = datetime.combine(day, clock)
    assert parse_place(moment.isoformat()) == AtMoment(moment)
    assert parse_place(moment.isoformat(" ")) == AtMoment(moment)
