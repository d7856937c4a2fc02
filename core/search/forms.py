"""A query as expressions over the bytes of many rows."""

from __future__ import annotations

import re
from itertools import pairwise

import re2  # type: ignore[import-untyped, unused-ignore]

from core.search.query import Query

_TOKEN = re.compile(
    r"""
      \\Q.*?(?:\\E|\Z)
    | \\[pP](?:\{[^}]*\}|.) | \\x(?:\{[^}]*\}|[0-9A-Fa-f]{2}) | \\[0-7]{1,3} | \\.
    | \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]
    | \{\d+(?:,\d*)?\}
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS = {"$": r"(?:\r*$)", r"\z": r"(?:\r*$)", r"\A": "^"}
"""The ends of a text, as the ends of a row: what is shown ends before its carriage returns."""

_OWN_ENDS = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""A flag by which `^` and `$` mean the ends of all rows together."""

_FLAGS = re.compile(r"\(\?(?!:|P<|<)|\\Q")
_SPECIAL = frozenset(".^$*+?{}()[]|\\")
_PLAIN = frozenset(map(chr, range(0x20, 0x7F)))
_MIN_REQUIRED = 3
"""A shorter literal is in too many rows to be of use."""

_TELLS_CONTROLS = re.compile(r"\\[pPxXaftrnv0-7]|\[:|[^ -~]")
"""What may match a control character and not its picture, or the other way round."""


def can_be_shown(query: Query) -> bool:
    """Whether a row may show what is looked for literally: no row shows a control character."""
    return query.text.isprintable()


def tells_controls(query: Query) -> bool:
    """Whether control characters have to be made the pictures they are shown as."""
    if query.is_regex:
        return _TELLS_CONTROLS.search(query.text) is not None
    return any("\u2400" <= char <= "\u243f" or char in "\ufffd\u25cc" for char in query.text)


def tells_form_feeds(query: Query) -> bool:
    """The same, where only a form feed makes the difference."""
    return query.is_regex and (r"\s" in query.text or r"\S" in query.text)


def required(query: Query) -> str:
    """A literal that each row shows which matches an expression; empty when none is told."""
    if _FLAGS.search(query.text):
        return ""
    longest = run = ""
    depth = 0
    for token in (*_TOKEN.findall(query.text), ""):
        if token == "|" and not depth:
            return ""
        if not depth and token[-1:] in _PLAIN and _is_plain(token):
            run += token[-1]
            continue
        if token[:1] in ("*", "?", "{"):
            run = run[:-1]
        # Spaces at an end could be tabs, and tell little.
        longest, run = max(longest, run.strip(), key=len), ""
        depth += (token == "(") - (token == ")")
    return longest if len(longest) >= _MIN_REQUIRED else ""


def _is_plain(token: str) -> bool:
    """Whether a token stands for its last character."""
    if len(token) == 1:
        return token not in _SPECIAL
    return len(token) == 2 and token[0] == "\\" and not token[1].isalnum()


def in_rows(query: Query) -> bytes | None:
    """The query over many rows; None when only row by row it means the same."""
    if not query.is_regex:
        return b"(?m)" + bytes(re2.escape(query.text.encode()))
    if _OWN_ENDS.search(query.text):
        return None
    tokens = _TOKEN.findall(query.text)
    if any(
        one in ("$", r"\z") and other not in ("|", ")", "")
        for one, other in pairwise([*tokens, ""])
    ):
        # Behind an end there is nothing, though a carriage return may stand there.
        return None
    tokens = [_ENDS.get(token, token) for token in tokens]
    if tokens and tokens[-1].startswith(r"\Q") and not tokens[-1].endswith(r"\E"):
        tokens.append(r"\E")
    return b"(?m)" + "".join(tokens).encode()
