"""Which keys the last line shows, and how much room each gets. Pure.

What has the focus decides: the keys that mean something there and then, at most seven,
with help and quit always among them.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from rich.cells import cell_len

from tui.actions.keymap import STOCK, Keymap
from tui.actions.keynames import key_name
from tui.actions.model import Action, OwnKey, Where
from tui.actions.registry import ACTIONS

MOST = 7

_ALWAYS = ("help", "quit")
_LINES: Mapping[Where | None, Sequence[str]] = {
    Where.LIST: ("toggle-proxy", "toggle-debug", "zoom", "toggle-list", "palette"),
    Where.PANE: (
        "zoom",
        "follow",
        "search",
        "filter",
        "mark",
        "go-to",
        "cycle-time",
        "toggle-proxy",
        "toggle-list",
    ),
    Where.PROMPT: (),
    None: ("palette",),
}
"""What is shown besides, the most useful first; None while there is no sandbox."""


class Mood(enum.Enum):
    """What else is the matter with what has the focus; the most pressing first."""

    INTERLEAVED = enum.auto()
    """Several consoles are read as one."""
    SELECTING = enum.auto()
    """Something is selected in the pane."""
    SEARCHED = enum.auto()
    """The pane is searched."""
    FILTERED = enum.auto()
    """The pane is filtered."""
    HELD = enum.auto()
    """The pane does not follow its guest."""
    TAKEABLE = enum.auto()
    """The sandbox's console waits for a person's yes."""


_MOODS: Mapping[Mood, Sequence[str]] = {
    Mood.INTERLEAVED: ("zoom", "follow", "interleave", "choose-pane"),
    Mood.SELECTING: ("yank", "save", "swap-ends", "peel"),
    Mood.SEARCHED: ("next-hit", "previous-hit", "toggle-hits", "peel"),
    Mood.FILTERED: ("filter", "more-context", "leave-filter", "list-filters"),
    Mood.HELD: ("follow",),
    Mood.TAKEABLE: ("take",),
}
"""What a mood brings to the front."""

_SHORT = {
    "next-hit": "next",
    "previous-hit": "prev",
    "toggle-hits": "hits",
    "swap-ends": "end",
    "more-context": "more",
    "list-filters": "list",
}
"""Words for where there is little room, by action id."""

_GENEROSITY = ((False, 3), (False, 2), (True, 2), (True, 1))
"""Whether labels are short, and the columns between two keys: the first that fits is taken."""


@dataclass(frozen=True, slots=True)
class Item:
    """One key of the footer."""

    what: Action | OwnKey
    key: str
    """As people call it."""
    label: str
    gap: int
    """Empty columns behind it."""

    @property
    def width(self) -> int:
        """Its columns, without the gap."""
        return cell_len(self.key) + 1 + cell_len(self.label)


def footer_actions(
    where: Where | None,
    moods: Collection[Mood] = (),
    keymap: Keymap = STOCK,
    actions: Sequence[Action] = ACTIONS,
) -> list[Action]:
    """The actions that the footer shows, in their order: help and quit last.

    Args:
        where: what has the focus; None while there is no sandbox.
        moods: what else is the matter with it.
        keymap: actions without a key are passed over.
        actions: all that can be done there.
    """
    if Mood.INTERLEAVED in moods:
        # What is done to one console has no place where there are several.
        moods = (Mood.INTERLEAVED,)
    said = [_MOODS[mood] for mood in Mood if mood in moods and where is not None]
    # Of two moods each has its first keys shown.
    most = MOST if len(said) < 2 else 2
    line = () if Mood.INTERLEAVED in moods else _LINES[where]
    wanted = list(dict.fromkeys(chain(*(ids[:most] for ids in said), *said, line)))
    known = {
        action.id: action
        for action in actions
        if keymap.keys[action.id] and (where is None or action.is_for(where))
    }
    bound, last = ([known[each] for each in ids if each in known] for ids in (wanted, _ALWAYS))
    return [*bound[: MOST - len(last)], *last]


def footer_items(
    shown: Sequence[Action | OwnKey],
    width: int,
    keymap: Keymap = STOCK,
    labels: Mapping[str, str] = MappingProxyType({}),
    *,
    is_typing: bool = False,
) -> list[Item]:
    """What is shown of these in `width` columns: as generous as there is room.

    Args:
        shown: keys of what has the focus, and what `footer_actions` gave.
        width: columns.
        keymap: the keys to show.
        labels: words that fit the moment better than the registry's, by action id.
        is_typing: whether a character would be text, so that it is no key.
    """
    left = list(shown)
    while True:
        for is_short, gap in _GENEROSITY:
            items = [_item(each, keymap, labels, is_short, gap, is_typing) for each in left]
            if sum(item.width + gap for item in items) - gap <= width:
                return items
        optional = [each for each in left if isinstance(each, OwnKey) or each.id not in _ALWAYS]
        if not optional:
            return items
        left.remove(optional[-1])


def _item(
    what: Action | OwnKey,
    keymap: Keymap,
    labels: Mapping[str, str],
    is_short: bool,
    gap: int,
    is_typing: bool,
) -> Item:
    if isinstance(what, OwnKey):
        return Item(what, key_name(what.key), what.label, gap)
    label = labels.get(what.id, what.label)
    if is_short:
        label = min(label, what.label, _SHORT.get(what.id, label), key=len)
    keys = [key for key in keymap.of(what) if not (is_typing and len(key) == 1)]
    return Item(what, key_name((keys or keymap.of(what))[0]), label, gap)
