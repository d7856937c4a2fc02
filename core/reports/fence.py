"""A guest's text in Markdown, where nothing of it means anything."""

from __future__ import annotations

import re

_TICKS = re.compile("`+")
_FEWEST = 3


def fenced(text: str) -> str:
    """Safe text between fences that no line of it can close; no newline at the end."""
    fence = "`" * max(_FEWEST, _longest_ticks(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def code(text: str) -> str:
    """Safe text as Markdown shows code within a line."""
    ticks = "`" * (_longest_ticks(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
