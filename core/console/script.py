"""What a view scrolls through, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from core.console.transcript import Position, TranscriptRow


class Script(Protocol):
    """Rows in order of their positions, which never change as rows are added or dropped.

    A transcript is one; so is what leaves rows out of one, or puts lines of ours between
    them. Each call reads what it is asked, and what a source raises passes through.
    """

    @property
    def first(self) -> Position:
        """Where the first row is."""

    @property
    def last(self) -> Position:
        """Behind the last row."""

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The `count` rows from `at` on, fewer at the end.

        `at` is a row's position or its `end`; before `first` it means that.
        """

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        """The last `count` rows that end at `at` or before it, in order.

        `at` may be any place; one within a row that is whole means where that row begins.
        """
