"""Searching and filtering the pane that keys are about."""

from __future__ import annotations

from tui.screens.pane_screen import PaneScreen


class FindingKeys(PaneScreen):
    """Searching and filtering the pane that keys are about."""
