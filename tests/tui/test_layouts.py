"""Which grid suits how many panes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.grid.layouts import MIN_HEIGHT, MIN_WIDTH, Place, Shape, places, shape_for


@pytest.mark.parametrize(
    ("count", "width", "height", "shape"),
    [
        (1, 80, 24, (1, 1)),
        (2, 50, 22, (1, 2)),
        (2, 84, 38, (1, 2)),
        (2, 200, 30, (2, 1)),
        (3, 84, 38, (1, 3)),
        (3, 164, 58, (2, 2)),
        (4, 84, 38, (2, 2)),
        (6, 164, 58, (2, 3)),
        (9, 164, 58, (3, 3)),
    ],
)
def test_a_count_of_panes_gets_the_grid_that_shows_most_text(
    count: int, width: int, height: int, shape: tuple[int, int]
) -> None:
    assert shape_for(count, width, height) == shape


@pytest.mark.parametrize("count", [3, 4, 9, 40])
def test_a_small_terminal_with_the_list_shows_two_to_four_readable_panes(count: int) -> None:
    assert 2 <= shape_for(count, 50, 22).places <= 4


@given(count=st.integers(1, 40), width=st.integers(1, 300), height=st.integers(1, 100))
def test_panes_are_readable_unless_there_is_only_one(count: int, width: int, height: int) -> None:
    shape = shape_for(count, width, height)
    if shape.places > 1:
        assert width // shape.columns >= MIN_WIDTH
        assert height // shape.rows >= MIN_HEIGHT


@given(count=st.integers(1, 9), width=st.integers(1, 300), height=st.integers(1, 100))
def test_places_cover_the_space_exactly_once(count: int, width: int, height: int) -> None:
    shape = shape_for(count, width, height)
    shown = min(count, shape.places)
    found = places(shape, shown, width, height)
    assert len(found) == shown
    cells = [
        (x, y)
        for place in found
        for x in range(place.x, place.x + place.width)
        for y in range(place.y, place.y + place.height)
    ]
    assert len(cells) == len(set(cells)) == width * height


def test_a_short_last_row_is_shared_by_its_panes() -> None:
    assert places(Shape(2, 2), 3, 100, 20)[2] == Place(0, 10, 100, 10)
