"""What is selected in a console: from one piece of a row to another one.

Pure: no screen, no clock. Both ends are places in the recording (a row's `Position` and
characters of its text), never rows of the screen, so a selection stays on its text while
the guest floods, the view moves and old output is dropped. Where the text of an end row
is another one than it was, because it is shown raw now or was written over, that row
counts as a whole: nobody can say which part of it was meant.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable
from typing import NamedTuple

from rich.cells import get_character_cell_size

from core.console import ConsoleLine, Position, SafeStr, Script, TranscriptRow
from tui.pane.overlay import BARE, Decor, Span

CHOSEN = "▌"
"""Stands beside each row of a selection of whole rows: reverse alone is not seen on an
empty one."""


_MOST_ROWS = 10_000
"""Whoever goes further goes to the end."""

_NEAR = 4
"""Among so many lines at either end is a row of the guest's."""


class Grain(enum.Enum):
    """What a selection is made of."""

    CHARACTERS = "characters"
    ROWS = "rows"


class Piece(NamedTuple):
    """A piece of one row: an end of a selection."""

    at: Position
    start: int
    """Characters of the shown text before it."""
    end: int
    text: SafeStr
    """The row's text as it was shown when the piece was chosen."""

    @classmethod
    def row(cls, at: Position, text: SafeStr) -> Piece:
        """All of a row."""
        return cls(at, 0, len(text), text)

    @classmethod
    def character(cls, at: Position, text: SafeStr, char: int) -> Piece:
        """One character of a row; none behind its end."""
        start = max(0, min(char, len(text)))
        return cls(at, start, min(start + 1, len(text)), text)

    @classmethod
    def word(cls, at: Position, text: SafeStr, char: int) -> Piece:
        """The word that a character belongs to, or the blanks it stands in."""
        if not 0 <= char < len(text):
            return cls.character(at, text, char)
        is_wanted = _is_blank(text[char])
        start = char
        while start > 0 and _is_blank(text[start - 1]) == is_wanted:
            start -= 1
        end = char
        while end < len(text) and _is_blank(text[end]) == is_wanted:
            end += 1
        return cls(at, start, end, text)

    def first_character(self) -> Piece:
        """The first one of its row."""
        return Piece.character(self.at, self.text, 0)

    def last_character(self) -> Piece:
        """The last one of its row."""
        return Piece.character(self.at, self.text, len(self.text) - 1)

    def still_fits(self, text: str) -> bool:
        """Whether `text`, which the row shows now, is what it was or goes on with it."""
        return text.startswith(self.text)


