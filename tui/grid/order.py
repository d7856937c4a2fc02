"""In which order sandboxes have their panes, and on which pages. Pure.

A pinned sandbox has the same place on every page; the others share the places that are
left, in their order, page after page. A sandbox that appears comes last, so that it moves
no other; one that goes away lets those behind it move up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

Page = tuple[str | None, ...]
"""The sandboxes of a page by their places; None where a place stays empty before a pinned one."""


class Direction(Enum):
    """Where a pane is moved to."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class PaneOrder:
    """The order of the panes of all pages.

    How many places a page has is the window's affair: it is told at every question. A pin
    on a place that such a page does not have counts for nothing there, and one that would
    leave the others no place neither.
    """

    def __init__(self) -> None:
        self._order: list[str] = []
        self._pins: dict[str, int] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """All sandboxes, in order."""
        return tuple(self._order)

    @property
    def pinned(self) -> frozenset[str]:
        """The sandboxes that are pinned."""
        return frozenset(self._pins)

    @property
    def pins(self) -> Mapping[str, int]:
        """The places of the pinned sandboxes."""
        return dict(self._pins)

    def take_up(self, ids: Iterable[str], pins: Mapping[str, int]) -> None:
        """Go on from another order; those that are not there are forgotten with `keep`."""
        self._order = list(dict.fromkeys(ids))
        self._pins = {}
        for sandbox_id, place in pins.items():
            if sandbox_id in self._order and place >= 0:
                self._pin(sandbox_id, place)

    def keep(self, sandbox_ids: Iterable[str]) -> None:
        """These are the sandboxes there are; those not known yet come last, in this order."""
        there = dict.fromkeys(sandbox_ids)
        known = dict.fromkeys(each for each in self._order if each in there)
        self._order = [*known, *(each for each in there if each not in known)]
        self._pins = {each: place for each, place in self._pins.items() if each in there}

    def pages(self, held: int) -> list[Page]:
        """All pages of `held` places; one at least, which may be empty."""
        pins = self._honoured(held)
        free = [each for each in self._order if each not in pins]
        size = held - len(pins)
        chunks = [free[at : at + size] for at in range(0, len(free), size)] if size else []
        return [_page(chunk, pins) for chunk in chunks or [[]]]

    def page_of(self, sandbox_id: str, held: int, otherwise: int = 0) -> int:
        """The page a sandbox is on; of one on every page, and of an unknown one, `otherwise`."""
        pages = self.pages(held)
        on = [number for number, page in enumerate(pages) if sandbox_id in page]
        otherwise = max(0, min(otherwise, len(pages) - 1))
        return otherwise if otherwise in on or not on else on[0]

    def first_on(self, page: int, held: int) -> str | None:
        """The first sandbox that a page has and others do not."""
        pins = self._honoured(held)
        shown = self.pages(held)[page]
        return next((each for each in shown if each is not None and each not in pins), None)

    def toggle_pin(self, sandbox_id: str, place: int) -> bool:
        """Pin a sandbox to the place it has, or let it go; whether it is pinned now."""
        if self._pins.pop(sandbox_id, None) is not None or sandbox_id not in self._order:
            return False
        self._pin(sandbox_id, place)
        return True

    def swap(self, place: int, other: int, page: int, held: int) -> bool:
        """Let the sandboxes at two places of a page change places; whether they did.

        A pinned one is pinned to its new place.
        """
        pins = self._honoured(held)
        places = list(self.pages(held)[page])
        taken = [at for at, each in enumerate(places) if each is not None]
        if place == other or place not in taken or other not in taken:
            return False
        before = [each for each in places if each is not None and each not in pins]
        places[place], places[other] = places[other], places[place]
        for at, each in enumerate(places):
            if each is not None and each in pins:
                self._pin(each, at)
        after = iter(each for each in places if each is not None and each not in pins)
        moved = dict(zip(before, after, strict=True))
        self._order = [moved.get(each, each) for each in self._order]
        return True

    def move(
        self, sandbox_id: str, direction: Direction, columns: int, page: int, held: int
    ) -> bool:
        """Swap a sandbox with its neighbour; left and right go on from page to page.

        Args:
            sandbox_id: whose pane is moved.
            direction: where to.
            columns: of the page.
            page: the page it is on.
            held: places of a page.

        Returns:
            Whether there was a neighbour.
        """
        shown = self.pages(held)[page]
        if sandbox_id not in shown:
            return False
        at = shown.index(sandbox_id)
        match direction:
            case Direction.UP:
                return self.swap(at, at - columns, page, held)
            case Direction.DOWN:
                return self.swap(at, at + columns, page, held)
            case Direction.LEFT:
                return self.swap(at, at - 1, page, held) or self._carry(sandbox_id, -1, held)
            case Direction.RIGHT:
                return self.swap(at, at + 1, page, held) or self._carry(sandbox_id, 1, held)

    def _pin(self, sandbox_id: str, place: int) -> None:
        there = {each: taken for each, taken in self._pins.items() if taken != place}
        self._pins = there | {sandbox_id: place}

    def _carry(self, sandbox_id: str, by: int, held: int) -> bool:
        """Swap a sandbox that is not pinned with the one before or behind it, on another page."""
        pins = self._honoured(held)
        free = [each for each in self._order if each not in pins]
        if sandbox_id in pins:
            return False
        at = free.index(sandbox_id) + by
        if not 0 <= at < len(free):
            return False
        other = free[at]
        moved = {sandbox_id: other, other: sandbox_id}
        self._order = [moved.get(each, each) for each in self._order]
        return True

    def _honoured(self, held: int) -> dict[str, int]:
        """The pins that count on pages of `held` places."""
        pins = {each: place for each, place in self._pins.items() if place < held}
        if len(pins) < held or len(pins) == len(self._order):
            return pins
        # The last place is left to the others, or their pages could never be turned to.
        return {each: place for each, place in pins.items() if place < held - 1}


def _page(free: Iterable[str], pins: dict[str, int]) -> Page:
    by_place = {place: each for each, place in pins.items()}
    rest: Iterator[str] = iter(free)
    places: list[str | None] = []
    waiting = next(rest, None)
    last = max(by_place, default=-1)
    while waiting is not None or len(places) <= last:
        pinned = by_place.get(len(places))
        if pinned is not None:
            places.append(pinned)
        else:
            places.append(waiting)
            waiting = next(rest, None)
    return tuple(places)
