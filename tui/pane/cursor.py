"""The row that keys are about: where a jump led, or what was clicked.

Without one, keys are about the last row of a view that follows, else about the first
one in sight.
"""

from __future__ import annotations

from collections.abc import Hashable

from core.console import ConsoleLine, Position, TranscriptRow
from tui.pane.overlay import BARE, Decor

CURSOR = "▸"


class Cursor:
    """One row of a pane, or none; an overlay that shows which."""

    def __init__(self) -> None:
        self.at: Position | None = None

    @property
    def version(self) -> Hashable:
        """The row it is on."""
        return self.at

    def decor(self, line: TranscriptRow, text: ConsoleLine) -> Decor:
        """A sign beside its row."""
        return Decor(sign=CURSOR) if line.position == self.at else BARE
