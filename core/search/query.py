"""What a person looks for, as typed: literal text or an RE2 expression, with smart case.

A query is matched against what is shown of a row, never against its raw bytes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
import re2  # type: ignore[import-untyped, unused-ignore]

from core.console.alerts.expression import hint_for, reason_of
from core.errors import BadQuery

MAX_QUERY_CHARS = 1024

MAX_SPANS = 256
"""Matches in one line that are told apart; no screen has room for more."""

LITERALLY = "To search for it as it stands: ctrl+r."

_NOT_LETTERS = re.compile(
    r"\\[pP](?:\{[^}]*\}?|.)|\\x(?:\{[^}]*\}?|..)|\\.|\(\?P?<[^>]*>?", re.DOTALL
)
"""What holds an upper-case letter that stands for something else: `\\S`, `\\pL`, a group's name."""

_ANY_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")
"""RE2 lets it match a newline, and a piece of a character."""

_REASONS = {
    "missing )": "a ( is not closed",
    "unexpected )": "a ) closes nothing",
    "missing ]": "a [ is not closed",
    "no argument for repetition operator": "nothing stands before {what} to repeat",
    "bad repetition operator": "{what} repeats a repetition",
    "invalid repetition size": "{what} repeats too often",
    "invalid escape sequence": "{what} stands for nothing",
    "invalid perl operator": "RE2 does not know {what}",
    "invalid character class range": "{what} is no range or class of characters",
    "invalid named capture group": "{what} is no name of a group",
    "trailing \\": "a \\ at the end stands before nothing",
    "pattern too large - compile failed": "too large for RE2",
}
"""RE2's words for what is wrong, and ours."""

_NAMES_THE_REST = frozenset({"missing )", "unexpected )", "missing ]"})
"""With these, what RE2 quotes is all that follows, which helps nobody."""


class Query(msgspec.Struct, frozen=True):
    """What is looked for. Equal queries find the same.

    A query with an empty `text` finds nothing.
    """

    text: str
    is_regex: bool = False

    @property
    def ignores_case(self) -> bool:
        """Whether upper and lower case are one: no upper-case letter was typed."""
        letters = _NOT_LETTERS.sub("", self.text) if self.is_regex else self.text
        return letters == letters.lower()

    def check(self) -> None:
        """Refuse what cannot be searched for.

        Raises:
            BadQuery: it is no RE2 expression, too long, or not text; the message says where.
        """
        if len(self.text) > MAX_QUERY_CHARS:
            raise BadQuery(f"longer than {MAX_QUERY_CHARS} characters")
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise BadQuery(f"character {error.start + 1} is not Unicode text") from error
        if self.is_regex and (found := _ANY_BYTE.search(self.text)):
            raise BadQuery(
                f"\\C stands for nothing, at character {found.end() - 1}", hint=LITERALLY
            )
        try:
            _compiled(self)
        except re2.error as error:
            raise BadQuery(
                _explained(reason_of(error), self.text), hint=hint_for(self.text) or LITERALLY
            ) from error

    def matches(self, text: str) -> bool:
        """Whether a line that shows `text` is found.

        Raises:
            BadQuery: the query cannot be searched for.
        """
        return bool(self.text) and self._expression().search(text) is not None

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where in the shown `text` it is found: begin and end, in characters, in order.

        At most `MAX_SPANS`; empty matches are left out.

        Raises:
            BadQuery: the query cannot be searched for.
        """
        if not self.text or not text:
            return ()
        found = islice(self._expression().finditer(text), 2 * MAX_SPANS)
        spans = [span for each in found if (span := each.span())[1] > span[0]]
        return tuple(spans[:MAX_SPANS])

    def _expression(self) -> Any:  # noqa: ANN401
        try:
            return _compiled(self)
        except (BadQuery, re2.error, UnicodeEncodeError):
            self.check()
            raise


def expression(pattern: bytes, *, ignores_case: bool, is_literal: bool = False) -> Any:  # noqa: ANN401
    """An RE2 expression that says only whether and where it matches, never across a newline.

    Raises:
        re2.error: it is none.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.never_nl = True
    options.literal = is_literal
    options.case_sensitive = not ignores_case
    return re2.compile(pattern, options)


@lru_cache(maxsize=32)
def _compiled(query: Query) -> Any:  # noqa: ANN401
    return expression(
        query.text.encode(), ignores_case=query.ignores_case, is_literal=not query.is_regex
    )


def _explained(reason: str, text: str) -> str:
    """RE2's `what: where` in words, with the place counted in characters."""
    head, _, what = reason.partition(": ")
    words = _REASONS.get(head)
    if words is None:
        return reason
    at = text.rfind(what) if what and head not in _NAMES_THE_REST else -1
    where = f", at character {at + 1}" if at >= 0 else ""
    return words.format(what=what) + where
