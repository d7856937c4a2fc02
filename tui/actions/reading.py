"""Moving through a console, and how its lines look."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
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
        help_alone="Scroll up",
        group=Group.READING,
    ),
    Action(
        id="line-down",
        keys=("down", "j"),
        label="down",
        help="Scroll down; in the list, select the sandbox below",
        help_alone="Scroll down",
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
        help_alone="Go to the first line",
        group=Group.READING,
    ),
    Action(
        id="last",
        keys=("G",),
        label="last line",
        help="Go to the last line, or the last sandbox",
        help_alone="Go to the last line",
        group=Group.READING,
    ),
    Action(
        id="go-to",
        keys=("#",),
        label="go to",
        help="Go to a line, a share, a time or a byte that is typed",
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
)
