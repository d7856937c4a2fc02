"""Which page of panes is in sight, how many panes it has, and who is where on it. Pure."""

from __future__ import annotations

from tui.grid.layouts import AUTOMATIC, Shape, held_in, next_layout, shape_for
from tui.grid.order import Direction, Page, PaneOrder


class Pages:
    """The pages of a window whose size is told; a page turns to whoever is wanted."""

    def __init__(self) -> None:
        self.order = PaneOrder()
        self.layout = AUTOMATIC
        """How many panes a page was chosen to have; 0 where that is left to their number."""
        self.size = (0, 0)
        """Columns and rows that there are for panes."""
        self.page = 0
        """The page in sight, from 0."""
        self.count = 1
        """How many pages there are."""
        self.places = 0
        """Places of the page in sight, empty ones too."""

    @property
    def held(self) -> int:
        """How many panes a page has room for."""
        return held_in(self.layout, len(self.order.ids), *self.size)

    @property
    def fitting(self) -> int:
        """How many panes the chosen layout has room for, however few sandboxes there are."""
        return held_in(self.layout, self.layout, *self.size)

    def shape(self, width: int, height: int) -> Shape:
        """The grid of the page in sight, in a window of this size."""
        return shape_for(self.layout or max(1, self.places), width, height)

    def turn_to(self, wanted: str) -> Page:
        """The page that holds a sandbox; for an unknown one, the page in sight."""
        pages = self.order.pages(self.held)
        self.count = len(pages)
        self.page = self.order.page_of(wanted, self.held, self.page)
        self.places = len(pages[self.page])
        return pages[self.page]

    def choose_layout(self) -> None:
        """Have another number of panes on a page: the next one, round and round."""
        self.layout = next_layout(self.layout)

    def beside(self, step: int, zoomed: str | None) -> str | None:
        """The sandbox to want for another page, `step` further; None when there is none.

        Beside a zoomed pane, the next sandbox is the next page.
        """
        if zoomed is not None:
            ids = self.order.ids
            at = ids.index(zoomed) + step
            return ids[at] if 0 <= at < len(ids) else None
        page = self.page + step
        return self.order.first_on(page, self.held) if 0 <= page < self.count else None

    def move(self, sandbox_id: str, direction: Direction) -> bool:
        """Let a sandbox change places with its neighbour; whether there is one."""
        columns = self.shape(*self.size).columns
        page = self.order.page_of(sandbox_id, self.held, self.page)
        return self.order.move(sandbox_id, direction, columns, page, self.held)

    def swap(self, number: int, other: int) -> bool:
        """Let the panes of two numbers, from 1, change places; whether both are there."""
        return self.order.swap(number - 1, other - 1, self.page, self.held)
