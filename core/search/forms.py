"""A query as expressions over the bytes of many rows."""

from __future__ import annotations

import re

import re2  # type: ignore[import-untyped, unused-ignore]

from core.search.query import Query

_TOKEN = re.compile(
    r"""
      \\Q.*?(?:\\E|\Z)
    | \\[pP]\{[^}]*\} | \\x\{[^}]*\} | \\.
    | \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS = {"$": r"(?:\r*$)", r"\z": r"(?:\r*$)", r"\A": "^"}
"""The ends of a text, as the ends of a row: what is shown ends before its carriage returns."""

_OWN_ENDS = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""A flag by which `^` and `$` mean the ends of all rows together."""

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


def in_rows(query: Query) -> bytes | None:
    """The query over many rows; None when only row by row it means the same."""
    if not query.is_regex:
        return b"(?m)" + bytes(re2.escape(query.text.encode()))
    if _OWN_ENDS.search(query.text):
        return None
    tokens = [_ENDS.get(token, token) for token in _TOKEN.findall(query.text)]
    if tokens and tokens[-1].startswith(r"\Q") and not tokens[-1].endswith(r"\E"):
        tokens.append(r"\E")
    return b"(?m)" + "".join(tokens).encode()
