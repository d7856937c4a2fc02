"""Everything a key can do, declared once, a module a group.

Bindings, footer, help screen, palette commands and the README's key table are all
made from `ACTIONS`, with the keys that a `Keymap` gives them; nothing else in the
dashboard names a key. `bindings` is the one module here that needs Textual.
"""

from tui.actions.keymap import STOCK, Keymap, keymap_of, read_keymap
from tui.actions.keynames import key_name
from tui.actions.model import Action, Group
from tui.actions.registry import ACTIONS, actions_of

__all__ = [
    "ACTIONS",
    "STOCK",
    "Action",
    "Group",
    "Keymap",
    "actions_of",
    "key_name",
    "keymap_of",
    "read_keymap",
]
