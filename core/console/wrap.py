"""How a line breaks into rows of a screen: between characters, as a terminal breaks it.

A wide character is not torn, and a mark stays with what it stands on. What a character
takes is asked of whoever paints it, so that what breaks here fits there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence

from core.console.cells import cells_of
from core.console.model import ConsoleLine, Run, SafeStr

Measure = Callable[[str], int]
"""Cells that a character takes, with the marks behind it."""

_EMOJI = "\ufe0f"
"""A mark that may make the character before it wider."""


def wrap_starts(text: SafeStr, width: int, measure: Measure = cells_of) -> Sequence[int]:
    """Where each row of `text` starts, in characters: 0 first, whatever the text.

    Args:
        text: a line.
        width: cells of a row, 1 at least. A wider character has a row of its own.
        measure: cells of a character.
    """
    if text.isascii():
        return range(0, len(text) or 1, width)
    widths = {char: measure(char) for char in set(text)}
    if _EMOJI not in widths and set(widths.values()) == {1}:
        return range(0, len(text), width)
    starts, room = [0], width
    for begin, cells in _clusters(text, widths, measure):
        if cells > room and begin > starts[-1]:
            starts.append(begin)
            room = width
        room -= cells
    return starts


def _clusters(text: str, widths: Mapping[str, int], measure: Measure) -> Iterator[tuple[int, int]]:
    """Where each character begins that takes cells, and how many with the marks behind it."""
    begin = cells = 0
    has_emoji = False
    for at, char in enumerate(text):
        if widths[char]:
            if at:
                yield begin, measure(text[begin:at]) if has_emoji else cells
            begin, cells, has_emoji = at, widths[char], False
        elif char == _EMOJI:
            has_emoji = True
    yield begin, measure(text[begin:]) if has_emoji else cells


def row_at(starts: Sequence[int], char: int) -> int:
    """Which of the rows that start at `starts` holds the character at `char`."""
    return max(0, bisect_right(starts, char) - 1)


def part_of(line: ConsoleLine, begin: int, stop: int) -> ConsoleLine:
    """The characters of `line` from `begin` up to `stop`, with their looks."""
    runs: list[Run] = []
    at = 0
    for run in line.runs:
        start, at = at, at + run.length
        if at <= begin:
            continue
        length = min(at, stop) - max(start, begin)
        if length <= 0:
            break
        runs.append(run if length == run.length else run._replace(length=length))
    return ConsoleLine(SafeStr(line.text[begin:stop]), tuple(runs))
