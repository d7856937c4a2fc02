"""What the help screen says of keys: first those for what has the focus, then all others.

Pure: no widths and no colours. Every action stands there once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tui.actions.keymap import STOCK, Keymap
from tui.actions.keynames import key_name
from tui.actions.model import Action, Group, OwnKey, Where
from tui.actions.registry import ACTIONS

NO_KEY = "no key"
DANGER = "affects others"
"""The word for what other programs would notice."""


_ORDER: Mapping[Where | None, Sequence[Group]] = {
    Where.PANE: (
        Group.READING,
        Group.FINDING,
        Group.MARKS,
        Group.COPYING,
        Group.PANES,
        Group.SANDBOX,
        Group.PROGRAM,
    )
}
"""What the focus is about comes first; elsewhere the groups stand as they are declared."""


class Entry(NamedTuple):
    """One line of the help."""

    keys: str
    text: str
    is_dangerous: bool = False


class Part(NamedTuple):
    """Entries below a title."""

    title: str
    entries: Sequence[Entry]
    is_here: bool = False
    """Whether they mean something for what has the focus."""


def help_parts(
    where: Where | None = None,
    own: Sequence[OwnKey] = (),
    keymap: Keymap = STOCK,
    find: str = "",
    actions: Sequence[Action] = ACTIONS,
) -> list[Part]:
    """All keys in the order in which they are told.

    Args:
        where: what has the focus; None when nothing has.
        own: the keys that only what has the focus knows.
        keymap: which key does what.
        find: words that an entry must have, whatever their case; all of them count.
        actions: all that can be done where the help is called.
    """
    words = find.casefold().split()
    mine = [Entry(key_name(each.key), each.help) for each in own]
    here = [action for action in actions if where is not None and action.is_for(where)]
    others = [action for action in actions if action not in here]
    parts = [Part(where.value if where else "Here", _found(mine, words), is_here=True)]
    for some, is_here in ((here, True), (others, False)):
        for group in _ORDER.get(where, tuple(Group)):
            found = _of_group(some, group, keymap, words)
            parts.append(Part(group.value, found, is_here))
    return [part for part in parts if part.entries]


def _of_group(
    actions: Iterable[Action], group: Group, keymap: Keymap, words: Sequence[str]
) -> list[Entry]:
    entries = []
    for action in actions:
        if action.group is not group:
            continue
        entry = Entry(" ".join(keymap.names(action)) or NO_KEY, action.help, action.danger)
        if _has(f"{entry.keys} {entry.text} {action.label} {group.value}", words) or _has(
            DANGER if action.danger else "", words
        ):
            entries.append(entry)
    return entries


def _found(entries: Iterable[Entry], words: Sequence[str]) -> list[Entry]:
    return [entry for entry in entries if _has(f"{entry.keys} {entry.text}", words)]


def _has(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
