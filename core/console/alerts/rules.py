"""What is looked for: guestwatch's own forms and a user's patterns, compiled once for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.console.alerts.expression import Expression, check_pattern, compiled
from core.console.alerts.message import plain
from core.console.alerts.openers import LITERALS
from core.settings import AlertPattern, Severity

_WHOLE_LINES_ONLY = re.compile(r"\\[Az]|\(\?[a-zA-Z]*-")
"""What means another thing in a block of lines than in a line of its own."""


@dataclass(frozen=True, slots=True)
class UserRule:
    """A user's pattern, compiled."""

    name: str
    severity: Severity
    in_line: Expression
    """Decides, on one line."""
    in_block: Expression | None
    """Finds lines that may match in a block of many; None when each must be looked at."""


class Rules:
    """Everything that detectors share.

    Args:
        patterns: the user's own.

    Raises:
        InvalidAlertPattern: one of them cannot be used.
    """

    def __init__(self, patterns: Sequence[AlertPattern] = ()) -> None:
        self.candidates: Expression = compiled("|".join(LITERALS).encode(), is_text=False)
        self.users = tuple(_compiled(pattern) for pattern in patterns)


def _compiled(pattern: AlertPattern) -> UserRule:
    check_pattern(pattern.pattern)
    text = pattern.pattern.encode()
    in_block = None
    if _WHOLE_LINES_ONLY.search(pattern.pattern) is None:
        in_block = compiled(b"(?m:" + text + b")")
    return UserRule(pattern.name, pattern.severity, compiled(text), in_block)


def lines_that_may_match(rule: UserRule, block: bytes) -> Iterator[int]:
    """The numbers, from 0, of the lines of `block` that may match, in order.

    Complete: a match within a line is one in the block too, so the first match from the
    begin of a line on starts in that line or in one before.

    Args:
        rule: whose.
        block: whole lines, made plain by `plain`.
    """
    if rule.in_block is None:
        yield from range(block.count(b"\n"))
        return
    position, number = 0, 0
    while position < len(block):
        found = rule.in_block.search(block, position)
        if found is None:
            return
        at = found.start()
        number += block.count(b"\n", position, at)
        yield number
        end = block.find(b"\n", at)
        if end < 0:
            return
        position, number = end + 1, number + 1


def matches(rule: UserRule, line: bytes) -> bool:
    """Whether the line, without its newline, matches."""
    return rule.in_line.search(plain(line)) is not None
