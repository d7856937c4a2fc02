"""Writing over a line: the fast way and the slow way agree with a plain terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from core.console import render_line
from core.console.line import _appended, _written_over
from core.console.model import Style
from tests.core.console.checks import unhurried

STEPS = ["\r", "\b", "\b\b\b", "\t", "\x1b[K", "\x1b[1K", "\x1b[2K", "a", "bc", "def", "日", "x日y"]
steps = st.lists(st.sampled_from(STEPS), max_size=40)


class Terminal:
    """A line of a terminal, as plain as can be: every step looks at every cell."""

    def __init__(self) -> None:
        self.cells: list[str | None] = [None] * 1000
        self.column = 0

    def do(self, step: str) -> None:
        match step:
            case "\r":
                self.column = 0
            case "\t":
                self.column = (self.column // 8 + 1) * 8
            case "\x1b[K":
                self.blank(range(self.column, len(self.cells)))
            case "\x1b[1K":
                self.blank(range(self.column + 1))
            case "\x1b[2K":
                self.blank(range(len(self.cells)))
            case _:
                for char in step:
                    if char == "\b":
                        self.column = max(0, self.column - 1)
                    else:
                        self.put(char)

    def put(self, char: str) -> None:
        width = 2 if unicodedata.east_asian_width(char) == "W" else 1
        self.blank(range(self.column, self.column + width))
        self.cells[self.column : self.column + width] = [char, ""][:width]
        self.column += width

    def blank(self, columns: range) -> None:
        for column in columns:
            if self.cells[column] == "":
                self.cells[column - 1] = None
            if column + 1 < len(self.cells) and self.cells[column + 1] == "":
                self.cells[column + 1] = None
            self.cells[column] = None

    def shown(self) -> str:
        used = max((n for n, cell in enumerate(self.cells) if cell is not None), default=-1)
        return "".join(" " if cell is None else cell for cell in self.cells[: used + 1])


@unhurried
@given(steps)
def test_any_steps_show_what_a_terminal_shows(chosen: list[str]) -> None:
    terminal = Terminal()
    for step in chosen:
        terminal.do(step)
    assert render_line("".join(chosen).encode()).text == terminal.shown()


PIECES = ["abc", "日本", "[  OK  ]", "\x1b", "\x07", "\x1b[", "\x1b[31m", "\x1b[1;44m", "\x1b[0m"]
PIECES += ["\x1b]0;title\x07", "\x1b[H", "é", " "]


@unhurried
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_a_line_without_moves_is_the_same_with_cells_and_without(text: str) -> None:
    appended = _appended(text)
    assert appended is not None
    assert one_by_one(appended) == one_by_one(_written_over(text))


def one_by_one(pieces: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    return [(char, style) for piece, style in pieces for char in piece]
