"""Filtering a console."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    Action(
        id="filter",
        keys=("&",),
        label="filter",
        help="Show only lines with a text, or with ! before it only the others",
        group=Group.FINDING,
        in_readme=True,
    ),
    Action(
        id="filter-level",
        keys=("e",),
        label="levels",
        help="Show only errors, then warnings and worse, and so on to all levels",
        group=Group.FINDING,
    ),
    Action(
        id="more-context",
        keys=("+",),
        label="more context",
        help="Show one more line around each line that passes the filter",
        group=Group.FINDING,
    ),
    Action(
        id="less-context",
        keys=("-",),
        label="less context",
        help="Show one line less around each line that passes the filter",
        group=Group.FINDING,
    ),
    Action(
        id="toggle-hiding",
        keys=("h",),
        label="highlight",
        help="Show all lines and highlight those that pass the filter, and back",
        group=Group.FINDING,
    ),
    Action(
        id="list-filters",
        keys=("F",),
        label="filters",
        help="List what a console is filtered by, to change it or take it off",
        group=Group.FINDING,
    ),
    Action(
        id="drop-filter",
        keys=("backspace",),
        label="newest off",
        help="Take off what was added to the filter last",
        group=Group.FINDING,
    ),
    Action(
        id="leave-filter",
        keys=("U",),
        label="unfilter",
        help="Show all lines again, where they stood before",
        group=Group.FINDING,
    ),
)
