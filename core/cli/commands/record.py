"""`guestwatch record`: capture in the foreground."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from core.cli.command import Command, Context

if TYPE_CHECKING:
    from core.sandboxes.model import SandboxSpec
    from core.settings import Settings


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sandboxes",
        nargs="*",
        metavar="NAME=URL",
        help="a sandbox and its console (default: all that the config names)",
    )


def _run(context: Context) -> int:
    from core.cli.naming import named_specs

    config = context.config()
    return record(named_specs(context.arguments.sandboxes, config), config.settings)


def record(specs: tuple[SandboxSpec, ...], settings: Settings) -> int:
    """Capture until interrupted; returns the exit code.

    Raises:
        CaptureRunning: a capture of this user runs already.
        CaptureError: its folders cannot be had.
    """
    import anyio

    from core.capture.journal import start_journal
    from core.capture.places import Places
    from core.capture.process import run_capture

    start_journal()
    places = Places.of_this_user()

    def on_ready() -> None:
        plural = "" if len(specs) == 1 else "es"
        print(
            f"guestwatch: recording {len(specs)} sandbox{plural} below {places.recordings};"
            " ctrl+c ends it",
            file=sys.stderr,
        )

    async def capture() -> None:
        await run_capture(places, stays=True, specs=specs, settings=settings, on_ready=on_ready)

    anyio.run(capture)
    return 0


RECORD = Command(
    "record",
    "capture without a dashboard until interrupted",
    _run,
    _add_arguments,
    takes_config=True,
)
