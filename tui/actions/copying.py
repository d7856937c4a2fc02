"""Taking text out: to the clipboard, to a file."""

from __future__ import annotations

from tui.actions.model import Action, Group, Where

ACTIONS: tuple[Action, ...] = (
    Action(
        id="select-lines",
        keys=("v",),
        label="select",
        help="Select lines: keys that move in the console move the end; esc leaves",
        group=Group.COPYING,
    ),
    Action(
        id="select-characters",
        keys=("V",),
        label="select characters",
        help="Select characters; ← and → move the end, o the other one",
        group=Group.COPYING,
    ),
    Action(
        id="swap-ends",
        keys=("o",),
        label="other end",
        help="Move the other end of what is selected",
        group=Group.COPYING,
    ),
    Action(
        id="yank",
        keys=("y",),
        label="copy",
        help="Copy what is selected, or else the current line; so does ctrl+c",
        group=Group.COPYING,
        in_readme=True,
    ),
    Action(
        id="yank-screen",
        keys=("Y",),
        label="copy screen",
        help="Copy the lines in sight, whole and without their times",
        group=Group.COPYING,
    ),
    Action(
        id="yank-report",
        keys=("B",),
        label="copy for a report",
        help="Copy what is selected or in sight as a fenced block that says where it is from",
        group=Group.COPYING,
    ),
    Action(
        id="save",
        keys=("S", "ctrl+s"),
        label="save",
        help="Save what is selected, in sight, copied last or the whole generation to a file",
        group=Group.COPYING,
    ),
    Action(
        id="save-picture",
        keys=("p",),
        label="save picture",
        help="Save the whole screen to a file, as a picture (.svg) or as text (any other name)",
        group=Group.COPYING,
        where=(Where.LIST, Where.PANE),
    ),
    Action(
        id="about",
        keys=("R",),
        label="about",
        help="Show what a report about guestwatch itself should hold, ready to be copied",
        group=Group.COPYING,
        where=(Where.LIST, Where.PANE),
    ),
)
