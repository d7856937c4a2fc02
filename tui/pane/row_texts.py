"""The guest's rows made safe, and how they break into the rows of a pane.

A guest can write rows that take milliseconds each to make safe. So one call makes
long rows only for as long as `LONG_ROWS_S`; the others wait for the next call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from core.clock import now
from core.console import (
    ConsoleLine,
    Position,
    SafeStr,
    TranscriptRow,
    render_line,
    wrap_starts,
)
from tui.pane.lately import Lately

LONG_ROWS_S = 0.012
"""How long one call goes on making long rows."""

_LONG_BYTES = 1024
"""Shorter rows are always made: the most that a screen of them costs is known."""

_KEPT_ROWS = 256
"""Of rows that were not in sight lately, those before so many others are let go."""

_ONE_ROW: Sequence[int] = (0,)

RowKey = tuple[Position, Position, bool, SafeStr]
"""What a row shows: no other bytes ever stand between two positions."""


class RowLook(NamedTuple):
    """How much of itself a row shows."""

    is_raw: bool = False
    """As the guest wrote it, without the layout of agent and kernel lines."""
    has_fields: bool = False
    """With an agent line's further fields."""
    is_plain: bool = False
    """Without the guest's own colours."""

    def of(self, data: bytes) -> ConsoleLine:
        """What `data` shows this way."""
        return render_line(data, raw=self.is_raw, fields=self.has_fields, plain=self.is_plain)


def row_key(line: TranscriptRow) -> RowKey:
    """What tells one row from all others."""
    return line.position, line.end, line.row is None or line.row.complete, line.seam


class RowTexts:
    """Rows made safe, kept while they may be asked for again."""

    def __init__(self) -> None:
        self._kept: Lately[tuple[RowKey, RowLook], ConsoleLine] = Lately(_KEPT_ROWS)
        self._long_rows = 0
        self._deadline = 0.0
        self.is_short_of_time = False
        """Whether a row was not made since the call began."""

    def begin(self) -> None:
        """Begin a call: its time for long rows counts from now."""
        self._long_rows = 0
        self._deadline = now().boot + LONG_ROWS_S
        self.is_short_of_time = False

    def known(self, line: TranscriptRow, look: RowLook) -> ConsoleLine | None:
        """The row's text if it was made before."""
        return self._kept.get((row_key(line), look))

    def get(self, line: TranscriptRow, look: RowLook) -> ConsoleLine | None:
        """The row's text; None for a seam, and for a long row when there is no time left."""
        found = self.known(line, look)
        if found is not None or line.row is None:
            return found
        data = line.row.data
        if len(data) > _LONG_BYTES and not self._has_time():
            self.is_short_of_time = True
            return None
        return self._kept.put((row_key(line), look), look.of(data))

    def _has_time(self) -> bool:
        """Whether one more long row may be made; one a call always may."""
        self._long_rows += 1
        return self._long_rows == 1 or now().boot <= self._deadline


class RowWrap:
    """Where rows break on one width; `tui.pane.view.Wrap` for a view.

    A row that there was no time to make counts as one row of the pane until the next call.
    """

    def __init__(self, texts: RowTexts, look: RowLook, width: int) -> None:
        """No breaks yet.

        Args:
            texts: the rows.
            look: how they are shown.
            width: cells of a row of the pane.
        """
        self._texts = texts
        self._look = look
        self._width = max(1, width)
        self._kept: Lately[RowKey, Sequence[int]] = Lately(_KEPT_ROWS)
        self.is_guessing = False
        """Whether a row was taken for one row of the pane since the call began."""

    def begin(self) -> None:
        """Begin a call."""
        self._texts.begin()
        self.is_guessing = False

    def starts(self, line: TranscriptRow) -> Sequence[int]:
        """Where each of the line's rows starts, in characters of its text."""
        if line.row is None:
            return _ONE_ROW
        key = row_key(line)
        found = self._kept.get(key)
        if found is None:
            text = self._texts.get(line, self._look)
            if text is None:
                self.is_guessing = True
                return _ONE_ROW
            found = self._kept.put(key, wrap_starts(text.text, self._width, cell_len))
        return found
