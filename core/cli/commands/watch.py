"""`guestwatch watch`: the dashboard on these sandboxes and the config's."""

from __future__ import annotations

import argparse

from core.cli.command import Command, Context, DashboardRequest


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sandboxes", nargs="+", metavar="NAME=URL", help="a sandbox and its console"
    )


def open_dashboard(context: Context) -> int:
    """Open the dashboard; also what happens when no command is given."""
    from core.cli.naming import named_specs

    config = context.config()
    specs = named_specs(getattr(context.arguments, "sandboxes", []), config)
    return context.dashboard(DashboardRequest(specs, context.arguments.theme, config=config))


WATCH = Command(
    "watch",
    "open the dashboard on these sandboxes and the config's",
    open_dashboard,
    _add_arguments,
    takes_config=True,
    takes_theme=True,
)
