"""The way to a place: where it leads, and that no step of it is long."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import Position
from core.console.place import AtElapsed, AtLine, AtMoment, AtOffset, AtPercent, parse_place
from core.plain_log import PlainLog
from tests.tui.panes import NOON, Guest
from tui.opened.going import Arrival, Journey
from tui.opened.library import LogLibrary
from tui.opened.viewing import Viewing


@contextmanager
def viewed(folder: Path, *, log: bool = False) -> Iterator[Viewing]:
    """A viewing of a recording, or of a plain log."""
    viewing = Viewing(folder, LogLibrary(PlainLog(folder)) if log else None)
    viewing.poll(0.0)
    yield viewing
    viewing.close()


def arrive(viewing: Viewing, place: object, here: Position | None = None) -> Arrival:
    """Go to a place, given or as it is typed, a single step at a time."""
    where = parse_place(place) if isinstance(place, str) else place
    journey = Journey(viewing, where, here)  # type: ignore[arg-type]
    while (arrival := journey.go_on(0.0)) is None:
        assert 0 <= journey.done <= 1
    return arrival


def local(wall: float) -> datetime:
    return datetime.fromtimestamp(wall)


LINES = st.lists(
    st.tuples(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), st.integers(1, 5000)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None, max_examples=40)
@given(LINES, st.data())
def test_every_place_leads_where_looking_at_all_of_it_does(
    printed: list[tuple[bytes, int]], more: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as home:
        guest = Guest(Path(home))
        guest.boot()
        starts, moments, size = [], [], 0
        for text, pause_ms in printed:
            guest.write(text + b"\n", pause_ms / 1000 + 0.004)
            starts.append(size)
            moments.append(guest.clock)
            size += len(text) + 1
        guest.close()
        with viewed(guest.home / guest.id) as viewing:
            number = more.draw(st.integers(1, len(printed)))
            at = Position(1, starts[number - 1])
            assert arrive(viewing, AtLine(number)) == (at, "")
            assert viewing.line_number(at) == number
            offset = more.draw(st.integers(0, size - 1))
            row = max(start for start in starts if start <= offset)
            assert arrive(viewing, AtOffset(offset)) == (Position(1, row), "")
            percent = more.draw(st.floats(0, 99.9))
            row = max(start for start in starts if start <= int(size * percent / 100))
            assert arrive(viewing, AtPercent(percent)).at == Position(1, row)
            moment = more.draw(st.sampled_from(moments)) - 0.002
            first = next(s for s, m in zip(starts, moments, strict=True) if m >= moment)
            assert arrive(viewing, AtElapsed(moment)) == (Position(1, first), "")
            when = local(NOON + moment)
            assert arrive(viewing, AtMoment(when)).at == Position(1, first)


@pytest.fixture
def days(guest: Guest) -> Guest:
    """Boot 1 prints at 12:00 and at 23:00, boot 2 at 01:00 and at 12:30 of the next day."""
    guest.boot()
    guest.write(b"noon\n", 1.0)
    guest.write(b"eleven\n", 11 * 3600.0)
    guest.clock = 13 * 3600.0
    guest.boot()
    guest.write(b"one\n", 1.0)
    guest.write(b"half past twelve\n", 11.5 * 3600.0)
    return guest


ROWS = {"noon": (1, 0), "eleven": (1, 5), "one": (2, 0), "half past twelve": (2, 4)}


@pytest.mark.parametrize(
    ("typed", "here", "row", "remark"),
    [
        ("12:15", "one", "half past twelve", ""),
        ("12:15", "noon", "eleven", ""),
        ("12:00", "noon", "noon", ""),
        ("0:30", "noon", "one", ""),
        ("1:00", "half past twelve", "one", ""),
        ("23:00", "half past twelve", "eleven", ""),
        ("23:30", "one", "one", ""),
        ("23:30", None, "one", ""),
        ("2025-11-23 23:30", None, "one", ""),
        ("2025-11-20", None, "noon", "It begins after that"),
        ("2025-11-30", None, "half past twelve", "It ends before that"),
        ("+0", "eleven", "noon", ""),
        ("+3600", "noon", "eleven", ""),
        ("+99999", "noon", "eleven", "It ends before that, boot 1"),
        ("+0", None, "one", ""),
        ("2", "noon", "eleven", ""),
        ("9", "noon", "eleven", "It has 2 lines, boot 1"),
        ("1", None, "one", ""),
        ("@6", "eleven", "eleven", ""),
        ("@999", "noon", "eleven", "Its last byte is @11"),
        ("0%", None, "noon", ""),
        ("40%", None, "one", ""),
        ("100%", "noon", "half past twelve", ""),
    ],
)
def test_the_boot_and_the_day_at_hand_are_meant(
    days: Guest, typed: str, here: str | None, row: str, remark: str
) -> None:
    with viewed(days.home / days.id) as viewing:
        at = None if here is None else Position(*ROWS[here])
        assert arrive(viewing, typed, at) == (Position(*ROWS[row]), remark)


def test_a_time_that_is_still_to_come_is_behind_the_end(guest: Guest) -> None:
    guest.boot()
    guest.write(b"noon\n", 1.0)
    guest.write(b"one\n", 3600.0)
    with viewed(guest.home / guest.id) as viewing:
        assert arrive(viewing, "23:59", None) == (Position(1, 5), "It ends before that")


def test_where_nothing_is_one_goes_nowhere(guest: Guest) -> None:
    guest.boot()
    with viewed(guest.home / guest.id) as viewing:
        for typed in ("1", "50%", "@0", "+1", "12:00", "2025-11-23"):
            assert arrive(viewing, typed).at is None


def test_a_plain_log_has_lines_and_offsets_but_no_times(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"one\ntwo\nthree")
    with viewed(path, log=True) as viewing:
        assert arrive(viewing, "2") == (Position(1, 4), "")
        assert arrive(viewing, "7") == (Position(1, 8), "It has 3 lines")
        assert arrive(viewing, "@9") == (Position(1, 8), "")
        assert arrive(viewing, "100%") == (Position(1, 8), "")
        for typed in ("12:00", "+3", "2025-11-23"):
            assert arrive(viewing, typed) == (None, "It is not known when these lines were written")


def test_a_recording_without_its_index_is_dated_all_the_same(guest: Guest) -> None:
    guest.boot()
    for _ in range(50):
        guest.write(b"tick\n", 1.0)
    assert guest.recorder is not None
    (guest.recorder.folder / "console.index").unlink()
    with viewed(guest.home / guest.id) as viewing:
        assert arrive(viewing, "+20").at == Position(1, 95)


def test_counting_reads_little_a_step_and_once(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"x" * 99 + b"\n" * 1 + (b"y" * 99 + b"\n") * 100_000)
    with viewed(path, log=True) as viewing:
        journey = Journey(viewing, AtLine(90_000), None)
        steps = 0
        while journey.go_on(0.0) is None:
            steps += 1
        assert steps >= 9_000_000 // (256 * 1024) - 1
        again = Journey(viewing, AtLine(50_000), None)
        arrival = again.go_on(0.0)
        assert arrival is not None
        assert arrival.at == Position(1, 49_999 * 100)
