"""Rows of several consoles by when they came, against a plain sort."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, SafeStr, Transcript
from core.console.interleaved import FIRST, LAST, Interleaved, InterleavedRow, Place
from tests.core.console.memory import Memory


@dataclass
class Console:
    """A console in memory: a row for each date; None for one that is not dated yet."""

    dates: list[float | None]
    script: Transcript = field(init=False)
    looks: int = 0

    def __post_init__(self) -> None:
        self.grow([])

    def grow(self, dates: list[float | None]) -> None:
        self.dates = [*self.dates, *dates]
        data = b"".join(b"row %05d\n" % number for number in range(len(self.dates)))
        self.script = Transcript([(1, Memory(data), SafeStr(""))])

    def when(self, at: Position) -> float | None:
        self.looks += 1
        return self.dates[at.offset // 10]

    def seek(self, when: float) -> Position:
        known = [inf if date is None else date for date in self.dates]
        return Position(1, 10 * bisect_left(known, when))


def naive(consoles: list[Console]) -> list[Place]:
    """All places, sorted."""
    return sorted(
        Place(inf if date is None else date, number, Position(1, 10 * row))
        for number, console in enumerate(consoles)
        for row, date in enumerate(console.dates)
    )


def of(consoles: list[Console]) -> Interleaved:
    return Interleaved(dict(enumerate(consoles)))


def places(rows: list[InterleavedRow]) -> list[Place]:
    return [row.place for row in rows]


DATES = st.tuples(
    # Few different ones, so that many rows are of the same moment.
    st.lists(st.integers(0, 12).map(float), max_size=40).map(sorted),
    st.integers(0, 4),
).map(lambda drawn: Console([*drawn[0], *[None] * drawn[1]]))
CONSOLES = st.lists(DATES, min_size=1, max_size=4)


@given(CONSOLES, st.integers(0, 200))
def test_forward_from_anywhere_is_what_a_sort_says(consoles: list[Console], start: int) -> None:
    expected = naive(consoles)
    assert places(of(consoles).forward(FIRST, 1000)) == expected
    if expected:
        at = start % len(expected)
        assert places(of(consoles).forward(expected[at], 7)) == expected[at : at + 7]


@given(CONSOLES, st.integers(0, 200))
def test_backward_from_anywhere_is_what_a_sort_says(consoles: list[Console], start: int) -> None:
    expected = naive(consoles)
    assert places(of(consoles).backward(LAST, 1000)) == expected
    if expected:
        at = start % len(expected)
        assert places(of(consoles).backward(expected[at], 7)) == expected[max(0, at - 7) : at]


@given(CONSOLES)
def test_there_is_nothing_before_the_first_and_behind_the_last(consoles: list[Console]) -> None:
    assert of(consoles).backward(FIRST, 9) == []
    assert of(consoles).forward(LAST, 9) == []
    assert of(consoles).forward(FIRST, 0) == of(consoles).backward(LAST, 0) == []


@given(CONSOLES, st.integers(0, 200))
def test_a_place_stays_that_of_its_row_when_it_is_dated_later(
    consoles: list[Console], start: int
) -> None:
    undated = [place for place in naive(consoles) if place.when == inf]
    if not undated:
        return
    place = undated[start % len(undated)]
    for console in consoles:
        console.dates = [20.0 if date is None else date for date in console.dates]
    after = of(consoles).forward(place, 5)
    assert after[0].place == place._replace(when=20.0)
    expected = naive(consoles)
    at = expected.index(after[0].place)
    assert places(after) == expected[at : at + 5]


@given(CONSOLES, CONSOLES, st.integers(0, 200))
def test_a_held_row_stays_whatever_comes_late(
    consoles: list[Console], late: list[Console], start: int
) -> None:
    expected = naive(consoles)
    if not expected:
        return
    held = expected[start % len(expected)]
    for console, more in zip(consoles, late, strict=False):
        if None not in console.dates:
            newest = console.dates[-1] if console.dates else 0.0
            assert newest is not None
            console.grow([newest + date for date in more.dates if date is not None])
    assert of(consoles).forward(held, 1)[0].place == held


@given(st.lists(st.lists(st.integers(0, 9).map(float), max_size=30), min_size=1, max_size=3))
def test_a_clock_that_was_set_back_loses_no_row_and_reorders_no_console(
    dates: list[list[float]],
) -> None:
    consoles = [Console(list(each)) for each in dates]
    for rows in (of(consoles).forward(FIRST, 1000), of(consoles).backward(LAST, 1000)):
        assert len(rows) == sum(map(len, dates))
        for number in range(len(dates)):
            own = [row.place.at for row in rows if row.place.console == number]
            assert own == sorted(own)


def test_only_what_is_around_the_view_is_read() -> None:
    consoles = [Console([float(row) for row in range(10_000)]) for _ in range(9)]
    rows = of(consoles).backward(LAST, 50)
    assert len(rows) == 50
    assert sum(console.looks for console in consoles) < 400
