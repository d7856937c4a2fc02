"""What a pane's border says of its place among the others."""

from __future__ import annotations

from typing import NamedTuple

from tui.badges import Badges


class PaneMarks(NamedTuple):
    """Whatever is known of a pane where all panes are known."""

    is_pinned: bool = False
    """It is at the same place on every page."""
    badges: Badges = ()
    """What nobody saw of its sandbox yet."""


UNMARKED = PaneMarks()
