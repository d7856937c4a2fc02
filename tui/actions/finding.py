"""Searching and filtering a console."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    Action(
        id="search",
        keys=("/",),
        label="search",
        help="Search the console: hits are shown as you type, enter goes to the nearest one",
        group=Group.FINDING,
        in_readme=True,
    ),
    Action(
        id="search-all",
        keys=("*",),
        label="search all",
        help="Search all panes in sight for the same text; n goes on in the focused one",
        help_alone="Search the console, as / does",
        group=Group.FINDING,
    ),
    Action(
        id="next-hit",
        keys=("n",),
        label="next hit",
        help="Go to the next hit; after the last one to the first",
        group=Group.FINDING,
        in_readme=True,
    ),
    Action(
        id="previous-hit",
        keys=("N",),
        label="previous hit",
        help="Go to the hit before; before the first one to the last",
        group=Group.FINDING,
    ),
    Action(
        id="toggle-hits",
        keys=("H",),
        label="hit list",
        help="List the hits beside the text, or put the list away",
        group=Group.FINDING,
    ),
)
