"""A line across the window for what concerns all of it: capture is gone."""

from __future__ import annotations

from textual.widgets import Static

from core.console import SafeStr
from tui.actions import keymap_of
from tui.literal import literal
from tui.states import sentences


class Notice(Static):
    """Hidden until there is something to say; then it stays."""

    DEFAULT_CSS = """
    Notice {
        display: none;
        height: auto;
        padding: 0 1;
        color: $gw-failed;
        text-style: bold;
        border-left: outer $gw-failed;
        &.-shown { display: block; }
    }
    """

    def show(self, reason: SafeStr, hint: SafeStr) -> None:
        """Say that capture is gone, and what to do."""
        said = sentences(
            f"Capture is gone: {reason}" if reason else "Capture is gone",
            hint,
            "Recordings stay readable",
            f"{keymap_of(self.app).press('quit')} and start guestwatch again to record on",
        )
        self.update(literal(said))
        self.add_class("-shown")
