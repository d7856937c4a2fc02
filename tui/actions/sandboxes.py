"""What is done to a sandbox."""

from __future__ import annotations

from tui.actions.model import Action, Group

ACTIONS: tuple[Action, ...] = (
    Action(
        id="toggle-proxy",
        keys=("s",),
        label="start/stop",
        help="Start or stop the sandbox's proxy; asks before it stops a kataProxy",
        group=Group.SANDBOX,
        danger=True,
        in_readme=True,
    ),
    Action(
        id="toggle-debug",
        keys=("d",),
        label="debug",
        help="Turn debug watching on or off; restarts a running proxy with it",
        group=Group.SANDBOX,
        danger=True,
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
)
