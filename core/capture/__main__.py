"""`python -m core.capture`: a capture of its own session, started by a viewer."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
from pathlib import Path

import anyio

from core.capture.places import Places
from core.capture.process import run_capture
from core.capture.state import make_private, open_own
from core.errors import GuestwatchError
from core.journal import start_journal

SWITCH_S = 0.001
"""A fifth of Python's own: a virtconsole forgives a reader 5 ms in all."""


def main() -> int:
    """Detach, capture, and tell the starter through the pipe whether it worked."""
    parser = argparse.ArgumentParser(prog="python -m core.capture")
    parser.add_argument("--runtime", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    arguments = parser.parse_args()
    # The starter waits for this process, not for the capture: no zombie, no parent.
    if os.fork():
        return 0
    os.setsid()
    return _capture(arguments.runtime, arguments.state, arguments.ready_fd)


def _capture(runtime: Path, state: Path, ready_fd: int) -> int:
    places = Places(runtime, state)

    def tell(answer: dict[str, str]) -> None:
        # Whoever started it may be gone already; others may wait for it.
        with contextlib.suppress(OSError):
            os.write(ready_fd, json.dumps(answer).encode() + b"\n")
        os.close(ready_fd)

    code, told = 0, False

    def on_ready() -> None:
        nonlocal told
        told = True
        tell({})

    async def capture() -> None:
        await run_capture(places, stays=False, on_ready=on_ready, runs_ahead=True)

    try:
        _leave_terminal(places)
        start_journal()
        # A thread that looks through files or processes makes a read wait this long at most.
        sys.setswitchinterval(SWITCH_S)
        anyio.run(capture)
    except* GuestwatchError as group:
        error = _first(group)
        if not told:
            tell({"class": type(error).__name__, "desc": str(error), "hint": error.hint})
        else:
            logging.getLogger("guestwatch").error("%s", error)
        code = 1
    return code


def _first(group: ExceptionGroup[GuestwatchError]) -> GuestwatchError:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, GuestwatchError)
    return error


def _leave_terminal(places: Places) -> None:
    """Send what capture says to its log, and hold no terminal."""
    make_private(places.state)
    log = open_own(places.log, os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


if __name__ == "__main__":
    sys.exit(main())
