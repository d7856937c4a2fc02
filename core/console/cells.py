"""One line of a terminal: a row of cells in which a guest goes back and writes over.

Carriage return, backspace, tab and erase-in-line act as in xterm, except that the line
has no right end. A wide character has two cells; writing over one of them blanks the
other.

All that `Cells` does is linear in what it is given. Going back is free, but going
forward costs a byte for each cell, or for each eight with a tab, and cells are erased
only once between two writes; so however a guest goes to and fro, a byte costs eight
cells at most.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from core.console.model import PLAIN, Style
from core.console.safe import is_mark, on_base, with_mark

TAB_CELLS = 8

_BLANK = "\0"
"""A cell in which nothing stands. No guest text has it: it would have become a picture."""

_SECOND_HALF = ""
"""The right cell of a wide character."""


class Cells:
    """A line being written."""

    def __init__(self) -> None:
        self._chars: list[str] = []
        self._styles: list[Style] = []
        self._column = 0
        self._blank_to = 0
        """Every cell before this one is blank."""

    def write(self, text: str, style: Style) -> None:
        """Write printable `text` where the cursor is."""
        if text.isascii():
            self._put(text, style)
            return
        widths = {char: cells_of(char) for char in set(text)}
        if all(width == 1 for width in widths.values()):
            self._put(text, style)
            return
        for char in text:
            match widths[char]:
                case 0:
                    self._join(char, style)
                case 1:
                    self._put(char, style)
                case _:
                    self._put((char, _SECOND_HALF), style)

    def move(self, control: str) -> None:
        """Move the cursor as a number of `\\r`, `\\b` or `\\t` does, or `ESC [ G`, a return."""
        match control[0]:
            case "\r" | "\x1b":
                self._column = 0
            case "\b":
                self._column = max(0, self._column - len(control))
            case _:
                self._column += TAB_CELLS * len(control) - self._column % TAB_CELLS

    def erase(self, part: int) -> None:
        """Blank what is right of the cursor (0), left of it (1), or both (2); and its cell."""
        if part != 1:
            self._break_wide(self._column)
            del self._chars[self._column :]
            del self._styles[self._column :]
        if part != 0:
            stop = min(self._column + 1, len(self._chars))
            self._break_wide(stop)
            count = stop - self._blank_to
            if count > 0:
                self._chars[self._blank_to : stop] = [_BLANK] * count
                self._styles[self._blank_to : stop] = [PLAIN] * count
                self._blank_to = stop
        self._blank_to = min(self._blank_to, len(self._chars))

    def pieces(self) -> list[tuple[str, Style]]:
        """What stands in the line at the end, without the blanks behind it."""
        count = len(self._chars)
        while count > self._blank_to and self._chars[count - 1] == _BLANK:
            count -= 1
        if count == self._blank_to:
            return []
        pieces = []
        begin = 0
        for style, group in groupby(self._styles[:count]):
            stop = begin + sum(1 for _ in group)
            text = "".join(self._chars[begin:stop])
            pieces.append((text.replace(_BLANK, " "), style))
            begin = stop
        return pieces

    def _put(self, cells: Sequence[str], style: Style) -> None:
        column = self._column
        stop = self._column = column + len(cells)
        missing = column - len(self._chars)
        if missing < 0:
            self._break_wide(column)
            self._break_wide(stop)
        elif missing > 0:
            self._chars += [_BLANK] * missing
            self._styles += [PLAIN] * missing
        self._chars[column:stop] = cells
        self._styles[column:stop] = [style] * len(cells)
        if self._blank_to > column:
            self._blank_to = column

    def _join(self, mark: str, style: Style) -> None:
        """Put a combining mark onto the character before the cursor."""
        column = self._column - 1
        if not 0 <= column < len(self._chars):
            self._put([on_base(mark)], style)
            return
        if self._chars[column] == _SECOND_HALF:
            column -= 1
        cell = self._chars[column]
        self._chars[column] = with_mark(" " if cell == _BLANK else cell, mark)
        self._blank_to = min(self._blank_to, column)

    def _break_wide(self, column: int) -> None:
        """Blank a wide character that reaches over the left edge of `column`."""
        if 0 < column < len(self._chars) and self._chars[column] == _SECOND_HALF:
            self._chars[column - 1 : column + 1] = [_BLANK, _BLANK]


@lru_cache(maxsize=4096)
def cells_of(char: str) -> int:
    """Cells that a printable character takes: none for one that joins the one before."""
    if is_mark(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
