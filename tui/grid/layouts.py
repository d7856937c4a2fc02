"""Which grid of panes suits how many of them, and a space. Pure arithmetic."""

from __future__ import annotations

from typing import NamedTuple

MIN_WIDTH = 38
"""A narrower pane shows no readable line."""
MIN_HEIGHT = 6
"""A lower pane shows less than four rows between its borders."""

_SHAPES = ((1, 1), (1, 2), (2, 1), (1, 3), (2, 2), (1, 4), (2, 3), (3, 2), (3, 3))
"""Columns and rows of the grids there are: 1, 2, 4, 6 or 9 panes, and narrow stacks."""

_FULL_WIDTH = 90
"""Console lines are rarely longer; a wider pane shows more blank, not more text."""
_FULL_HEIGHT = 24


AUTOMATIC = 0
"""The layout that fits the number of sandboxes."""

LAYOUTS = (AUTOMATIC, 1, 2, 4, 6, 9)
"""How many panes a page has, for a person to choose from."""


class Shape(NamedTuple):
    """A grid of panes."""

    columns: int
    rows: int

    @property
    def places(self) -> int:
        """How many panes it holds."""
        return self.columns * self.rows


class Place(NamedTuple):
    """Where a pane is, in cells from the grid's top left corner."""

    x: int
    y: int
    width: int
    height: int


def shape_for(count: int, width: int, height: int) -> Shape:
    """The grid that shows `count` panes, or as many of them as stay readable.

    Of the grids with enough places and no empty row, the one whose panes show most text.
    """
    fitting = [
        shape
        for shape in (Shape(*pair) for pair in _SHAPES)
        if shape.places == 1
        or (width // shape.columns >= MIN_WIDTH and height // shape.rows >= MIN_HEIGHT)
    ]
    enough = [
        shape
        for shape in fitting
        if shape.places >= count and -(-count // shape.columns) == shape.rows
    ]
    if not enough:
        most = max(shape.places for shape in fitting)
        enough = [shape for shape in fitting if shape.places == most]
    return max(enough, key=lambda shape: _text_area(shape, width, height))


def next_layout(layout: int) -> int:
    """The layout after this one, round and round."""
    return LAYOUTS[(LAYOUTS.index(layout) + 1) % len(LAYOUTS)]


def held_in(layout: int, count: int, width: int, height: int) -> int:
    """How many of `count` sandboxes a page holds; a layout holds what stays readable."""
    wanted = layout or count
    return max(1, min(wanted, shape_for(wanted, width, height).places))


def places(shape: Shape, count: int, width: int, height: int) -> list[Place]:
    """Where each of `count` panes goes, row by row; the panes of a short last row share it."""
    found: list[Place] = []
    rows = -(-count // shape.columns)
    for row in range(rows):
        columns = min(shape.columns, count - row * shape.columns)
        top, bottom = row * height // rows, (row + 1) * height // rows
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            found.append(Place(left, top, right - left, bottom - top))
    return found


def _text_area(shape: Shape, width: int, height: int) -> int:
    text_width = min(width // shape.columns - 2, _FULL_WIDTH)
    text_height = min(height // shape.rows - 2, _FULL_HEIGHT)
    return text_width * text_height
