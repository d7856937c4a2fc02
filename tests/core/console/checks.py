"""What holds of every line that is shown, whatever it was made of."""

from __future__ import annotations

import unicodedata

from hypothesis import settings

from core.console import ConsoleLine

unhurried = settings(deadline=None)
"""For properties: a busy machine is no failure."""

MAX_RUNS = 256
MAX_MARKS = 3


def check_line(line: ConsoleLine) -> None:
    """Fail unless `line` is safe and its runs cover it."""
    check_safe(line.text)
    assert sum(run.length for run in line.runs) == len(line.text)
    assert all(run.length > 0 for run in line.runs)
    assert len(line.runs) <= MAX_RUNS


def check_safe(text: str) -> None:
    """Fail unless a terminal would act on nothing in `text`."""
    assert text.isprintable()
    assert longest_row_of_marks(text) <= MAX_MARKS


def longest_row_of_marks(text: str) -> int:
    """How many combining marks there are in a row."""
    longest = length = 0
    for char in text:
        length = length + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        longest = max(longest, length)
    return longest
