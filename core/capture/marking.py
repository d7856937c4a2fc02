"""Marks that viewers have entered into the ledgers of the sandboxes that capture knows.

One whole line at a ledger's end, so that a generation that is being recorded meanwhile is
not disturbed, and one that ended long ago takes it all the same. What was answered is on
disk.
"""

from __future__ import annotations

from pathlib import Path

import anyio.to_thread

from core import wire
from core.clock import now
from core.errors import CaptureError
from core.recording import enter_mark, remove_mark
from core.recording.history import generations_in


async def mark(recordings: Path, wish: wire.Mark) -> None:
    """Enter a mark.

    Raises:
        CaptureError: the sandbox has no such generation.
        RecordingError: there is no such byte (any more), or the ledger cannot be written.
    """
    await anyio.to_thread.run_sync(_mark, recordings / wish.id, wish)


async def unmark(recordings: Path, wish: wire.Unmark) -> None:
    """Take a mark away.

    Raises:
        CaptureError: the sandbox has no such generation.
        RecordingError: there is no such mark, or the ledger cannot be written.
    """
    await anyio.to_thread.run_sync(_unmark, recordings / wish.id, wish)


def _mark(sandbox: Path, wish: wire.Mark) -> None:
    enter_mark(_folder(sandbox, wish.generation), wish.offset, wish.note, now())


def _unmark(sandbox: Path, wish: wire.Unmark) -> None:
    remove_mark(_folder(sandbox, wish.generation), wish.mark, now())


def _folder(sandbox: Path, generation: str) -> Path:
    """A generation's folder; a name is only believed when it is one of those that are there."""
    for known in generations_in(sandbox):
        if known.name == generation:
            return known.folder
    raise CaptureError(
        f"{sandbox.name} has no generation {generation[:64]}",
        hint="It may have been dropped to make room.",
    )
