"""A line breaks into the rows of a screen as a terminal would break it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.console import ConsoleLine, SafeStr, part_of, render_line, row_at, safe_text, wrap_starts
from core.console.cells import cells_of
from tests.core.console.checks import check_line, unhurried

CHARS = [
    "a",
    "b",
    " ",
    "ü",
    "日",
    "한",
    "\u0301",
    "\u0335",
    "☎",
    "\ufe0f",
    "👍",
    "🏽",
    "─",
    "क",
    "ा",
]
texts = st.lists(st.sampled_from(CHARS), max_size=40).map("".join).map(safe_text)
widths = st.integers(1, 12)


def rows_of(text: SafeStr, width: int) -> list[str]:
    starts = wrap_starts(text, width, cell_len)
    return [text[begin:stop] for begin, stop in zip(starts, [*starts[1:], len(text)], strict=True)]


def naive(text: str, width: int) -> list[str]:
    """Rows filled with one character after the other, each with its marks."""
    clusters: list[str] = []
    for char in text:
        if clusters and not cell_len(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    rows = [""]
    for cluster in clusters:
        if rows[-1] and cell_len(rows[-1]) + cell_len(cluster) > width:
            rows.append("")
        rows[-1] += cluster
    return rows


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("", 5, [""]),
        ("abc", 5, ["abc"]),
        ("abcde", 5, ["abcde"]),
        ("abcdef", 5, ["abcde", "f"]),
        ("über alles", 4, ["über", " all", "es"]),
        ("a日本語", 4, ["a日", "本語"]),
        ("日本語", 1, ["日", "本", "語"]),
        ("abe\u0301\u0301c", 3, ["abe\u0301\u0301", "c"]),
        ("ab☎\ufe0fc", 3, ["ab", "☎\ufe0fc"]),
    ],
)
def test_a_line_breaks_where_the_row_is_full(text: str, width: int, rows: list[str]) -> None:
    assert rows_of(SafeStr(text), width) == rows


@unhurried
@given(texts, widths)
def test_rows_are_those_of_a_naive_terminal(text: SafeStr, width: int) -> None:
    assert rows_of(text, width) == naive(text, width)


@unhurried
@given(st.text(max_size=60).map(safe_text), widths)
def test_no_row_is_wider_than_the_screen_unless_one_character_is(text: SafeStr, width: int) -> None:
    rows = rows_of(text, width)
    assert "".join(rows) == text
    for row in rows:
        assert cell_len(row) <= width or sum(1 for char in row if cell_len(char)) == 1
    assert all(rows[1:])


@unhurried
@given(st.text(max_size=60).map(safe_text), widths)
def test_our_own_measure_tears_no_character_either(text: SafeStr, width: int) -> None:
    starts = wrap_starts(text, width)
    assert starts[0] == 0
    assert all(one < other for one, other in pairwise(starts))
    assert all(cells_of(text[at]) for at in starts[1:])


@unhurried
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), min_size=2, max_size=2).map(sorted))
def test_a_part_has_the_looks_that_its_characters_had(data: bytes, ends: list[int]) -> None:
    line = render_line(data)
    begin, stop = (min(end, len(line.text)) for end in ends)
    part = part_of(line, begin, stop)
    check_line(part)
    assert part.text == line.text[begin:stop]
    assert _looks(part) == _looks(line)[begin:stop]


def _looks(line: ConsoleLine) -> list[tuple[object, object]]:
    return [(run.style, run.role) for run in line.runs for _ in range(run.length)]


@unhurried
@given(texts, widths, st.integers(0, 50))
def test_a_character_is_in_the_row_that_holds_it(text: SafeStr, width: int, char: int) -> None:
    starts = wrap_starts(text, width, cell_len)
    row = row_at(starts, char)
    assert starts[row] <= char
    assert row == len(starts) - 1 or char < starts[row + 1]


def test_the_longest_row_breaks_at_once() -> None:
    line = render_line(b"x" * 16387)
    assert len(wrap_starts(line.text, 80)) == 205
    assert len(wrap_starts(render_line("日".encode() * 5462).text, 80)) == 137
