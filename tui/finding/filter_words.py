"""What is said of filters, with the keys that do it."""

from __future__ import annotations

from core.console import SafeStr, safe_text
from tui.actions import Keymap


def nothing_filtered(keys: Keymap) -> SafeStr:
    """That a key needs a filter that is not there."""
    return safe_text(f"Nothing is filtered here. {keys.press('filter')} to filter.")


def hidden_hit(keys: Keymap) -> SafeStr:
    """That a search leads to where a filter lets nothing be seen."""
    return safe_text(f"The filter hides this hit. {keys.press('toggle-hiding')} to see it.")


def remedy(keys: Keymap) -> SafeStr:
    """What to do when nothing passes."""
    return safe_text(
        f"{keys.press('drop-filter')} to take off what was added last,"
        f" {keys.name('list-filters')} to list it all, {keys.name('toggle-hiding')} to see the"
        f" other lines too, {keys.name('peel')} to go back to where you were."
    )
