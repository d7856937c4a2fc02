"""From what was typed to what is done, and from errors to words and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.parser import make_parser

if TYPE_CHECKING:
    import argparse

    from core.errors import GuestwatchError
    from core.sandboxes.model import SandboxSpec


@dataclass(frozen=True, slots=True)
class DashboardRequest:
    """What the dashboard is to show."""

    specs: tuple[SandboxSpec, ...]
    theme: str
    demo: str = ""
    """`replay` or `qemu` for a demo, which brings its own sandboxes and folders."""


def main(argv: Sequence[str] | None = None, *, dashboard: Callable[[DashboardRequest], int]) -> int:
    """Run the command line; returns the exit code. No traceback ever reaches the user.

    Args:
        argv: what was typed, without the program's name.
        dashboard: opens the dashboard and returns its exit code.
    """
    arguments = make_parser().parse_args(argv)
    from core.errors import GuestwatchError

    code = 0
    try:
        code = _run(arguments, dashboard)
    except* GuestwatchError as group:
        code = max(report(error) for error in _each(group))
    except* KeyboardInterrupt:
        code = 130
    return code


def _run(arguments: argparse.Namespace, dashboard: Callable[[DashboardRequest], int]) -> int:
    if arguments.command == "demo":
        return dashboard(
            DashboardRequest((), arguments.theme, "qemu" if arguments.qemu else "replay")
        )
    from core.config import load_config
    from core.paths import config_file
    from core.sandboxes.named import merge_specs, parse_named

    config = load_config(arguments.config or config_file(), must_exist=bool(arguments.config))
    texts: list[str] = getattr(arguments, "sandboxes", [])
    typed = [_checked(parse_named(text, base=_here())) for text in texts]
    specs = merge_specs(tuple(typed), config.sandboxes)
    if arguments.command == "record":
        from core.cli.record import record

        return record(specs)
    return dashboard(DashboardRequest(specs, arguments.theme))


def _here() -> Path:
    """Where relative paths begin.

    Raises:
        UsageError: the current folder was removed.
    """
    from core.errors import UsageError

    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"The current folder cannot be had: {error.strerror}", hint="Change into another one."
        ) from error


def _checked(spec: SandboxSpec) -> SandboxSpec:
    """`spec`, if it can be told to capture.

    Raises:
        InvalidConsoleUrl: its path holds bytes that are no text.
    """
    from core.errors import InvalidConsoleUrl

    try:
        spec.console.encode()
    except UnicodeEncodeError as error:
        raise InvalidConsoleUrl(
            f"The console's path is not UTF-8: {spec.console}",
            hint="Make a symbolic link to its folder and name the console through that.",
        ) from error
    return spec


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
