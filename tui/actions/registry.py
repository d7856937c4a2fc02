"""All actions in their order, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from textual.binding import Binding

from tui.actions import copying, finding, marks, panes, program, reading, sandboxes
from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    *sandboxes.ACTIONS,
    *panes.ACTIONS,
    *reading.ACTIONS,
    *finding.ACTIONS,
    *marks.ACTIONS,
    *copying.ACTIONS,
    *program.ACTIONS,
)

_SHOWN_KEYS = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "ctrl+p": "ctrl+p",
}


def key_name(key: str) -> str:
    """A key as people call it."""
    return _SHOWN_KEYS.get(key, key)


def key_names(action: Action) -> list[str]:
    """The keys of an action as people call them; nine digits are one range."""
    if action.takes_key:
        return [f"{action.keys[0]}–{action.keys[-1]}"]
    return [key_name(key) for key in action.keys]


def footer_actions() -> list[Action]:
    """The actions in the footer, in their order."""
    return sorted((action for action in ACTIONS if action.show), key=lambda a: a.show)


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


def bindings(actions: Sequence[Action] = ACTIONS) -> list[Binding]:
    """Textual's bindings for these actions."""
    return [binding for action in actions for binding in _bindings_of(action)]


def _bindings_of(action: Action) -> Iterator[Binding]:
    if action.takes_key:
        for key in action.keys:
            yield _binding(action, key, f"{action.method}({key!r})")
    else:
        yield _binding(action, ",".join(action.keys), action.method)


def _binding(action: Action, key: str, call: str) -> Binding:
    return Binding(
        key,
        call,
        action.label,
        show=False,  # the footer is ours
        tooltip=action.help,
        id=f"{action.id}-{key}" if action.takes_key else action.id,
    )


def key_table() -> str:
    """The README's table of keys, in Markdown; `?` in the dashboard shows all of them."""
    rows = ["| key | does |", "| --- | --- |"]
    for action in (each for each in ACTIONS if each.in_readme):
        keys = " ".join(f"`{name}`" for name in key_names(action))
        rows.append(f"| {keys} | {action.help} |")
    return "\n".join(rows) + "\n"
