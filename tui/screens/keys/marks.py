"""Marks, events, and the way from one to the next."""

from __future__ import annotations

from tui.screens.pane_screen import PaneScreen


class MarkKeys(PaneScreen):
    """Marks, events, and the way from one to the next."""
