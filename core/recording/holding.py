"""Who may write in a generation: one at a time, by a lock on its folder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import RecordingError
from core.recording.folder import Folder

_TRIES = 20
_PAUSE_S = 0.05
"""Tidying up holds a generation for some milliseconds: whoever wants to go on with it waits."""


def hold(folder: Folder) -> None:
    """Hold the generation for as long as its folder is open: two writers would tear it.

    Raises:
        RecordingError: somebody else does, for a second by now.
    """
    for _ in range(_TRIES):
        if try_to_hold(folder):
            return
        time.sleep(_PAUSE_S)
    raise RecordingError(
        f"{folder.path} is being written already",
        path=str(folder.path),
        hint="Another capture records this console; stop that one first.",
    )


def try_to_hold(folder: Folder) -> bool:
    """Hold the generation, unless somebody else does; whether it is held now."""
    try:
        fcntl.flock(folder.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks; the capture lock still holds others off.
        return True
    return True


@contextmanager
def held(folder: Folder) -> Iterator[bool]:
    """A block that holds the generation, and whether it does."""
    is_held = try_to_hold(folder)
    try:
        yield is_held
    finally:
        if is_held and folder.fd >= 0:
            # Closing the folder lets go of it as well.
            with suppress(OSError):
                fcntl.flock(folder.fd, fcntl.LOCK_UN)
