"""What a user is told of a pattern that cannot be used."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import parse_config
from core.console.alerts import Detector, check_pattern
from core.errors import ConfigError, InvalidAlertPattern, UsageError
from core.settings import AlertPattern


@pytest.mark.parametrize(
    ("pattern", "reason", "hint"),
    [
        ("(?=x)y", "no RE2 expression: invalid perl operator: (?=", "no look-ahead"),
        ("(?<!x)y", "no RE2 expression: invalid perl operator: (?<", "no look-behind"),
        (r"(a)\1", r"no RE2 expression: invalid escape sequence: \1", "no back-references"),
        ("a++b", "no RE2 expression: bad repetition operator: ++", "possessive"),
        ("(?>a)b", "no RE2 expression", "atomic"),
        ("(a", "missing ): (a", "RE2's"),
        ("[z-a]", "invalid character class range: z-a", "RE2's"),
        ("x*", "matches an empty line", "x+"),
        ("^$", "matches an empty line", "x+"),
        ("", "empty", "RE2's"),
        ("x" * 3000, "longer than 2048", ""),
        ("\ud800", "not Unicode", ""),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(
    pattern: str, reason: str, hint: str
) -> None:
    with pytest.raises(InvalidAlertPattern) as caught:
        check_pattern(pattern)
    assert reason in str(caught.value)
    assert hint in caught.value.hint
    assert isinstance(caught.value, UsageError)
    assert caught.value.exit_code == 2


def test_re2_says_nothing_on_stderr_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidAlertPattern):
        check_pattern("(a")
    assert capfd.readouterr().err == ""


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_is_refused(pattern: str) -> None:
    with contextlib.suppress(InvalidAlertPattern):
        check_pattern(pattern)
        detector = Detector([AlertPattern(name="own", pattern=pattern)])
        detector.feed(0, b"one line\nanother one\n")


def test_the_config_names_file_line_and_key_of_a_wrong_pattern() -> None:
    text = b"[[alert]]\nname = \"a\"\npattern = '(?=x)y'\n"
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.toml")
    assert str(caught.value).startswith("c.toml:3: alert.pattern: is no RE2 expression")
    assert "look-ahead" in caught.value.hint
