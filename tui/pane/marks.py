"""What a pane's border says of its place among the others."""

from __future__ import annotations

from typing import NamedTuple

from core.console import SafeStr, safe_text
from tui.grid.badges import Badges


class PaneMarks(NamedTuple):
    """Whatever is known of a pane where all panes are known."""

    is_pinned: bool = False
    """It is at the same place on every page."""
    is_chosen: bool = False
    """It is chosen for the interleaved view."""
    badges: Badges = ()
    """What nobody saw of its sandbox yet."""
    lock: SafeStr = safe_text("")
    """The moment it is held at; empty when it is not."""
    lock_note: SafeStr = safe_text("")
    """That there is no output at that moment."""


UNMARKED = PaneMarks()
