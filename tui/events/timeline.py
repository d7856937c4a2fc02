"""What a strip of time shows of a recording: how dense it is, what lies where, and the view.

Pure, but for the sandbox's viewing, which it asks. All that is asked costs what the width
costs, not what was recorded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from core.amounts import duration, local, size
from core.console import Position, SafeStr, safe_text
from core.recording import Edge, EventKind, Timeline
from tui.events.annotations import Annotations
from tui.events.words import SEAM, SIGNS
from tui.opened.viewing import Viewing
from tui.pane.view import Line, Note

_BLOCKS = " ▁▂▃▄▅▆▇█"

VIEW = "━"
"""Where the rows in sight are."""

_ON_TOP = (EventKind.ALERT, EventKind.MARK, EventKind.GAP)
"""Which sorts of events it shows; of several in one cell, the first one here."""

_INKS = {EventKind.ALERT: "failed", EventKind.MARK: "mark", EventKind.GAP: "silent"}


@dataclass(frozen=True, slots=True)
class Sign:
    """What lies in a cell."""

    glyph: str
    ink: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A timeline of some width."""

    bars: str
    """One block a cell: how much was printed in it, of the most in any."""
    signs: tuple[Sign | None, ...]
    places: tuple[Position, ...]
    """Where each cell begins."""
    events: tuple[Position | None, ...]
    """Where the event is that a cell shows."""
    first_seen: int
    """The cell of the first row in sight; -1 when none is."""
    last_seen: int
    began: SafeStr
    ended: SafeStr
    extent: SafeStr
    """How long it lasted, and how much it is."""


def strip(viewing: Viewing, lines: Sequence[Line], width: int) -> Strip | None:
    """The strip of a recording; None when nothing is known of it yet.

    Args:
        viewing: whose.
        lines: what is in sight.
        width: cells.
    """
    timeline = viewing.shape.timeline()
    edges = timeline.edges(width)
    generations = viewing.shape.generations
    if not edges:
        return None
    numbers = [each.sequence for each in generations]
    places = [Position(numbers[edge.generation], edge.offset) for edge in edges]
    seen = list(_seen(timeline, numbers, lines, width))
    signs: list[Sign | None] = [None] * width
    for cell in range(seen[0], seen[-1] + 1) if seen else ():
        signs[cell] = Sign(VIEW, "accent")
    for cell in range(width):
        if edges[cell].generation != edges[cell + 1].generation:
            signs[cell] = Sign(SEAM, "quiet")
    events: list[Position | None] = [None] * width
    for kind in reversed(_ON_TOP):
        for cell, at in _cells_with(viewing.annotations, kind, places):
            signs[cell] = Sign(SIGNS[kind].glyph, _INKS[kind])
            events[cell] = at
    sizes = timeline.sizes(edges)
    began, ended = _times(viewing, timeline, edges)
    return Strip(
        bars(sizes),
        tuple(signs),
        tuple(places[:-1]),
        tuple(events),
        seen[0] if seen else -1,
        seen[-1] if seen else -1,
        began,
        ended,
        safe_text(f"{duration(timeline.seconds)} · {size(sum(sizes))}"),
    )


def bars(sizes: Sequence[int]) -> str:
    """One block for each size, from nothing to the largest of them.

    Heights go with the root, so that a flood leaves what is around it in sight.
    """
    most = max(sizes, default=0)
    if most <= 0:
        return " " * len(sizes)
    return "".join(_BLOCKS[ceil(8 * sqrt(max(0, each) / most))] for each in sizes)


def _cells_with(
    annotations: Annotations, kind: EventKind, places: Sequence[Position]
) -> Iterator[tuple[int, Position]]:
    """The cells that hold an event of a kind, each with the first one in it."""
    kinds = frozenset({kind})
    at = Position(-1, 0)
    while (found := annotations.after(at, kinds)) is not None:
        cell = bisect_right(places, found.position.bare) - 1
        # What lies at the very end, or behind it, is in the last cell.
        cell = min(max(cell, 0), len(places) - 2)
        yield cell, found.position
        if cell == len(places) - 2:
            return
        at = places[cell + 1].above


def _seen(
    timeline: Timeline, numbers: Sequence[int], lines: Sequence[Line], width: int
) -> Iterator[int]:
    """The cells of the first and the last row in sight."""
    rows = [line.position for line in lines if not isinstance(line, Note)]
    for at in (*rows[:1], *rows[-1:]):
        number = bisect_right(numbers, at.generation) - 1
        yield timeline.cell_of(Edge(number, max(0, at.offset)), width)


def _times(viewing: Viewing, timeline: Timeline, edges: Sequence[Edge]) -> tuple[SafeStr, SafeStr]:
    """Where it begins and where it ends, in our time."""
    walls = [
        viewing.shape.generations[edge.generation].generation.started_wall
        # A generation begins before its first byte.
        + (timeline.seconds_at(edge) if edge.offset else 0.0)
        for edge in (edges[0], edges[-1])
    ]
    first, last = (local(wall) for wall in walls)
    form = "%H:%M:%S" if first.date() == last.date() else "%m-%d %H:%M"
    return safe_text(first.strftime(form)), safe_text(last.strftime(form))
