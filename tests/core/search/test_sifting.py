"""A sieve over many rows at once against asking it of each row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Level
from core.errors import BadQuery
from core.search import Query
from core.search.sieve import Sieve
from core.search.sifting import Sifter
from tests.core.console.checks import unhurried

ROWS = st.lists(
    st.sampled_from(
        [
            *(b"", b"plain", b"a usb device", b"\x1b[31merror\x1b[0m: disk", b"x" * 3000),
            *(b"<3>[    1.000000] usb error", b"<4>[    2.000000] odd", b"<6>[    3.0] fine"),
            *(b'{"level":"WARN","msg":"usb"}', b'{"level"', b':"ERROR"}', b"kern  :err   : x"),
            *(b"Kernel panic - not syncing: x", b"\rWARNING: late", b"say WARNING: no\r"),
            *(b"[\x1b[31mFAILED\x1b[0m] usb", b'time="now" level=error usb', b"\xff\x00usb"),
        ]
    ),
    max_size=12,
)
QUERIES = st.lists(
    st.sampled_from(
        [Query("usb"), Query("Error"), Query("x"), Query("^.$|disk", is_regex=True), Query("")]
    ),
    max_size=3,
).map(tuple)
SIEVES = st.builds(Sieve, QUERIES, QUERIES, st.none() | st.sampled_from(Level))


@unhurried
@given(SIEVES, ROWS, st.booleans())
def test_a_block_keeps_the_rows_that_a_sieve_keeps(
    sieve: Sieve, rows: list[bytes], is_open: bool
) -> None:
    data = b"".join(row + b"\n" for row in rows)
    if is_open and rows and rows[-1]:
        data = data[:-1]
    kept, at = [], 0
    for row in rows:
        if sieve.keeps(row):
            kept.append(at)
        at += len(row) + 1
    assert Sifter(sieve).rows(data) == kept


def test_a_filter_for_nothing_keeps_everything() -> None:
    assert Sieve().is_empty
    assert Sifter(Sieve()).rows(b"a\n\nb") == [0, 2, 3]


def test_warnings_and_worse() -> None:
    rows = [b"<3>[    1.0] e", b"<4>[    1.000000] w", b"<6>[    1.000000] i", b"plain"]
    data = b"\n".join([b"<3>[    1.000000] e", *rows[1:]])
    assert Sifter(Sieve(level=Level.WARNING)).rows(data) == [0, 20]


def test_what_cannot_be_searched_for_is_refused() -> None:
    for sieve in (
        Sieve(excludes=(Query("(", is_regex=True),)),
        Sieve(includes=(Query("a"), Query("(", is_regex=True))),
    ):
        with pytest.raises(BadQuery):
            sieve.check()
        with pytest.raises(BadQuery):
            Sifter(sieve)
