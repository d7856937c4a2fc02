"""All actions, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui.actions import (
    copying,
    filtering,
    finding,
    marks,
    panes,
    program,
    reading,
    sandboxes,
)
from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    *sandboxes.ACTIONS,
    *panes.ACTIONS,
    *reading.ACTIONS,
    *finding.ACTIONS,
    *filtering.ACTIONS,
    *marks.ACTIONS,
    *copying.ACTIONS,
    *program.ACTIONS,
)


def actions_of(keys: Sequence[type], app: type) -> tuple[Action, ...]:
    """The actions that a screen of one console has, told in words for it.

    Args:
        keys: the groups of keys that it is made of.
        app: the program it belongs to.
    """
    return tuple(
        replace(action, help=action.help_alone or action.help)
        for action in ACTIONS
        if _can_do(action, keys, app)
    )


def _can_do(action: Action, keys: Sequence[type], app: type) -> bool:
    name = action.method.removeprefix("app.")
    if name == action.method:
        return any(hasattr(group, f"action_{name}") for group in keys)
    return action.group is Group.PROGRAM and hasattr(app, f"action_{name}")
