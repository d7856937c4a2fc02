"""`guestwatch watch`: the dashboard on these sandboxes and the config's."""

from __future__ import annotations

import argparse

from core.cli.command import Command, Context, DashboardRequest

_EPILOG = """\
A URL is a path or one of the forms that guestwatch --help lists. The console need not be
there yet. Starts a capture when none runs; it ends with its last dashboard, or stays (Q).

exit codes: 0 left, 1 failed, 2 wrong usage or config, or no terminal
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sandboxes", nargs="+", metavar="NAME=URL", help="a sandbox and its console"
    )


def open_dashboard(context: Context) -> int:
    """Open the dashboard; also what happens when no command is given."""
    from core.cli.naming import named_specs

    config = context.config()
    specs = named_specs(getattr(context.arguments, "sandboxes", []), config)
    typed = context.arguments
    return context.dashboard(DashboardRequest(specs, config, typed.theme, typed.fresh))


WATCH = Command(
    "watch",
    "open the dashboard on these sandboxes and the config's",
    open_dashboard,
    _add_arguments,
    takes_config=True,
    takes_theme=True,
    takes_session=True,
    epilog=_EPILOG,
)
