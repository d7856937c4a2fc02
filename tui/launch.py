"""The `guestwatch` command: the command line first, the screen only when it is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cli import ScreenRequest


def main() -> int:
    """Run the command line; returns the exit code."""
    from core.cli import main as run

    return run(dashboard=_open)


def _open(request: ScreenRequest) -> int:
    from core.cli import ViewRequest
    from tui.themes.looks import settle

    looks = settle(request.config, request.theme)
    is_view = isinstance(request, ViewRequest)
    what, instead = (
        ("a view", "To print a recording without a screen: guestwatch export NAME")
        if is_view
        else ("the dashboard", "To record without a screen: guestwatch record NAME=URL")
    )
    # Textual draws on stderr and reads keys from stdin.
    for name, stream in (("stdin", sys.stdin), ("stderr", sys.stderr)):
        if not stream.isatty():
            print(
                f"guestwatch: {what} needs a terminal, but {name} is none\n  {instead}",
                file=sys.stderr,
            )
            return 2
    if os.environ.get("TERM") == "dumb":
        print(
            f"guestwatch: {what} needs a terminal that can move its cursor, and TERM is dumb\n"
            f"  {instead}",
            file=sys.stderr,
        )
        return 2
    if isinstance(request, ViewRequest):
        from tui.viewer import open_view

        return open_view(request, looks)
    from tui.program import open_dashboard

    return open_dashboard(request, looks)
