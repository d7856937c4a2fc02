"""The README's table of keys."""

from __future__ import annotations

from tui.actions.keymap import STOCK
from tui.actions.registry import ACTIONS


def key_table() -> str:
    """The table, in Markdown; `?` in the dashboard shows all of them."""
    rows = ["| key | does |", "| --- | --- |"]
    for action in (each for each in ACTIONS if each.in_readme):
        keys = " ".join(f"`{name}`" for name in STOCK.names(action))
        rows.append(f"| {keys} | {action.help} |")
    return "\n".join(rows) + "\n"
