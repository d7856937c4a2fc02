"""The files a command makes: new ones only, for their owner's eyes, gone again if it fails."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import OutputFailed

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_HINTS = {
    errno.EEXIST: "Nothing is ever overwritten: name another file, or remove this one.",
    errno.ENOENT: "Make its folder first.",
    errno.ENOTDIR: "Make its folder first.",
    errno.EACCES: "Name a file in a folder that you may write.",
    errno.EROFS: "Name a file in a folder that you may write.",
    errno.ENOSPC: "Free some space, or name a file elsewhere.",
    errno.EDQUOT: "Free some space, or name a file elsewhere.",
}


Write = Callable[[bytes], object]
"""Writes bytes where they should go."""


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Write]:
    """Writes a file that did not exist before, 0600. Removed again when the block fails.

    Raises:
        OutputFailed: it exists, cannot be made, or cannot be written.
    """
    try:
        fd = os.open(path, _NEW, 0o600)
    except (OSError, ValueError) as error:
        raise _explain(path, error) from error
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 (a descriptor)
            os.fchmod(fd, 0o600)

            def write(data: bytes) -> None:
                try:
                    file.write(data)
                except OSError as error:
                    raise _explain(path, error) from error

            yield write
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise _explain(path, error) from error
        raise


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`, as far as can be told."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _explain(path: Path, error: OSError | ValueError) -> OutputFailed:
    if not isinstance(error, OSError):
        return OutputFailed(f"{str(path)!r}: {error}")
    hint = _HINTS.get(error.errno or 0, "")
    return OutputFailed(f"{path}: {error.strerror or error}", hint=hint)
