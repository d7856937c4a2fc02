"""Which key does what: the registry's own keys, or a person's.

What the config asks for is checked as a whole before anything opens, since Textual
takes any keymap without a word. Pure, and nothing here needs Textual.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.config import Section
from core.errors import ConfigError
from tui.actions.keynames import key_name, nearest_key, read_key
from tui.actions.model import Action
from tui.actions.registry import ACTIONS

MAX_KEYS = 20
"""More keys for one action are a mistake."""

FIXED = {
    "ctrl+q": "always quits",
    "ctrl+c": "copies what is selected, or says how to quit",
}
"""Keys that mean the same everywhere, dialogs included."""

ANSWERS = frozenset(
    {"enter", "escape", "tab", "shift+tab", "space", "backspace", "delete"}
    | {"up", "down", "left", "right", "home", "end", "y", "n"}
)
"""What a person presses in a prompt or a question. Pressed once too often, it must do no harm."""

PREFIXES = {
    "ctrl+b": "tmux",
    "ctrl+a": "screen",
    "ctrl+g": "zellij",
    "ctrl+o": "zellij",
    "ctrl+t": "zellij",
    "ctrl+p": "zellij",
    "ctrl+n": "zellij",
}
"""Keys that a multiplexer keeps for itself unless it is told otherwise."""

_SWALLOWED = {
    "ctrl+s": "stops the output of many terminals",
    "ctrl+z": "suspends programs",
    "ctrl+j": "is the same as enter in most terminals",
    "ctrl+m": "is the same as enter in most terminals",
    "ctrl+h": "is the same as backspace in many terminals",
    "ctrl+i": "is the same as tab in most terminals",
}

_LIST_IN_THE_DASHBOARD = "The dashboard's help lists all of them, and so does the README."


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which keys each action has at present."""

    keys: Mapping[str, Sequence[str]]
    """By action id, the one to show first."""
    warnings: tuple[str, ...] = ()
    """What works but may disappoint, in sentences."""

    def of(self, action: Action) -> Sequence[str]:
        """The keys of an action."""
        return self.keys[action.id]

    def names(self, action: Action) -> list[str]:
        """The keys of an action as people call them; many of one kind are a range."""
        keys = self.of(action)
        names = [key_name(key) for key in keys]
        if action.takes_key and len(keys) > 2 and list(keys) == list(action.keys):
            return [f"{names[0]}–{names[-1]}"]
        return names

    def name(self, action_id: str) -> str:
        """The first key of an action as people call it; empty when it has none."""
        keys = self.keys.get(action_id, ())
        return key_name(keys[0]) if keys else ""

    def press(self, action_id: str) -> str:
        """The beginning of a sentence that tells how to do it: `Press s`."""
        name = self.name(action_id)
        if name:
            return f"Press {name}"
        return f"Choose {_BY_ID[action_id].label} among the commands ({self.name('palette')})"

    def pressed(self, actions: Sequence[Action] = ACTIONS) -> Iterator[tuple[str, Action, str]]:
        """Each key, its action, and which of the registry's own keys it stands for."""
        for action in actions:
            for number, key in enumerate(self.of(action)):
                stands_for = action.keys[min(number, len(action.keys) - 1)]
                yield key, action, stands_for


_BY_ID = {action.id: action for action in ACTIONS}

STOCK = Keymap({action.id: action.keys for action in ACTIONS})
"""The registry's own keys."""


@runtime_checkable
class HasKeymap(Protocol):
    """An application whose keys a person may have moved."""

    keys: Keymap


def keymap_of(app: object) -> Keymap:
    """The keys of an application: the registry's own where it knows of no others."""
    return app.keys if isinstance(app, HasKeymap) else STOCK


def read_keymap(section: Section) -> Keymap:
    """The keymap that the config's table of keys asks for.

    Raises:
        ConfigError: an action or a key is unknown, two actions would share a key, or
            something could no longer be reached or too easily be done.
    """
    keys: dict[str, Sequence[str]] = dict(STOCK.keys)
    for action_id, value in section.values.items():
        action = _BY_ID.get(action_id)
        if action is None:
            raise _unknown(section, action_id)
        keys[action_id] = _keys_of(section, action, value)
    _check_clashes(section, keys)
    warnings = [
        words for action_id in section.values for words in _doubts(action_id, keys[action_id])
    ]
    return Keymap(keys, tuple(warnings))


def _unknown(section: Section, action_id: str) -> ConfigError:
    near = difflib.get_close_matches(action_id.lower(), _BY_ID, 1, 0.5)
    hint = f"Did you mean {near[0]}?" if near else _LIST_IN_THE_DASHBOARD
    return section.error(action_id, "is no action guestwatch knows", hint)


def _keys_of(section: Section, action: Action, value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise section.error(
            action.id, "must be a key in quotes or a list of keys", 'Write "s" or ["s", "f5"].'
        )
    most = len(action.keys) if action.takes_key else MAX_KEYS
    if len(texts) > most:
        raise section.error(action.id, f"has {len(texts)} keys, and {most} are the most")
    keys = tuple(_key_of(section, action, text) for text in texts if text)
    if not keys and action.id == "palette":
        raise section.error(
            action.id,
            "needs a key: actions without one are reached through it alone",
            f'It is "{action.keys[0]}" where nothing else is said.',
        )
    return tuple(dict.fromkeys(keys))


def _key_of(section: Section, action: Action, text: str) -> str:
    key = read_key(text)
    if key is None:
        near = nearest_key(text)
        hint = (
            f"Did you mean {near}?" if near else "Keys are written as s, G, ?, f5, pageup, ctrl+g."
        )
        raise section.error(action.id, f"{text} is no key", hint)
    if key in FIXED and key not in action.keys:
        raise section.error(action.id, f"{key} cannot be moved: it {FIXED[key]}")
    if action.danger and key in ANSWERS:
        raise section.error(
            action.id,
            f"{key_name(key)} may not do this: it answers questions and moves in prompts",
            "What others would notice needs a key that nobody presses twice by mistake.",
        )
    return key


def _check_clashes(section: Section, keys: Mapping[str, Sequence[str]]) -> None:
    owners: dict[str, str] = {}
    for action_id, bound in keys.items():
        for key in bound:
            other = owners.setdefault(key, action_id)
            if other == action_id:
                continue
            # The line that a person wrote is the one to look at.
            mine, theirs = (action_id, other) if action_id in section.values else (other, action_id)
            hint = f'Give {theirs} another key as well, or none: {theirs} = ""'
            raise section.error(mine, f"{key_name(key)} is the key of {theirs} too", hint)


def _doubts(action_id: str, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        if key in _SWALLOWED:
            yield f"keys.{action_id}: {key} {_SWALLOWED[key]}"
    if keys and all(key in PREFIXES for key in keys):
        names = " and ".join(dict.fromkeys(PREFIXES[key] for key in keys))
        yield f"keys.{action_id}: inside {names}, {' '.join(keys)} may never arrive"
