"""Text in a fence that nothing in it can close."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.console import SafeStr

_TICKS = re.compile(r"`+")
_FEWEST = 3


def fenced(lines: Iterable[SafeStr]) -> str:
    """A Markdown block that holds `lines` as they stand, its last newline included.

    The fence is longer than any run of backticks in them: a guest that prints one stays
    inside.
    """
    held = list(lines)
    longest = max((len(run) for line in held for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(_FEWEST, longest + 1)
    return "\n".join([f"{fence}text", *held, fence]) + "\n"
