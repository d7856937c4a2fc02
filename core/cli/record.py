"""`guestwatch record`: capture in the foreground."""

from __future__ import annotations

import sys

import anyio

from core.capture.journal import start_journal
from core.capture.places import Places
from core.capture.process import run_capture
from core.sandboxes.model import SandboxSpec


def record(specs: tuple[SandboxSpec, ...]) -> int:
    """Capture until interrupted; returns the exit code.

    Raises:
        CaptureRunning: a capture of this user runs already.
        CaptureError: its folders cannot be had.
    """
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
        await run_capture(places, stays=True, specs=specs, on_ready=on_ready)

    anyio.run(capture)
    return 0
