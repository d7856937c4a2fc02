"""`guestwatch status`: how the capture that runs is getting on."""

from __future__ import annotations

import argparse
import sys

from core.cli.command import Command, Context

NONE_RUNS = 3
"""As `systemctl status` has it."""

_EPILOG = """\
Never starts a capture.

exit codes: 0 a capture runs, 1 it does not answer, 2 wrong usage, 3 none runs
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def _run(context: Context) -> int:
    import anyio

    from core.capture.places import Places
    from core.cli.status import Report, as_json, as_text

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
    if context.arguments.json:
        print(as_json(report, places.recordings))
    elif report is not None:
        for line in as_text(report, places.recordings):
            print(line)
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
