"""`python -m core.demo FOLDER [qemu]`: the demo's guests, until stdin ends.

They run apart from the dashboard, as VMs do; the pipe on stdin ends them even when
the dashboard is killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import anyio

from core.demo.stage import perform
from core.errors import GuestwatchError


async def _main(folder: Path, kind: str) -> None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(perform, folder, kind)
        _tell({})
        # Nothing is ever sent: it becomes readable when its other end is gone.
        await anyio.wait_readable(sys.stdin.fileno())
        tasks.cancel_scope.cancel()


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
