"""The `guestwatch` command: the command line first, the screen only when it is wanted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cli import DashboardRequest


def main() -> int:
    """Run the command line; returns the exit code."""
    from core.cli import main as run

    return run(dashboard=_open)


def _open(request: DashboardRequest) -> int:
    # Textual draws on stderr and reads keys from stdin.
    for name, stream in (("stdin", sys.stdin), ("stderr", sys.stderr)):
        if not stream.isatty():
            print(
                f"guestwatch: the dashboard needs a terminal, but {name} is none\n"
                "  To record without a screen: guestwatch record NAME=URL",
                file=sys.stderr,
            )
            return 2
    from tui.program import open_dashboard

    return open_dashboard(request)
