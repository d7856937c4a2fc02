"""Textual's bindings, made from the keymap."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from tui.actions.keymap import STOCK, Keymap
from tui.actions.keynames import textual_name
from tui.actions.model import Action
from tui.actions.registry import ACTIONS


def bindings(actions: Sequence[Action] = ACTIONS, keymap: Keymap = STOCK) -> list[Binding]:
    """A binding for each key of each of these actions."""
    return [
        Binding(
            textual_name(key),
            f"{action.method}({stands_for!r})" if action.takes_key else action.method,
            action.label,
            show=False,  # the footer is ours
            tooltip=action.help,
            id=f"{action.id}-{key}",
        )
        for key, action, stands_for in keymap.pressed(actions)
    ]
