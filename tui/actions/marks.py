"""Marks of a person, events, and the way from one to the next."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    Action(
        id="mark",
        keys=("m",),
        label="mark",
        help="Mark a line, with a note: the last one of a pane that follows, else the one with ▸"
        " or the top one",
        group=Group.MARKS,
    ),
    Action(
        id="unmark",
        keys=("M",),
        label="unmark",
        help="Take the mark of a line away",
        group=Group.MARKS,
    ),
    Action(
        id="next-mark",
        keys=("'",),
        label="next mark",
        help="Go to the next mark, and round",
        group=Group.MARKS,
    ),
    Action(
        id="previous-mark",
        keys=('"',),
        label="previous mark",
        help="Go to the mark before, and round",
        group=Group.MARKS,
    ),
    Action(
        id="next-alert",
        keys=("a",),
        label="next alert",
        help="Go to the next alert, and round",
        group=Group.MARKS,
    ),
    Action(
        id="previous-alert",
        keys=("A",),
        label="previous alert",
        help="Go to the alert before, and round",
        group=Group.MARKS,
    ),
    Action(
        id="show-trace",
        keys=("!",),
        label="trace",
        help="Show the nearest alert's whole trace, what was around it and what others printed",
        group=Group.MARKS,
        in_readme=True,
    ),
    Action(
        id="next-event",
        keys=("]",),
        label="next event",
        help="Go to the next event: alert, gap, reboot, mark, attached, proxy started, …",
        group=Group.MARKS,
    ),
    Action(
        id="previous-event",
        keys=("[",),
        label="previous event",
        help="Go to the event before",
        group=Group.MARKS,
    ),
    Action(
        id="toggle-events",
        keys=("E",),
        label="events",
        help="Hide the lines of events, or show them again",
        group=Group.MARKS,
    ),
    Action(
        id="toggle-timeline",
        keys=("L",),
        label="timeline",
        help="Show the timeline of the pane's recording, or hide it",
        group=Group.MARKS,
    ),
)
