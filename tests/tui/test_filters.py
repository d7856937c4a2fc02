"""What a person filters by, as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Level
from core.console.filtered import MAX_CONTEXT
from core.search import Query
from tui.finding.filters import Filters, Term, term_of, typed


def filters(*texts: str) -> Filters:
    made = Filters()
    for text in texts:
        made = made.with_term(term_of(text, is_regex=False, is_exclude=False))
    return made


@pytest.mark.parametrize(
    ("text", "is_exclude", "query", "turned"),
    [
        ("error", False, "error", False),
        ("!usb", False, "usb", True),
        ("!usb", True, "usb", False),
        ("\\!usb", False, "!usb", False),
        ("a!b", True, "a!b", True),
        ("!", False, "", True),
    ],
)
def test_a_bang_before_a_text_turns_it_round(
    text: str, is_exclude: bool, query: str, turned: bool
) -> None:
    term = term_of(text, is_regex=False, is_exclude=is_exclude)
    assert (term.query.text, term.is_exclude) == (query, turned)


@given(st.text(max_size=5).map(lambda text: "!" + text), st.booleans(), st.booleans())
def test_what_is_typed_for_a_term_means_that_term(
    text: str, is_regex: bool, is_exclude: bool
) -> None:
    term = Term(Query(text.lstrip("!") or "x", is_regex), is_exclude)
    assert term_of(typed(term), is_regex=is_regex, is_exclude=False) == term


def test_a_sieve_has_what_is_shown_and_what_is_hidden() -> None:
    sieve = filters("error", "!usb", "warn").sieve
    assert sieve.includes == (Query("error"), Query("warn"))
    assert sieve.excludes == (Query("usb"),)
    assert sieve.level is None


def test_the_same_pattern_is_never_there_twice() -> None:
    assert filters("a", "b", "!a").terms == (Term(Query("b")), Term(Query("a"), is_exclude=True))


def test_chips_are_short_and_safe() -> None:
    made = filters("\x1b[2J" + "x" * 200, "!usb").with_next_level().with_context(2)
    chips = made.chips
    assert all(len(chip) <= 27 and chip.isprintable() for chip in chips)
    assert chips[1:] == ("−usb", "≥error", "±2")
    assert Filters((Term(Query("a|b", is_regex=True)),)).chips == ("+/a|b/",)


def test_levels_go_round() -> None:
    made = Filters()
    levels = []
    for _ in range(5):
        made = made.with_next_level()
        levels.append(made.level)
    assert levels == [Level.ERR, Level.WARNING, Level.NOTICE, Level.INFO, None]


def test_context_stays_in_its_bounds() -> None:
    assert Filters().with_context(-1).context == 0
    assert Filters(context=MAX_CONTEXT).with_context(1).context == MAX_CONTEXT


def test_taking_off_goes_from_the_newest_to_the_level() -> None:
    made = filters("a", "b").with_next_level()
    made = made.without_last()
    assert made.terms == filters("a").terms
    made = made.without_last().without_last()
    assert made.is_empty


def test_one_pattern_can_be_turned_round_in_its_place() -> None:
    assert filters("a", "b").turned(0).terms == filters("!a", "b").terms
