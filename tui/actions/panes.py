"""Which consoles are in sight, and where."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    Action(
        id="zoom",
        keys=("enter", "z"),
        label="zoom",
        help="Zoom the selected sandbox's pane, and back",
        group=Group.PANES,
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
        id="next-layout",
        keys=(".",),
        label="layout",
        help="Have 1, 2, 4, 6 or 9 panes on a page, or as many as fit",
        group=Group.PANES,
    ),
    Action(
        id="next-page",
        keys=(">",),
        label="next page",
        help="Turn to the next page of panes",
        group=Group.PANES,
    ),
    Action(
        id="previous-page",
        keys=("<",),
        label="page back",
        help="Turn to the page of panes before",
        group=Group.PANES,
    ),
    Action(
        id="move-left",
        keys=("ctrl+left",),
        label="move left",
        help="Swap the pane with the one to its left, or on the page before",
        group=Group.PANES,
    ),
    Action(
        id="move-down",
        keys=("ctrl+down",),
        label="move down",
        help="Swap the pane with the one below",
        group=Group.PANES,
    ),
    Action(
        id="move-up",
        keys=("ctrl+up",),
        label="move up",
        help="Swap the pane with the one above",
        group=Group.PANES,
    ),
    Action(
        id="move-right",
        keys=("ctrl+right",),
        label="move right",
        help="Swap the pane with the one to its right, or on the next page",
        group=Group.PANES,
    ),
    Action(
        id="swap-pane",
        keys=("X",),
        label="swap",
        help="Swap the pane with the one whose number is typed",
        group=Group.PANES,
    ),
    Action(
        id="pin-pane",
        keys=("P",),
        label="pin",
        help="Pin the pane to its place on every page, or let it go",
        group=Group.PANES,
    ),
    Action(
        id="next-badge",
        keys=("!",),
        label="what is new",
        help="Go to what nobody saw yet: alerts first, then hits, silence, lines",
        group=Group.PANES,
    ),
    Action(
        id="peel",
        keys=("escape",),
        label="back",
        help="Leave a dialog, the zoom or the pane",
        help_alone="Leave a dialog, or stop what is being looked for",
        group=Group.PANES,
    ),
)
