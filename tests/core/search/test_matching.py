"""Matching many rows at once against rendering each and looking at it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.console import render_line
from core.errors import BadQuery
from core.search import Query
from core.search.matching import Matcher
from core.search.shown import odd_rows, shown_row, without_escapes

PIECES = st.sampled_from(
    [
        *(b"a", b"b", b"ab", b"Ab", b"abc", b" ", b"  ", b".", b"x" * 40, b"[", b"m", b"0", b"K"),
        *(b"\r", b"\r\r", b"\b", b"\t", b"\x00", b"\x07", b"\x0c", b"\x0f", b"\x7f", b"\x1b"),
        *(
            b"\x1b[0m",
            b"\x1b[0;1;39m",
            b"\x1b[m\x0f",
            b"\x1b[K",
            b"\x1b[1K",
            b"\x1b[2K",
            b"\x1b[3K",
            b"\x1b[G",
            b"\x1b[1G",
            b"\x1b[2G",
        ),
        *(
            b"\x1b[?2004h",
            b"\x1b]0;ab\x07",
            b"\x1b]0;ab\x1b\\",
            b"\x1b(B",
            b"\x1bM",
            b"\x1bPab\x1b\\",
        ),
        *("é".encode(), "日".encode(), "\u0301".encode(), "\u00a0".encode(), "\u200b".encode()),
        *("\u212a".encode(), "\u017f".encode(), "␇".encode(), b"\xff", b"\xe6\x97", b"k", b"s"),
    ]
)
ROW = st.lists(PIECES, max_size=12).map(b"".join)
ROWS = st.lists(st.tuples(ROW, st.sampled_from([b"", b"\r", b"\r\r"])).map(b"".join), max_size=8)
LITERALS = st.lists(
    st.sampled_from(
        ["a", "b", "ab", "abc", "Ab", " ", ".", "[", "0m", "é", "k", "s", "␇", "\ufffd", "日"]
    ),
    min_size=1,
    max_size=4,
).map("".join)
EXPRESSIONS = st.sampled_from(
    [
        *("a", "ab$", "^a", r"\Aab", r"b\z", "a.b", "a.*b", r"a\s+b", r"a\Sb", "[^b]$", r"\bab\b"),
        *(
            "^$",
            "x*",
            "a|b$",
            r"a[^\s]b",
            r"\pL+",
            "[[:cntrl:]]",
            "[[:print:]]+$",
            r"\x{2407}",
            "(?i)AB",
        ),
        *(
            "(?-m)b$",
            "(?s)a.b",
            "  +",
            r"[$]",
            r"\$",
            r"\Qa.",
            r"[\]$]a|b$",
            "k",
            "s",
            r"\W$",
            "$",
            ".",
        ),
        *(
            r"a\tb",
            r"\r",
            "a\nb",
            r"\x1b",
            r"[^a]b",
            r"\D\W",
            "a{2,}",
            "(?U)a+b",
            "abc.*b",
            r"\x61bc",
            r"\141bc",
            r"\pLabc",
            "abc|k",
            "(abc)?b",
            "a.*abc$",
            "abc{0,2}",
            "bab?c",
            "k.*aab ?",
            "abc +b",
            "$a|abc",
            "m$",
            r"\d+m",
            r"\C\C",
        ),
    ]
)
QUERIES = st.one_of(
    LITERALS.map(Query), st.builds(Query, st.one_of(EXPRESSIONS, LITERALS), st.just(True))
)


def rows_of(data: bytes) -> list[bytes]:
    return data.removesuffix(b"\n").split(b"\n") if data else []


def expected(query: Query, rows: list[bytes]) -> list[int]:
    found, at = [], 0
    for row in rows:
        if query.matches(render_line(row, raw=True).text):
            found.append(at)
        at += len(row) + 1
    return found


@settings(max_examples=1000, deadline=None)
@given(query=QUERIES, rows=ROWS, ends=st.booleans())
@example(Query("ab"), [b"a\x1b[0mb"], True)
@example(Query("ab"), [b"xx\rab", b"ab\rx"], True)
def test_rows_are_those_that_show_it(query: Query, rows: list[bytes], ends: bool) -> None:
    try:
        matcher = Matcher(query)
    except BadQuery:
        return
    data = b"\n".join(rows) + (b"\n" if ends else b"")
    assert matcher.rows(data) == expected(query, rows_of(data))


@settings(max_examples=500, deadline=None)
@given(rows=ROWS)
def test_rows_are_shown_as_they_are_rendered(rows: list[bytes]) -> None:
    data = b"".join(row + b"\n" for row in rows)
    rendered = [render_line(row, raw=True).text for row in rows]
    fast = without_escapes(data)
    odd = odd_rows(data, fast, exactly=True)
    at = 0
    for row, fast_row, text in zip(rows, fast.split(b"\n"), rendered, strict=False):
        if at not in odd:
            assert fast_row.rstrip(b"\r").expandtabs().decode() == text
        at += len(row) + 1
    assert [shown_row(row).decode() for row in rows] == rendered


@pytest.mark.parametrize(
    "query", [Query("Z"), Query("ab"), Query("a.*b", True), Query(r"\s\d+$", True)]
)
@pytest.mark.parametrize(
    "row",
    [
        b"\x1b" * 8000,
        b"\x1b[31ma" * 1500,
        b"a\b" * 4000,
        b"a\tb\r" * 2000,
        "a\u0301".encode() * 3000,
        b"\x1b]" * 4000,
        b"\x1b[1K" * 2000,
        b"\xff" * 8000,
        b"",
    ],
)
def test_hostile_rows_are_no_exception(query: Query, row: bytes) -> None:
    data = b"\n".join([row, b"ab", row + b"\r", row])
    assert Matcher(query).rows(data) == expected(query, rows_of(data))


@given(st.text(alphabet="$\\[]()^?:Qab\\EzA|.*+\r", max_size=10), ROWS)
@settings(max_examples=500, deadline=None)
def test_no_expression_means_another_thing_in_many_rows(text: str, rows: list[bytes]) -> None:
    query = Query(text, is_regex=True)
    try:
        matcher = Matcher(query)
    except BadQuery:
        return
    rows = [re.sub(rb"[^a-z.\r]", b"", row) for row in rows]
    assert matcher.rows(b"".join(row + b"\n" for row in rows)) == expected(query, rows)
