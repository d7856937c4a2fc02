"""RE2, as alerts use it: linear in time whatever the guest prints."""

from __future__ import annotations

import re
from typing import Protocol, cast

import re2  # type: ignore[import-untyped, unused-ignore]

from core.errors import InvalidAlertPattern

MAX_PATTERN_CHARS = 2048

_HINTS = (
    (
        re.compile(r"\(\?(?:[=!]|<[=!])"),
        "RE2 has no look-ahead and no look-behind, so that it takes linear time. Match more"
        " of the line instead.",
    ),
    (
        re.compile(r"\\[1-9]|\(\?P=|\\k<"),
        "RE2 has no back-references, so that it takes linear time. Write the text out again.",
    ),
    (
        re.compile(r"[*+?}]\+|\(\?>"),
        "RE2 has no possessive repetition and no atomic groups; it never goes back anyway.",
    ),
)
_SYNTAX_HINT = "Patterns are RE2's: https://github.com/google/re2/wiki/Syntax"


class Found(Protocol):
    """Where an expression matched."""

    def start(self) -> int:
        """The offset of the match."""


class Expression(Protocol):
    """A compiled expression over bytes."""

    def search(self, data: bytes, position: int = 0) -> Found | None:
        """The first match at or behind `position`."""


def compiled(pattern: bytes, *, is_text: bool = True) -> Expression:
    """The expression; `is_text` when it may match characters beyond ASCII.

    Raises:
        re2.error: it is none.
    """
    options = re2.Options()
    options.log_errors = False
    encoding = re2.Options.Encoding
    options.encoding = encoding.UTF8 if is_text else encoding.LATIN1
    return cast(Expression, re2.compile(pattern, options))


def check_pattern(text: str) -> None:
    """Refuse a pattern that cannot raise an alert, or would raise one for every line.

    Raises:
        InvalidAlertPattern: it is no RE2 expression, too long, or matches the empty line.
    """
    if not text:
        raise InvalidAlertPattern("the pattern is empty", hint=_SYNTAX_HINT)
    if len(text) > MAX_PATTERN_CHARS:
        raise InvalidAlertPattern(f"the pattern is longer than {MAX_PATTERN_CHARS} characters")
    try:
        expression = compiled(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidAlertPattern("the pattern is not Unicode text") from error
    except re2.error as error:
        raise InvalidAlertPattern(
            f"is no RE2 expression: {reason_of(error)}", hint=hint_for(text) or _SYNTAX_HINT
        ) from (error)
    if expression.search(b"") is not None:
        raise InvalidAlertPattern(
            "the pattern matches an empty line, and so every line",
            hint="Let it name something that must be there: x+ in the place of x*.",
        )


def reason_of(error: Exception) -> str:
    """What RE2 says is wrong."""
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def hint_for(text: str) -> str:
    """What to write in the place of what other engines have and RE2 has not; empty: nothing."""
    for construct, hint in _HINTS:
        if construct.search(text):
            return hint
    return ""
