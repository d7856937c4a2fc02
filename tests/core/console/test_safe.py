"""Any string from outside becomes one line that no terminal acts on."""

from __future__ import annotations

import enum
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import safe_text
from tests.core.console.checks import check_safe, unhurried

any_text = st.text(st.characters(codec=None), max_size=200)


def test_every_code_point_there_is_comes_out_printable() -> None:
    tried = 0
    for begin in range(0, sys.maxunicode + 1, 512):
        text = "".join(map(chr, range(begin, min(begin + 512, sys.maxunicode + 1))))
        assert safe_text(text, limit=2 * len(text)).isprintable()
        tried += len(text)
    assert tried == 1_114_112


def test_every_control_and_format_character_alone_comes_out_as_one_that_is_seen() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"):
            shown = safe_text(chr(code))
            assert len(shown) == 1
            check_safe(shown)


@unhurried
@given(any_text, st.integers(0, 40))
def test_any_text_is_safe_and_within_its_limit(text: str, limit: int) -> None:
    shown = safe_text(text, limit=limit)
    check_safe(shown)
    assert len(shown) <= limit


@unhurried
@given(any_text)
def test_safe_text_stays_as_it_is(text: str) -> None:
    once = safe_text(text)
    assert safe_text(once) == once


@unhurried
@given(st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text, limit=len(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("nginx-7c9", "nginx-7c9"),
        ("größe · 日本", "größe · 日本"),
        ("two\nlines", "two␊lines"),
        ("cr\rlf", "cr␍lf"),
        ("tab\tstop", "tab stop"),
        ("\x1b]52;c;cHduZWQ=\x07", "␛]52;c;cHduZWQ=␇"),
        ("\x1b[31mred", "␛[31mred"),
        ("nul\0del\x7f", "nul␀del␡"),
        ("c1\x9b6n", "c1\ufffd6n"),
        ("nel\x85", "nel\ufffd"),
        ("line\u2028sep", "line\ufffdsep"),
        ("rtl\u202eexe.txt", "rtl\ufffdexe.txt"),
        ("isolate\u2066", "isolate\ufffd"),
        ("zero\u200bwidth\ufeff", "zero\ufffdwidth\ufffd"),
        ("tag\U000e0041", "tag\ufffd"),
        ("soft\u00adhyphen", "soft\ufffdhyphen"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("lone\udc80surrogate", "lone\ufffdsurrogate"),
        ("private\ue000use", "private\ufffduse"),
        ("filler\u3164\u115f\u1160\uffa0", "filler\ufffd\ufffd\ufffd\ufffd"),
        ("e\u0301" + "\u0301" * 9, "e\u0301\u0301\u0301"),
        ("\u0301first", "◌\u0301first"),
        ("[/] [red] [@click=app.quit]", "[/] [red] [@click=app.quit]"),
    ],
)
def test_what_some_texts_become(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize(
    ("limit", "shown"),
    [(6, "abcdef"), (5, "abcd…"), (2, "a…"), (1, "…"), (0, ""), (-1, "")],
)
def test_a_text_beyond_its_limit_ends_in_an_ellipsis(limit: int, shown: str) -> None:
    assert safe_text("abcdef", limit=limit) == shown


def test_a_huge_text_costs_no_more_than_its_limit() -> None:
    class Counted(str):
        taken = 0

        def __getitem__(self, key: object) -> str:
            assert isinstance(key, slice)
            Counted.taken = key.stop
            return super().__getitem__(key)

    assert len(safe_text(Counted("\u202e" * 1_000_000))) == 512
    assert Counted.taken <= 513


def test_a_zalgo_text_that_was_cut_says_so() -> None:
    assert safe_text("a" + "\u0301" * 1000, limit=20) == "a\u0301\u0301\u0301…"


def test_text_of_another_type_comes_out_as_plain_text() -> None:
    class State(enum.StrEnum):
        LIVE = "live"

    shown = safe_text(State.LIVE)
    assert type(shown) is str
    assert shown == "live"
