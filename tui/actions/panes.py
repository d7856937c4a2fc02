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
        id="peel",
        keys=("escape",),
        label="back",
        help="Leave a dialog, the zoom or the pane",
        help_alone="Leave a dialog, or stop what is being looked for",
        group=Group.PANES,
    ),
)
