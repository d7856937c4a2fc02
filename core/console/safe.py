"""The character rules: what may be shown as it stands, and what is shown instead.

`str.isprintable` is false for exactly the control, format, surrogate, private and
unassigned characters, the line and paragraph separators and every space but the
plain one (checked over all code points on Unicode 14 and 15.1), and costs no table.
What it refuses becomes a visible picture, so that nothing a guest sends is silent.
"""

from __future__ import annotations

import unicodedata

from core.console.model import SafeStr

MAX_MARKS = 3
"""Combining marks in a row that are kept: more than any language needs, and too few to
paint over the rows above."""

REPLACEMENT = "\ufffd"

_BASE = "\u25cc"
"""What a combining mark without a character before it stands on, so that it cannot join
what somebody else wrote before the text."""

_MARK_CATEGORIES = frozenset({"Mn", "Me"})

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: the only letters that are printable by the rule above, and invisible."""

_ASCII_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}


def printable(text: str) -> str:
    """`text` with a printable character in the place of each that is not."""
    if text.isascii():
        return text if text.isprintable() else text.translate(_ASCII_PICTURES)
    if text.isprintable() and _FILLERS.isdisjoint(text):
        return text
    pictures = {
        ord(char): _picture(char)
        for char in set(text)
        if not char.isprintable() or char in _FILLERS
    }
    return text.translate(pictures)


def is_mark(char: str) -> bool:
    """Whether `char` takes no room of its own and joins the one before it."""
    return unicodedata.category(char) in _MARK_CATEGORIES


def has_marks(text: str) -> bool:
    """Whether there is a combining mark in `text`."""
    if text.isascii():
        return False
    return not _MARK_CATEGORIES.isdisjoint(map(unicodedata.category, set(text)))


def with_mark(cell: str, mark: str) -> str:
    """A character and its marks, with one more unless it has enough."""
    return cell + mark if len(cell) <= MAX_MARKS else cell


def on_base(mark: str) -> str:
    """A mark that has nothing to join, as it is shown."""
    return _BASE + mark


def with_few_marks(text: str) -> str:
    """`text` with no more combining marks in a row than are kept, each on something."""
    if not has_marks(text):
        return text
    cells: list[str] = []
    for char in text:
        if not is_mark(char):
            cells.append(char)
        elif cells:
            cells[-1] = with_mark(cells[-1], char)
        else:
            cells.append(on_base(char))
    return "".join(cells)


def safe_text(value: str, *, limit: int = 512) -> SafeStr:
    """Any string from outside as one safe line: a newline is seen as `␊`, a tab as a space.

    Args:
        value: a name, an error, a path, whatever; of any length.
        limit: characters; a longer text ends in `…`.
    """
    # One more than may be shown tells whether there is more. Marks above the limit are
    # dropped, so a zalgo text may come out shorter; what is behind stays unread.
    text = value[: limit + 1] if limit > 0 else ""
    if not (text.isascii() and text.isprintable()):
        text = with_few_marks(printable(text.replace("\t", " ")))
    if len(text) > limit or len(value) > limit:
        text = text[: max(0, limit - 1)] + "…"[:limit]
    return SafeStr(text)


def _picture(char: str) -> str:
    code = ord(char)
    if code < 0x80:
        return chr(_ASCII_PICTURES[code])
    return " " if unicodedata.category(char) == "Zs" else REPLACEMENT
