"""Everything a key can do, declared once.

Bindings, footer, help screen, palette commands and the README's key table are all
made from `ACTIONS`; nothing else in the dashboard names a key.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding


class Group(enum.StrEnum):
    """What an action is about; the help screen's headings."""

    SANDBOX = "Sandbox"
    PANES = "Panes"
    READING = "Reading"
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
    takes_key: bool = False
    """Called with the key that was pressed."""

    @property
    def method(self) -> str:
        """Textual's action, without arguments."""
        return self.call or self.id.replace("-", "_")


ACTIONS: tuple[Action, ...] = (
    Action(
        id="toggle-proxy",
        keys=("s",),
        label="start/stop",
        help="Start or stop the sandbox's proxy; asks before it stops a kataProxy",
        group=Group.SANDBOX,
        danger=True,
        show=1,
        in_readme=True,
    ),
    Action(
        id="toggle-debug",
        keys=("d",),
        label="debug",
        help="Turn debug watching on or off; restarts a running proxy with it",
        group=Group.SANDBOX,
        danger=True,
        show=2,
        in_readme=True,
    ),
    Action(
        id="take",
        keys=("T",),
        label="take",
        help="Attach a console that is held or not watched; says first what that does to others",
        group=Group.SANDBOX,
        danger=True,
    ),
    Action(
        id="toggle-list",
        keys=("l",),
        label="list",
        help="Go to the list of sandboxes, and back",
        group=Group.SANDBOX,
    ),
    Action(
        id="zoom",
        keys=("enter", "z"),
        label="zoom",
        help="Zoom the selected sandbox's pane, and back",
        group=Group.PANES,
        show=3,
        in_readme=True,
    ),
    Action(
        id="next-pane",
        keys=("tab",),
        label="next",
        help="Focus the next pane",
        group=Group.PANES,
        call="app.focus_next",
    ),
    Action(
        id="previous-pane",
        keys=("shift+tab",),
        label="previous",
        help="Focus the previous pane",
        group=Group.PANES,
        call="app.focus_previous",
    ),
    Action(
        id="focus-pane",
        keys=tuple("123456789"),
        label="pane",
        help="Focus the pane with this number",
        group=Group.PANES,
        takes_key=True,
        in_readme=True,
    ),
    Action(
        id="peel",
        keys=("escape",),
        label="back",
        help="Leave a dialog, the zoom or the pane",
        group=Group.PANES,
    ),
    Action(
        id="follow",
        keys=("f", "end"),
        label="follow",
        help="Follow: go to the last line and stay there",
        group=Group.READING,
        show=4,
        in_readme=True,
    ),
    Action(
        id="line-up",
        keys=("up", "k"),
        label="up",
        help="Scroll up; in the list, select the sandbox above",
        group=Group.READING,
    ),
    Action(
        id="line-down",
        keys=("down", "j"),
        label="down",
        help="Scroll down; in the list, select the sandbox below",
        group=Group.READING,
    ),
    Action(
        id="page-up",
        keys=("pageup",),
        label="page up",
        help="Scroll up a page",
        group=Group.READING,
        in_readme=True,
    ),
    Action(
        id="page-down",
        keys=("pagedown",),
        label="page down",
        help="Scroll down a page",
        group=Group.READING,
    ),
    Action(
        id="first",
        keys=("g", "home"),
        label="first line",
        help="Go to the first line, or the first sandbox",
        group=Group.READING,
    ),
    Action(
        id="last",
        keys=("G",),
        label="last line",
        help="Go to the last line, or the last sandbox",
        group=Group.READING,
    ),
    Action(
        id="columns-left",
        keys=("left",),
        label="left",
        help="Scroll long lines back",
        group=Group.READING,
    ),
    Action(
        id="columns-right",
        keys=("right",),
        label="right",
        help="Scroll long lines on",
        group=Group.READING,
    ),
    Action(
        id="cycle-time",
        keys=("t",),
        label="time",
        help="Date lines since the guest's start, by the clock, or not",
        group=Group.READING,
        show=5,
        in_readme=True,
    ),
    Action(
        id="toggle-raw",
        keys=("r",),
        label="raw",
        help="Show lines raw, without the layout for agent and kernel",
        group=Group.READING,
    ),
    Action(
        id="help",
        keys=("?",),
        label="help",
        help="Show all keys and states",
        group=Group.PROGRAM,
        show=6,
        in_readme=True,
    ),
    Action(
        id="palette",
        keys=(":", "ctrl+p"),
        label="commands",
        help="Search all commands and themes",
        group=Group.PROGRAM,
        call="app.command_palette",
    ),
    Action(
        id="quit",
        keys=("q",),
        label="quit",
        help="Quit; capture ends with the last dashboard",
        group=Group.PROGRAM,
        show=7,
        call="app.quit",
        in_readme=True,
    ),
    Action(
        id="quit-keeping",
        keys=("Q",),
        label="quit, keep capture",
        help="Quit and leave capture running",
        group=Group.PROGRAM,
        call="app.quit_keeping",
        in_readme=True,
    ),
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


def bindings() -> list[Binding]:
    """Textual's bindings for all actions."""
    return [binding for action in ACTIONS for binding in _bindings_of(action)]


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
