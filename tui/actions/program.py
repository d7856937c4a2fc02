"""What concerns the program as a whole."""

from __future__ import annotations

from tui.actions.model import Action, Group, Where

ACTIONS: tuple[Action, ...] = (
    Action(
        id="help",
        keys=("?", "f1"),
        label="help",
        help="Show what keys do here, all others, and the states",
        help_alone="Show all keys",
        group=Group.PROGRAM,
        where=(Where.LIST, Where.PANE, Where.PROMPT),
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
        help_alone="Quit",
        group=Group.PROGRAM,
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
