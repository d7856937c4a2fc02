"""The state folder and the files that capture itself keeps in it: ours alone.

Whoever may write in that folder could put a link, a second name or a FIFO in a file's
place, so nothing is opened that was not looked at. The folder itself may be a link: who
has a larger disk elsewhere makes one. Where that leads is checked.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import CaptureError
from core.paths import make_folders

_ELSEWHERE = "set XDG_STATE_HOME to a folder that you may write."
_OPEN = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK
"""O_NONBLOCK: an open of a planted FIFO must not wait for its other end."""


def make_private(folder: Path) -> None:
    """Make the state folder and what is missing above it, 0700, or check the one that is there.

    Raises:
        CaptureError: it cannot be made or written, or others could write in it.
    """
    try:
        make_folders(folder)
        found = folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(0, "it is no folder")
    except OSError as error:
        raise CaptureError(
            f"Cannot make {folder}: {error.strerror}",
            hint=f"Recordings are kept there; {_ELSEWHERE}",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CaptureError(
            f"Cannot write {folder}", hint=f"Recordings are kept there; {_ELSEWHERE}"
        )
    if found.st_uid != os.geteuid():
        raise CaptureError(
            f"The state folder {folder} belongs to user {found.st_uid}, not to you",
            hint=f"Run it as that user, or {_ELSEWHERE}",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CaptureError(
            f"The state folder {folder} is open to other users: "
            f"mode {stat.S_IMODE(found.st_mode):04o}",
            hint=f"Look at what is in it, then run chmod 700 {folder}.",
        )


def open_own(path: Path, flags: int) -> int:
    """A descriptor of one of capture's own files, made when it is missing, 0600.

    Raises:
        CaptureError: it cannot be opened, or is not a plain file of ours with one name.
    """
    try:
        fd = os.open(path, flags | _OPEN, 0o600)
    except OSError as error:
        raise CaptureError(
            f"Cannot open {path}: {error.strerror}",
            hint=f"Look at what it is, its owner and its mode, or {_ELSEWHERE}",
        ) from error
    try:
        trouble = _trouble(os.fstat(fd))
        if trouble:
            raise CaptureError(
                f"{path} {trouble}; it is none of ours",
                hint="Look at what it is, then remove it; guestwatch makes its own.",
            )
        # Made under whatever umask.
        os.fchmod(fd, 0o600)
        os.set_blocking(fd, True)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _trouble(found: os.stat_result) -> str:
    """What keeps an open file from being written; empty when nothing does."""
    if not stat.S_ISREG(found.st_mode):
        return "is no plain file"
    if found.st_nlink > 1:
        return f"has {found.st_nlink} hard links, so it is another file as well"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}"
    return ""
