"""Taking text out of the pane that keys are about."""

from __future__ import annotations

from tui.screens.pane_screen import PaneScreen


class CopyingKeys(PaneScreen):
    """Taking text out of the pane that keys are about."""
