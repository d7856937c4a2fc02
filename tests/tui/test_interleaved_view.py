"""A reader among the rows of several consoles."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.console.interleaved import FIRST, LAST, Interleaved, Place
from tests.tui.panes import NOON, Guest
from tui.grid.dated import DatedViewing
from tui.grid.interleaved_view import InterleavedView
from tui.opened.viewing import Viewing

HEIGHT = 10


class Room:
    """Some guests, and the view of all of them."""

    def __init__(self, home: Path, count: int) -> None:
        self.guests = [Guest(home, id=f"vm{number}") for number in range(count)]
        for guest in self.guests:
            guest.boot()
        self.viewings = [Viewing(guest.home / guest.id) for guest in self.guests]
        self.rows = Interleaved(
            {number: DatedViewing(viewing) for number, viewing in enumerate(self.viewings)}
        )
        self.view = InterleavedView(self.rows)

    def say(self, number: int, second: float, text: bytes) -> None:
        self.guests[number].clock = second
        self.guests[number].write(text + b"\n")

    def poll(self) -> None:
        for viewing in self.viewings:
            viewing.poll(NOON)

    @property
    def shown(self) -> list[bytes]:
        self.poll()
        rows = [row.line.row for row in self.view.window(HEIGHT)]
        return [row.data for row in rows if row is not None]

    def close(self) -> None:
        for viewing in self.viewings:
            viewing.close()
        for guest in self.guests:
            guest.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "recordings", 2)
    yield room
    room.close()


def talk(room: Room, seconds: range) -> None:
    """The two take turns."""
    for second in seconds:
        room.say(second % 2, second, b"second %d" % second)


def numbers(shown: list[bytes]) -> list[int]:
    return [int(row.split()[1]) for row in shown]


def test_it_follows_the_end_of_all(room: Room) -> None:
    talk(room, range(40))
    assert numbers(room.shown) == list(range(30, 40))
    talk(room, range(40, 43))
    assert numbers(room.shown) == list(range(33, 43))


def test_it_scrolls_up_and_down_and_follows_again_at_the_end(room: Room) -> None:
    talk(room, range(40))
    room.poll()
    room.view.scroll(-5, HEIGHT)
    assert numbers(room.shown) == list(range(25, 35))
    room.view.scroll(2, HEIGHT)
    assert numbers(room.shown) == list(range(27, 37))
    room.view.scroll(3, HEIGHT)
    assert numbers(room.shown) == list(range(30, 40))
    room.view.go_home()
    assert numbers(room.shown) == list(range(10))
    room.view.scroll(-1, HEIGHT)
    assert numbers(room.shown) == list(range(10))


def test_a_held_view_does_not_move_for_what_comes_late(room: Room) -> None:
    talk(room, range(0, 60, 2))
    room.poll()
    room.view.scroll(-15, HEIGHT)
    before = room.shown
    # The other guest's rows lie between those in sight and above them, and come only now.
    for second in range(1, 60, 2):
        room.say(1, second, b"second %d" % second)
    assert room.shown == before
    assert not room.view.is_following
    room.view.scroll(1, HEIGHT)
    assert numbers(room.shown) == list(range(numbers(before)[0] + 1, numbers(before)[0] + 11))


def test_lives_of_a_guest_are_parted_by_their_seams(room: Room) -> None:
    room.say(0, 1.0, b"second 1")
    room.say(1, 2.0, b"second 2")
    room.guests[0].clock = 3.0
    room.guests[0].boot(b"second 3\n")
    room.say(1, 4.0, b"second 4")
    assert numbers(room.shown) == [1, 2, 3, 4]
    seams = [row for row in room.view.window(HEIGHT) if row.line.row is None]
    assert ["rebooted" in row.line.seam for row in seams] == [True]
    assert room.view.window(HEIGHT)[2] == seams[0]


TALK = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=60)


@settings(max_examples=30, deadline=None)
@example(said=[(0, 0), (0, 0), (1, 0)], start=2)
@given(said=TALK, start=st.integers(0, 60))
def test_real_recordings_are_sorted_as_a_plain_sort_does(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, int]], start: int
) -> None:
    room = Room(tmp_path_factory.mktemp("recordings"), 3)
    second, expected = 0, []
    for number, (who, gap) in enumerate(said):
        second += gap
        room.say(who, float(second), b"row %d" % number)
        expected.append((second, who, number))
    for guest in room.guests:
        guest.close()
    room.poll()
    expected.sort()
    wanted = [number for _, _, number in expected]
    found = room.rows.forward(FIRST, 100)
    assert [int(row.line.row.data.split()[1]) for row in found if row.line.row] == wanted
    found = room.rows.backward(LAST, 100)
    assert [int(row.line.row.data.split()[1]) for row in found if row.line.row] == wanted
    if found:
        at = start % len(found)
        assert room.rows.forward(found[at].place, 5) == found[at : at + 5]
        assert room.rows.backward(found[at].place, 5) == found[max(0, at - 5) : at]
        place = Place(found[at].place.when, -1, found[at].place.at)
        first = next(each for each in found if each.place.when == place.when)
        assert room.rows.forward(place, 1) == [first]
    assert room.rows.forward(Place(inf, -1, FIRST.at), 5) == []
    room.close()
