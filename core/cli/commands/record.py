"""`guestwatch record`: capture in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from core.cli.command import Command, Context

if TYPE_CHECKING:
    from core.capture.tally import Tally
    from core.sandboxes.model import SandboxSpec
    from core.settings import Settings

_EPILOG = """\
Ends on ctrl+c, SIGTERM or SIGHUP: every console is let go, and what was read is on
disk. A second signal does not hurry it. Dashboards may come and go meanwhile.

exit codes: 0 ended as it was told to, 1 failed, for one because a capture runs already,
2 wrong usage or config, or nothing to record
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sandboxes",
        nargs="*",
        metavar="NAME=URL",
        help="record only these sandboxes (default: all that the config names)",
    )


def _run(context: Context) -> int:
    from core.cli.naming import specs_to_record

    config = context.config()
    return record(specs_to_record(context.arguments.sandboxes, config), config.settings)


def record(specs: tuple[SandboxSpec, ...], settings: Settings) -> int:
    """Capture until a signal ends it; returns the exit code.

    Raises:
        CaptureRunning: a capture of this user runs already.
        CaptureError: its folders cannot be had.
    """
    import anyio

    from core.capture.notify import Notifier
    from core.capture.places import Places
    from core.capture.process import run_capture
    from core.capture.signals import EndSignals
    from core.journal import start_journal

    start_journal()
    places = Places.of_this_user()
    notifier = Notifier.taken_from(os.environ)

    async def capture(signals: EndSignals) -> Tally:
        return await run_capture(
            places,
            stays=True,
            runs_ahead=True,
            specs=specs,
            settings=settings,
            on_ready=lambda: _tell_start(len(specs), str(places.recordings)),
            started_by="service" if notifier.is_heard else "record",
            notifier=notifier,
            signals=signals,
        )

    # For good: a second ctrl+c finds a process that is ending, not a traceback.
    with EndSignals(for_good=True) as signals:
        _tell_end(anyio.run(capture, signals))
    return 0


def _tell_start(sandboxes: int, recordings: str) -> None:
    from core.console import safe_text
    from core.limits import descriptor_limit, shortage

    plural = "" if sandboxes == 1 else "es"
    where = safe_text(recordings, limit=2000)
    _say(f"recording {sandboxes} sandbox{plural} below {where}; ctrl+c ends it")
    if words := shortage(sandboxes, descriptor_limit()):
        _say(words)


def _tell_end(tally: Tally) -> None:
    sandboxes = "1 sandbox" if tally.sandboxes == 1 else f"{tally.sandboxes} sandboxes"
    gaps = "1 gap" if tally.gaps == 1 else f"{tally.gaps} gaps"
    _say(f"ended: {sandboxes}, {tally.bytes} bytes, {gaps}")


def _say(text: str) -> None:
    # A terminal that was closed, which is what SIGHUP tells of, reads nothing more.
    import contextlib

    with contextlib.suppress(OSError):
        print(f"guestwatch: {text}", file=sys.stderr, flush=True)


RECORD = Command(
    "record",
    "capture without a dashboard until interrupted",
    _run,
    _add_arguments,
    takes_config=True,
    epilog=_EPILOG,
)
