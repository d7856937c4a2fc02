"""`guestwatch status`: how the capture that runs is getting on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable

from core.cli.command import Command, Context

NONE_RUNS = 3
"""As `systemctl status` has it."""

_EPILOG = """\
GAPS and ALERTS count those of the VM's present life; guestwatch ledger NAME tells of all.
In a pipe each sandbox keeps one line. Never starts a capture.

exit codes: 0 a capture runs, 1 it does not answer, 2 wrong usage, 3 none runs
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def _run(context: Context) -> int:
    import shutil
    import time

    import anyio

    from core.capture.places import Places
    from core.cli.status import Report, as_json, as_text
    from core.cli.stdout import data_out, is_terminal

    places = Places.of_this_user()

    async def ask() -> Report | None:
        from core.capture.running import is_running, running_socket, silent
        from core.client import open_client
        from core.errors import CaptureUnreachable

        if not is_running(places):
            return None
        socket = running_socket(places)
        try:
            async with open_client(socket, viewer=False) as client:
                status = await client.status()
                return Report(status, tuple(await client.sandboxes()), str(socket))
        except CaptureUnreachable as error:
            if is_running(places):
                raise silent(places, error) from error
        return None

    report = anyio.run(ask)
    lines: Iterable[str] = ()
    if context.arguments.json:
        lines = [as_json(report, places.recordings)]
    elif report is not None:
        on_terminal = is_terminal()
        lines = as_text(
            report,
            places.recordings,
            width=shutil.get_terminal_size((80, 24)).columns if on_terminal else None,
            colours=on_terminal and "NO_COLOR" not in os.environ,
            now=time.time(),
        )
    with data_out() as out:
        for line in lines:
            out.write(line.encode() + b"\n")
    if report is None:
        print("guestwatch: no capture runs", file=sys.stderr)
        return NONE_RUNS
    return 0


STATUS = Command(
    "status",
    "show how the capture that runs is getting on",
    _run,
    _add_arguments,
    epilog=_EPILOG,
)
