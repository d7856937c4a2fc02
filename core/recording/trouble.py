"""What goes wrong with a recording's files, in words and with a remedy."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from core.errors import RecordingError

_REMOVE_HINT = "Look at what it is, then remove it or move it away; guestwatch makes its own."
_FULL_HINT = "Free some space on that file system."
_RIGHTS_HINT = "Make it yours and writable, or set XDG_STATE_HOME to a folder that is."
_LIMIT_HINT = "Raise the limit of open files (ulimit -n)."

_HINTS = {
    errno.ENOSPC: _FULL_HINT,
    errno.EDQUOT: _FULL_HINT,
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f).",
    errno.EACCES: _RIGHTS_HINT,
    errno.EPERM: _RIGHTS_HINT,
    errno.EROFS: _RIGHTS_HINT,
    errno.EMFILE: _LIMIT_HINT,
    errno.ENFILE: _LIMIT_HINT,
    errno.ELOOP: _REMOVE_HINT,
    errno.ENOTDIR: _REMOVE_HINT,
    errno.EISDIR: _REMOVE_HINT,
    errno.EEXIST: _REMOVE_HINT,
    errno.EIO: "The disk reports errors; look at the kernel's messages.",
}

_FULL = (errno.ENOSPC, errno.EDQUOT)

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFDIR: "a folder",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a plain file",
}


def explain(path: Path, error: OSError | ValueError) -> RecordingError:
    """`error` about `path`, with a hint a person can act on."""
    if not isinstance(error, OSError):
        # A NUL in the path; repr shows it.
        return RecordingError(f"{str(path)!r}: {error}", path=str(path))
    code = error.errno or 0
    return RecordingError(
        f"{path}: {error.strerror or error}",
        path=str(path),
        errno=code,
        hint=_HINTS.get(code, ""),
    )


def is_full(error: RecordingError) -> bool:
    """Whether it is a lack of room on the disk, which may pass."""
    return error.errno in _FULL


def hint_for(code: int) -> str:
    """What helps against an errno; empty when nothing is known to."""
    return _HINTS.get(code, "")


def check_plain(path: Path, found: os.stat_result) -> None:
    """Refuse what is not a plain file of ours with one name.

    Raises:
        RecordingError: it is something else; the message says what.
    """
    if not stat.S_ISREG(found.st_mode):
        raise strange(path, f"is {kind_of(found)}")
    if found.st_nlink > 1:
        raise strange(path, f"has {found.st_nlink} hard links, so it is another file as well")
    check_owner(path, found)


def check_owner(path: Path, found: os.stat_result) -> None:
    """Refuse what belongs to somebody else.

    Raises:
        RecordingError: it does.
    """
    if found.st_uid != os.geteuid():
        raise strange(path, f"belongs to user {found.st_uid}")


def kind_of(found: os.stat_result) -> str:
    """What kind of file this is, in words."""
    return _KINDS.get(stat.S_IFMT(found.st_mode), "something strange")


def strange(path: Path, trouble: str) -> RecordingError:
    """The error about something in a recording's place that is none of ours."""
    return RecordingError(
        f"{path} {trouble}; it is not a recording of ours", path=str(path), hint=_REMOVE_HINT
    )
