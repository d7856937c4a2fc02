"""Rows of any length, from anywhere in a generation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.console.rows import row_edge
from core.search import Query
from core.search.matching import Matcher
from core.search.scan import found_between
from tests.core.console.memory import Memory
from tests.core.search.model import rows_showing

PIECES = st.tuples(
    st.sampled_from([b"a", b"ab", "é".encode(), b"\n", b"x", b"\x80", b"\x1b[0m", b"\t"]),
    st.sampled_from([1, 2, 3, 100, 4095, 4096, 8190, 8191, 8192, 8193]),
)
BYTES = st.lists(PIECES, max_size=12).map(lambda pieces: b"".join(p * n for p, n in pieces))
QUERIES = st.sampled_from([Query("ab"), Query("é"), Query("b$", True), Query("^$", True)])


@settings(max_examples=150, deadline=None)
@given(data=BYTES, query=QUERIES, gone=st.integers(0, 40_000), cut=st.integers(0, 60_000))
def test_all_rows_are_found_wherever_it_is_cut(
    data: bytes, query: Query, gone: int, cut: int
) -> None:
    source = Memory(data)
    source.start = min(gone, len(data))
    matcher = Matcher(query)
    middle = row_edge(source, max(source.start, min(cut, source.end)))
    found = found_between(source, source.start, middle, matcher)
    rest = found_between(source, middle, source.end, matcher)
    assert found is not None
    assert rest is not None
    assert found + rest == rows_showing(source, query)


def test_what_went_away_is_told() -> None:
    source = Memory(b"ab\n" * 10)
    source.start = 6
    assert found_between(source, 0, source.end, Matcher(Query("ab"))) is None


def test_a_line_of_many_megabytes_is_searched() -> None:
    source = Memory(b"x" * 3_000_000 + b"needle" + b"x" * 3_000_000)
    found = found_between(source, 0, source.end, Matcher(Query("needle")))
    assert found == rows_showing(source, Query("needle"))
    assert len(found) == 1
