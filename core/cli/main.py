"""From what was typed to what is done, and from errors to words and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from core.cli.command import Context, ScreenRequest
from core.cli.commands import COMMANDS
from core.cli.commands.watch import open_dashboard
from core.cli.parser import make_parser

if TYPE_CHECKING:
    from core.errors import GuestwatchError


def main(argv: Sequence[str] | None = None, *, dashboard: Callable[[ScreenRequest], int]) -> int:
    """Run the command line; returns the exit code. No traceback ever reaches the user.

    Args:
        argv: what was typed, without the program's name.
        dashboard: opens the dashboard, or a view, and returns its exit code.
    """
    arguments = make_parser().parse_args(argv)
    from core.errors import GuestwatchError

    runs = {command.name: command.run for command in COMMANDS}
    code = 0
    try:
        code = runs.get(arguments.command, open_dashboard)(Context(arguments, dashboard))
    except* GuestwatchError as group:
        code = max(report(error) for error in _each(group))
    except* KeyboardInterrupt:
        code = 130
    except* BrokenPipeError:
        code = 1
    return max(code, _flush())


def _flush() -> int:
    """Write what is left for stdout; 1 when whoever read it, such as `head`, is gone."""
    if sys.stdout is None:
        # Closed before the start: whoever has data to print says so itself.
        return 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter would try once more at its end, and tell of that.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return 1
    return 0


def report(error: GuestwatchError) -> int:
    """Tell an error on stderr, safe for any terminal; returns its exit code."""
    from core.console import safe_text

    print(f"guestwatch: {safe_text(str(error), limit=2000)}", file=sys.stderr)
    if error.hint:
        print(f"  {safe_text(error.hint, limit=2000)}", file=sys.stderr)
    return error.exit_code


def _each(group: BaseExceptionGroup[GuestwatchError]) -> Iterator[GuestwatchError]:
    from core.errors import GuestwatchError

    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        elif isinstance(error, GuestwatchError):
            yield error
