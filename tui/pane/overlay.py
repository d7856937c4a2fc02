"""What lies over a guest's lines: hits, a selection, the row that keys are about.

Whatever puts looks on a row is an `Overlay`. It is asked once for a row and again only
when its `version` changed, so that a frame costs what changed in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

from core.console import ConsoleLine, TranscriptRow


class Span(NamedTuple):
    """A piece of a row with a look on top of its own."""

    start: int
    """Characters of the shown text before it."""
    end: int
    look: str
    """The name of a look, as `Paint.look` knows them."""


class Decor(NamedTuple):
    """All that lies over one row."""

    spans: tuple[Span, ...] = ()
    """Later ones lie above earlier ones."""
    sign: str = ""
    """One cell between the date and the text; empty for none."""
    sign_look: str = "paused"


BARE = Decor()


class Overlay(Protocol):
    """Puts looks on rows."""

    @property
    def version(self) -> Hashable:
        """Another value whenever a row may look different from before."""

    def decor(self, line: TranscriptRow, text: ConsoleLine) -> Decor:
        """What lies over this row. Quick: all rows in sight are asked in one frame."""


def combined(overlays: Sequence[Overlay], line: TranscriptRow, text: ConsoleLine) -> Decor:
    """What all overlays together put on a row; of the signs, the last one's."""
    found = [overlay.decor(line, text) for overlay in overlays]
    spans = tuple(span for decor in found for span in decor.spans)
    signs = [decor for decor in found if decor.sign]
    if not spans and not signs:
        return BARE
    top = signs[-1] if signs else BARE
    return Decor(spans, top.sign, top.sign_look)
