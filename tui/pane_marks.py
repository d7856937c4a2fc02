"""What a pane's border says of its place among the others."""

from __future__ import annotations

from typing import NamedTuple


class PaneMarks(NamedTuple):
    """Whatever is known of a pane where all panes are known."""

    is_pinned: bool = False
    """It is at the same place on every page."""


UNMARKED = PaneMarks()