class Selection:
    """What is selected in one console, or nothing; an overlay that shows it."""

    def __init__(self) -> None:
        self._anchor: Piece | None = None
        self._head: Piece | None = None
        self.grain = Grain.CHARACTERS
        self.is_visual = False
        """Whether keys that move in the console move its end."""

    def __bool__(self) -> bool:
        return self._anchor is not None

    @property
    def version(self) -> Hashable:
        """Its ends and its grain."""
        return self._anchor, self._head, self.grain

    @property
    def anchor(self) -> Piece | None:
        """The end that stays."""
        return self._anchor

    @property
    def head(self) -> Piece | None:
        """The end that moves."""
        return self._head

    @property
    def first(self) -> Position:
        """The first row of it. Only while something is selected."""
        return min(piece.at for piece in self._pieces())

    @property
    def last(self) -> Position:
        """The last row of it. Only while something is selected."""
        return max(piece.at for piece in self._pieces())

    def begin(self, piece: Piece, grain: Grain, *, is_visual: bool = False) -> None:
        """Select this piece, and nothing else."""
        self._anchor = self._head = piece
        self.grain = grain
        self.is_visual = is_visual

    def extend(self, piece: Piece) -> None:
        """Move the end that moves to this piece; the other one stays."""
        if self._anchor is not None:
            self._head = piece

    def change_grain(self, grain: Grain) -> None:
        """Select the same rows in another grain: of characters, all that whole rows had."""
        anchor, head = self._anchor, self._head
        if anchor is not None and head is not None and grain is Grain.CHARACTERS:
            is_down = anchor.at <= head.at
            self._anchor = anchor.first_character() if is_down else anchor.last_character()
            self._head = head.last_character() if is_down else head.first_character()
        self.grain = grain

    def swap_ends(self) -> None:
        """Let the other end move from now on."""
        self._anchor, self._head = self._head, self._anchor

    def clear(self) -> None:
        """Select nothing."""
        self._anchor = self._head = None
        self.is_visual = False

    def snapshot(self) -> Selection:
        """The same selection, which stays as it is now."""
        other = Selection()
        other._anchor, other._head, other.grain = self._anchor, self._head, self.grain
        return other

    def cut(self, at: Position, text: str) -> tuple[int, int] | None:
        """Which characters of a row are selected: from, and up to; None when none can be.

        Args:
            at: where the row is.
            text: what it shows now.
        """
        if self._anchor is None or not self.first <= at <= self.last:
            return None
        start, end = 0, len(text)
        if self.grain is Grain.ROWS:
            return start, end
        here = [piece for piece in self._pieces() if piece.at == at]
        if not all(piece.still_fits(text) for piece in here):
            return start, end
        if at == self.first:
            start = min(piece.start for piece in here)
        if at == self.last:
            end = max(piece.end for piece in here)
        return start, end

    def decor(self, line: TranscriptRow, text: ConsoleLine) -> Decor:
        """Its part of a row in reverse."""
        cut = self.cut(line.position, text.text)
        if cut is None:
            return BARE
        start, end = cut
        spans = (Span(start, end, "chosen"),) if start < end else ()
        sign = CHOSEN if self.grain is Grain.ROWS else ""
        return Decor(spans, sign) if spans or sign else BARE

    def _pieces(self) -> list[Piece]:
        return [piece for piece in (self._anchor, self._head) if piece is not None]


def row_away(script: Script, at: Position, rows: int) -> TranscriptRow | None:
    """The row so many rows below `at`, or above it when negative; the last or first one at most.

    Lines of ours are passed over. What the script raises passes through.
    """
    if abs(rows) > _MOST_ROWS:
        found = (
            script.forward(script.first, _NEAR) if rows < 0 else script.backward(script.last, _NEAR)
        )
        there = [row for row in found if row.row is not None]
        return (there[0] if rows < 0 else there[-1]) if there else None
    count = max(1, abs(rows))
    walk = _rows_above if rows < 0 else _rows_below
    there = walk(script, at, count)[:count]
    return there[-1] if there else None


def _rows_above(script: Script, at: Position, count: int) -> list[TranscriptRow]:
    """The guest's rows above a place, nearest first: so many, where there are."""
    there: list[TranscriptRow] = []
    for _ in range(_MOST_ROWS):
        found = script.backward(at, max(count, _NEAR))
        there += [row for row in reversed(found) if row.row is not None]
        if not found or len(there) >= count:
            break
        at = found[0].position
    return there


def _rows_below(script: Script, at: Position, count: int) -> list[TranscriptRow]:
    """The guest's rows below the one at a place, nearest first: so many, where there are."""
    there: list[TranscriptRow] = []
    begin = at
    for _ in range(_MOST_ROWS):
        found = script.forward(begin, max(count, _NEAR) + 1)
        there += [row for row in found if row.row is not None and row.position > at]
        if not found or found[-1].end <= begin or len(there) >= count:
            break
        begin = found[-1].end
    return there


def char_at(text: str, cell: int) -> int:
    """Which character of `text` is painted in a cell, counted from its first; marks go with
    what they stand on. Behind the end, the length of the text."""
    if text.isascii():
        return max(0, min(cell, len(text)))
    at = 0
    for index, char in enumerate(text):
        at += get_character_cell_size(char)
        if cell < at:
            return index
    return len(text)


def _is_blank(char: str) -> bool:
    """Whether a double click stops at this character; paths, numbers and addresses are words."""
    return char in " \t\"'`()[]{}<>|,;=│"
