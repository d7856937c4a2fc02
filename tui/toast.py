"""The one way to a toast. Nothing in it is markup, whoever wrote it."""

from __future__ import annotations

from typing import Literal

from textual.widget import Widget

from core.console import SafeStr, safe_text

_LIMIT = 400
"""A toast covers the guests; what is longer stands in the pane and the details."""


def say(
    where: Widget,
    text: SafeStr,
    *,
    severity: Literal["information", "warning", "error"] = "information",
) -> None:
    """Show `text` for a few seconds, above `where`'s screen."""
    cut = safe_text(text, limit=_LIMIT)
    where.notify(cut, severity=severity, timeout=8 if severity == "error" else 4, markup=False)
