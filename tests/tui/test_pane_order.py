"""The order of panes and their pages: nothing lost, nothing doubled, pins keep their place."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.grid.order import Direction, PaneOrder

HELD = st.sampled_from([1, 2, 3, 4, 6, 9])


def order_of(*ids: str) -> PaneOrder:
    order = PaneOrder()
    order.keep(ids)
    return order


def test_pages_are_filled_in_order() -> None:
    assert order_of(*"abcde").pages(2) == [("a", "b"), ("c", "d"), ("e",)]


def test_without_sandboxes_there_is_one_empty_page() -> None:
    assert PaneOrder().pages(4) == [()]


def test_a_pinned_sandbox_is_on_every_page_at_its_place() -> None:
    order = order_of(*"abcdef")
    assert order.toggle_pin("b", 1)
    assert order.pages(3) == [("a", "b", "c"), ("d", "b", "e"), ("f", "b")]
    assert not order.toggle_pin("b", 1)
    assert order.pages(3) == [("a", "b", "c"), ("d", "e", "f")]


def test_a_short_page_leaves_places_empty_before_a_pinned_one() -> None:
    order = order_of(*"abcd")
    order.toggle_pin("c", 2)
    assert order.pages(3) == [("a", "b", "c"), ("d", None, "c")]


def test_pins_never_take_the_last_place_from_the_others() -> None:
    order = order_of(*"abcd")
    order.toggle_pin("a", 0)
    order.toggle_pin("b", 1)
    assert order.pages(2) == [("a", "b"), ("a", "c"), ("a", "d")]
    assert order.pages(1) == [("a",), ("b",), ("c",), ("d",)]


def test_swapping_exchanges_two_and_no_others() -> None:
    order = order_of(*"abcd")
    assert order.swap(0, 3, 0, 4)
    assert order.pages(4) == [("d", "b", "c", "a")]
    assert not order.swap(0, 0, 0, 4)
    assert not order.swap(0, 4, 0, 4)


def test_swapping_a_pinned_one_pins_it_to_its_new_place() -> None:
    order = order_of(*"abcde")
    order.toggle_pin("a", 0)
    assert order.swap(0, 2, 0, 3)
    assert order.pages(3) == [("c", "b", "a"), ("d", "e", "a")]


@pytest.mark.parametrize(
    ("direction", "page"),
    [
        (Direction.LEFT, ("b", "a", "c", "d")),
        (Direction.RIGHT, ("a", "c", "b", "d")),
        (Direction.DOWN, ("a", "d", "c", "b")),
        (Direction.UP, ("a", "b", "c", "d")),
    ],
)
def test_a_pane_is_moved_to_its_neighbours_place(
    direction: Direction, page: tuple[str, ...]
) -> None:
    order = order_of(*"abcd")
    assert order.move("b", direction, 2, 0, 4) is (direction is not Direction.UP)
    assert order.pages(4) == [page]


def test_moving_left_and_right_goes_on_from_page_to_page() -> None:
    order = order_of(*"abcd")
    assert order.move("b", Direction.RIGHT, 2, 0, 2)
    assert order.pages(2) == [("a", "c"), ("b", "d")]
    assert order.move("b", Direction.LEFT, 2, 1, 2)
    assert order.pages(2) == [("a", "b"), ("c", "d")]
    assert not order.move("a", Direction.LEFT, 2, 0, 2)
    assert not order.move("d", Direction.RIGHT, 2, 1, 2)


def test_the_page_in_sight_stays_for_a_sandbox_that_is_on_every_page() -> None:
    order = order_of(*"abcde")
    order.toggle_pin("a", 0)
    assert order.page_of("a", 2, otherwise=2) == 2
    assert order.page_of("d", 2, otherwise=0) == 2
    assert order.page_of("unknown", 2, otherwise=9) == 3
    assert order.first_on(2, 2) == "d"


def after(steps: list[tuple[str, int, int, int]]) -> PaneOrder:
    """An order to which all this was done."""
    order = PaneOrder()
    for number, (deed, held, one, other) in enumerate(steps):
        pages = order.pages(held)
        page = one % len(pages)
        shown = [each for each in pages[page] if each is not None]
        match deed:
            case "appear":
                order.keep([*order.ids, f"vm{number}"])
            case "go away":
                order.keep([each for at, each in enumerate(order.ids) if at != one])
            case "pin" if shown:
                name = shown[other % len(shown)]
                order.toggle_pin(name, pages[page].index(name))
            case "swap":
                order.swap(one % held, other % held, page, held)
            case "move" if shown:
                order.move(shown[one % len(shown)], list(Direction)[other % 4], 1, page, held)
    return order


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["appear", "appear", "go away", "pin", "swap", "move"]),
        HELD,
        st.integers(0, 12),
        st.integers(0, 12),
    ),
    max_size=30,
)


@given(STEPS, HELD)
def test_nothing_is_ever_lost_or_doubled(steps: list[tuple[str, int, int, int]], held: int) -> None:
    order = after(steps)
    pages = order.pages(held)
    counted = Counter(each for page in pages for each in page if each is not None)
    assert set(counted) == set(order.ids)
    assert all(len(page) <= held for page in pages)
    assert all(len(page) == held and None not in page for page in pages[:-1])
    everywhere = {name for name, times in counted.items() if times > 1}
    assert everywhere <= order.pinned
    for name in everywhere:
        assert {page.index(name) for page in pages if name in page} == {pages[0].index(name)}
        assert all(name in page for page in pages)


@given(STEPS, HELD)
def test_a_new_sandbox_moves_no_other(steps: list[tuple[str, int, int, int]], held: int) -> None:
    order = after(steps)
    before = order.pages(held)
    if order.ids and set(order.ids) == order.pinned:
        return
    order.keep([*order.ids, "new"])
    for old, new in zip(before, order.pages(held), strict=False):
        for at, each in enumerate(old):
            assert each is None or new[at] == each


@given(STEPS, HELD, st.integers(0, 12))
def test_a_pinned_sandbox_keeps_its_place_on_every_page(
    steps: list[tuple[str, int, int, int]], held: int, number: int
) -> None:
    order = PaneOrder()
    order.keep(after(steps).ids)
    pages = order.pages(held)
    page = pages[number % len(pages)]
    if held == 1 or not page:
        return
    place = number % (len(page) - (len(page) == held))
    name = page[place]
    assert name is not None
    assert order.toggle_pin(name, place)
    assert all(each[place] == name for each in order.pages(held))


@given(st.integers(1, 30), HELD, st.integers(0, 29), st.sampled_from(Direction))
def test_moving_exchanges_two_and_leaves_the_others(
    count: int, held: int, number: int, direction: Direction
) -> None:
    order = order_of(*(f"vm{n}" for n in range(count)))
    name = f"vm{number % count}"
    before = list(order.ids)
    columns = {1: 1, 2: 1, 3: 1, 4: 2, 6: 2, 9: 3}[held]
    moved = order.move(name, direction, columns, order.page_of(name, held), held)
    changed = [one for one, other in zip(before, order.ids, strict=True) if one != other]
    assert len(changed) == (2 if moved else 0)
    assert name in changed or not moved
