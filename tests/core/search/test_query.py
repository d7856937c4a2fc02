"""What a query means, and what is said of one that means nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadQuery
from core.search import MAX_QUERY_CHARS, MAX_SPANS, Query
from core.search.forms import required


@pytest.mark.parametrize(
    ("text", "is_regex", "ignores_case"),
    [
        ("oops", False, True),
        ("Oops", False, False),
        (r"\S+ failed", True, True),
        (r"\S+ Failed", True, False),
        (r"\pL\p{Greek}\x{2A}\x2A\W", True, True),
        (r"(?P<Name>x)", True, True),
        (r"\S", False, False),
        ("é", False, True),
        ("É", False, False),
    ],
)
def test_case_counts_when_an_upper_case_letter_was_typed(
    text: str, is_regex: bool, ignores_case: bool
) -> None:
    assert Query(text, is_regex).ignores_case is ignores_case


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a(b", "a ( is not closed"),
        ("a)b", "a ) closes nothing"),
        ("[abc", "a [ is not closed"),
        ("x|*", "nothing stands before * to repeat, at character 3"),
        (r"a\y", r"\y stands for nothing, at character 2"),
        ("é[z-a]", "z-a is no range or class of characters, at character 3"),
        ("a{1001}", "{1001} repeats too often, at character 2"),
        ("a\\", "a \\ at the end stands before nothing"),
        (r"\\\C", r"\C stands for nothing, at character 3"),
        (r"(\pL{500}){2}", "too large for RE2"),
        ("x" * (MAX_QUERY_CHARS + 1), f"longer than {MAX_QUERY_CHARS} characters"),
    ],
)
def test_a_bad_expression_is_explained(text: str, words: str) -> None:
    query = Query(text, is_regex=True)
    with pytest.raises(BadQuery) as caught:
        query.check()
    assert caught.value.message == words


def test_a_bad_expression_finds_nothing() -> None:
    for find in (Query("a(b", is_regex=True).spans, Query("a(b", is_regex=True).matches):
        with pytest.raises(BadQuery):
            find("some text")


def test_what_re2_lacks_is_said() -> None:
    with pytest.raises(BadQuery) as caught:
        Query("(?<=x)y", is_regex=True).check()
    assert "look-behind" in caught.value.hint


@pytest.mark.parametrize("text", ["a(b", "[", "*", "\\", "(?=x)"])
def test_any_text_can_be_searched_for_literally(text: str) -> None:
    Query(text).check()
    assert Query(text).spans(f"é{text}é") == ((1, 1 + len(text)),)


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(BadQuery):
        Query("\udc80").check()


def test_nothing_typed_finds_nothing() -> None:
    Query("").check()
    assert not Query("").matches("text")
    assert Query("").spans("text") == ()


def test_spans_count_characters_and_are_few() -> None:
    assert Query("ß+", is_regex=True).spans("日ßßx\u0301ß") == ((1, 3), (5, 6))
    assert Query("x*", is_regex=True).spans("axxb") == ((1, 3),)
    assert len(Query("x").spans("x" * 16_384)) == MAX_SPANS


def test_a_pattern_that_is_slow_elsewhere_is_not_here() -> None:
    assert not Query("(a+)+$", is_regex=True).matches("a" * 16_000 + "b")
    assert Query("(x+x+)+y", is_regex=True).spans("x" * 16_000) == ()


@given(st.text(max_size=8), st.text(alphabet="abAB(.[]é", max_size=30))
def test_a_query_never_fails_but_by_bad_query(text: str, shown: str) -> None:
    for is_regex in (False, True):
        query = Query(text, is_regex)
        try:
            spans = query.spans(shown)
        except BadQuery:
            continue
        assert all(0 <= begin < end <= len(shown) for begin, end in spans)
        assert not spans or query.matches(shown)


@given(st.text(alphabet="abAB.é", min_size=1, max_size=2), st.text(alphabet="abAB.é", max_size=30))
def test_literal_spans_are_what_python_finds(text: str, shown: str) -> None:
    flags = re.IGNORECASE if Query(text).ignores_case else 0
    expected = tuple(each.span() for each in re.finditer(re.escape(text), shown, flags))
    assert Query(text).spans(shown) == expected


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("(panic|Oops):? .*sync", "sync"),
        ("usb [0-9]+-[0-9]+", "usb"),
        ("abcd?e", "abc"),
        ("abcd*", "abc"),
        ("abcd+ef", "abcd"),
        ("abc{0,2}defg", "defg"),
        (r"a\.b\.c", "a.b.c"),
        ("^abc$", "abc"),
        ("abc{1000}", ""),
        ("a{3,999}bcd", "bcd"),
        ("abc{,99}", ",99"),
        (r"\x41bc\pLabcd\101xyz", "abcd"),
        (r"\p{Greek}\x{41}\101abc", "abc"),
        ("abc|def", ""),
        ("(abc)?", ""),
        ("(abc|x)ab", ""),
        ("(?i)ABC", ""),
        ("(?:abc)def", "def"),
        (r"\Qabc", ""),
        ("[abc][def]", ""),
        (r"\d+\w+", ""),
        ("", ""),
    ],
)
def test_what_an_expression_needs_is_told(text: str, literal: str) -> None:
    assert required(Query(text, is_regex=True)) == literal
