"""What an action is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple


class Group(enum.StrEnum):
    """What an action is about; the help screen's headings."""

    SANDBOX = "Sandbox"
    PANES = "Panes"
    READING = "Reading"
    FINDING = "Finding"
    MARKS = "Marks and events"
    COPYING = "Taking text out"
    PROGRAM = "guestwatch"


class Where(enum.StrEnum):
    """What has the focus; what the help screen calls it."""

    LIST = "In the list"
    PANE = "In a pane"
    PROMPT = "While typing"


class OwnKey(NamedTuple):
    """A key that only what has the focus knows, and that nobody can move."""

    key: str
    label: str
    """One or two words, for the footer."""
    help: str
    """One sentence without its full stop."""


_WHERE = {
    Group.SANDBOX: (Where.LIST, Where.PANE),
    Group.PANES: (Where.LIST, Where.PANE),
    Group.READING: (Where.PANE,),
    Group.FINDING: (Where.PANE,),
    Group.MARKS: (Where.PANE,),
    Group.COPYING: (Where.PANE,),
    Group.PROGRAM: (Where.LIST, Where.PANE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing the dashboard can be told to do."""

    id: str
    """Never changes once released: a keymap names it."""
    keys: tuple[str, ...]
    """As Textual calls them, the one to show first."""
    label: str
    """One or two words, for the footer and the palette."""
    help: str
    """One sentence without its full stop."""
    group: Group
    danger: bool = False
    """Asks before it does something that other programs would notice."""
    in_readme: bool = False
    """Whether the README names it: the ten that do most of the work."""
    call: str = ""
    """Textual's action; by default made of the id."""
    help_alone: str = ""
    """The sentence where there is one console, no list and no capture, if it is another."""
    takes_key: bool = False
    """Called with the key that was pressed, or with the one of `keys` that it stands for."""
    where: tuple[Where, ...] = ()
    """What must have the focus for it to mean something; by default what its group says."""

    @property
    def method(self) -> str:
        """Textual's action, without arguments."""
        return self.call or self.id.replace("-", "_")

    def is_for(self, where: Where) -> bool:
        """Whether it means something while this has the focus."""
        return where in (self.where or _WHERE[self.group])
