"""Everything a key can do, declared once, a module a group.

Bindings, footer, help screen, palette commands and the README's key table are all
made from `ACTIONS`; nothing else in the dashboard names a key.
"""

from tui.actions.model import Action, Group
from tui.actions.registry import (
    ACTIONS,
    actions_of,
    bindings,
    footer_actions,
    key_name,
    key_names,
    key_table,
)

__all__ = [
    "ACTIONS",
    "Action",
    "Group",
    "actions_of",
    "bindings",
    "footer_actions",
    "key_name",
    "key_names",
    "key_table",
]
