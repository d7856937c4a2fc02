"""`guestwatch view`: a recording or a log in the dashboard's pane, without a capture."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.command import Command, Context, ViewRequest
from core.cli.recorded import generation_number

_EPILOG = """\
A NAME is a sandbox that was recorded, live or past; all its boots are one scroll. A FILE
is any log, or a recording's folder wherever it lies; ./NAME is a file where a recording
has the same name. It opens at its end, grows as the file does, and is only read.

PLACE, as with # in the view: 123 is a line, 45% a share, 12:04:31 a time,
"2026-11-23 12:04" a day and a time, +29.5 seconds since the boot, @4711 or 0x1267 a byte.

exit codes: 0 left, 1 nothing there or not readable, 2 wrong usage, or no terminal
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="FILE|NAME", help="a log, or a sandbox that was recorded")
    parser.add_argument("--at", metavar="PLACE", help="open it there instead of at its end")
    parser.add_argument(
        "--generation",
        type=generation_number,
        metavar="N",
        help="only this life of its console (default: all)",
    )
    parser.add_argument(
        "--recordings",
        type=Path,
        metavar="DIR",
        help="look for NAME there instead of among your recordings",
    )


def _run(context: Context) -> int:
    from core.cli.viewed import find_viewed
    from core.console.place import parse_place

    arguments, config = context.arguments, context.config()
    at = None if arguments.at is None else parse_place(arguments.at)
    what = find_viewed(
        arguments.what, generation=arguments.generation, recordings=arguments.recordings
    )
    return context.dashboard(ViewRequest(what, config, arguments.theme, at))


VIEW = Command(
    "view",
    "open a recording, live or past, or any log, without a capture",
    _run,
    _add_arguments,
    takes_config=True,
    takes_theme=True,
    epilog=_EPILOG,
)
