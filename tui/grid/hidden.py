"""Counts new lines of sandboxes that nobody sees, a few of them at a time."""

from __future__ import annotations

from collections.abc import Sequence

from core.sandboxes.model import SandboxFacts
from tui.opened.viewings import Viewings

COUNTED_PER_CALL = 8
"""Sandboxes out of sight whose new lines are counted by one call."""


class HiddenCount:
    """Takes the sandboxes out of sight in turns."""

    def __init__(self, viewings: Viewings) -> None:
        self._viewings = viewings
        self._next = 0

    def go_on(self, hidden: Sequence[SandboxFacts], now: float) -> None:
        """Count new lines of the next few.

        Args:
            hidden: all that are out of sight.
            now: seconds on any clock that goes forward.
        """
        for _ in range(min(len(hidden), COUNTED_PER_CALL)):
            self._next = (self._next + 1) % len(hidden)
            facts = hidden[self._next]
            viewing = self._viewings.of_hidden(facts)
            if viewing is not None:
                viewing.poll(now, facts.generation)
                viewing.count()
