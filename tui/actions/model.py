"""What an action is."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Group(enum.StrEnum):
    """What an action is about; the help screen's headings."""

    SANDBOX = "Sandbox"
    PANES = "Panes"
    READING = "Reading"
    FINDING = "Finding"
    MARKS = "Marks and events"
    COPYING = "Taking text out"
    PROGRAM = "guestwatch"


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
    show: int = 0
    """Its place in the footer; 0 for none."""
    in_readme: bool = False
    """Whether the README names it: the ten that do most of the work."""
    call: str = ""
    """Textual's action; by default made of the id."""
    help_alone: str = ""
    """The sentence where there is one console, no list and no capture, if it is another."""
    takes_key: bool = False
    """Called with the key that was pressed."""

    @property
    def method(self) -> str:
        """Textual's action, without arguments."""
        return self.call or self.id.replace("-", "_")
