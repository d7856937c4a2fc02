"""`python -m core.demo FOLDER KIND`: the demo's guests, until stdin ends.

They run apart from the dashboard, as VMs do. The pipe on stdin ends when the
dashboard does, also when that is killed; then this process clears the demo away: its
capture, its guests, its folder.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import anyio

from core.demo.session import end_capture, guests_of, places_of
from core.demo.stage import perform
from core.errors import GuestwatchError


async def _main(folder: Path, kind: str) -> None:
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(perform, guests_of(folder), kind)
            _tell({})
            # Nothing is ever sent: it becomes readable when its other end is gone.
            await anyio.wait_readable(sys.stdin.fileno())
            await end_capture(places_of(folder))
            tasks.cancel_scope.cancel()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell(answer: dict[str, str]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def main() -> int:
    """Run the guests; returns the exit code."""
    try:
        anyio.run(_main, Path(sys.argv[1]), sys.argv[2])
    except* GuestwatchError as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        assert isinstance(error, GuestwatchError)
        _tell({"desc": str(error), "hint": error.hint})
    return 0


if __name__ == "__main__":
    sys.exit(main())
