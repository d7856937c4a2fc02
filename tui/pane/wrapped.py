"""Rows of a pane that a guest's row breaks into where lines are wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.console import Position, TranscriptRow

END = 1 << 30
"""Behind the last character of every row."""


@dataclass(frozen=True, slots=True)
class WrappedRow(TranscriptRow):
    """One of the rows of the pane that a wrapped row of the guest's takes."""

    begin: int = 0
    """Characters of the row before it."""
    stop: int = END
    """Where the next piece begins; beyond the row's end for the last one."""


class Wrap(Protocol):
    """How rows break into rows of the pane."""

    def begin(self) -> None:
        """A call of the view's begins, which may ask for many rows."""

    def starts(self, line: TranscriptRow) -> Sequence[int]:
        """Where each of its rows starts, in characters; 0 first."""


def begin_of(line: TranscriptRow) -> int:
    """Characters of the guest's row that stand above this row of the pane."""
    return line.begin if isinstance(line, WrappedRow) else 0


def place_of(line: TranscriptRow) -> tuple[Position, int]:
    """Where a row of the pane begins: a row, and characters of it."""
    return line.position, begin_of(line)


def wrapped_row(line: TranscriptRow, starts: Sequence[int], index: int) -> WrappedRow:
    """The piece with this index of a row that breaks into several."""
    stop = starts[index + 1] if index + 1 < len(starts) else END
    return WrappedRow(
        line.position, line.end, line.row, line.seam, line.look, begin=starts[index], stop=stop
    )
