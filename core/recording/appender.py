"""A file that grows by whole lines, also when the disk fills up in the middle of one."""

from __future__ import annotations

import os
from collections.abc import Callable


class Appender:
    """Appends lines to an open file. The descriptor is its own from here on.

    Two ways to survive a write that fails half-way: `owe` keeps what is missing and
    `settle` completes the torn line later; `put` takes a torn line back.

    Args:
        fd: the file.
        reopen: opens it again after `rest`; it may raise a `RecordingError`.
    """

    __slots__ = ("_fd", "_owed", "_reopen", "_torn", "size")

    def __init__(self, fd: int, reopen: Callable[[], int] | None = None) -> None:
        self._fd = fd
        self._reopen = reopen
        self._owed = b""
        self._torn = False
        self.size = os.fstat(fd).st_size
        """How many bytes the file holds (without a torn line of `put`)."""

    @property
    def owes(self) -> bool:
        """Whether something still has to reach the file."""
        return bool(self._owed)

    @property
    def position(self) -> int:
        """Where in the file the next line begins."""
        return self.size + len(self._owed)

    def owe(self, line: bytes) -> None:
        """Note what `settle` shall write."""
        self._owed += line

    def settle(self) -> None:
        """Write what is owed.

        Raises:
            OSError: not all of it could be written; the rest is still owed.
            RecordingError: the file cannot be opened again; all of it is still owed.
        """
        if self._owed:
            self._wake()
        while self._owed:
            written = os.write(self._fd, self._owed)
            self.size += written
            self._owed = self._owed[written:]

    def put(self, line: bytes) -> None:
        """Write `line` or nothing.

        Raises:
            OSError: it could not be written. Put it again to try again.
            RecordingError: the file cannot be opened again.
        """
        self._wake()
        if self._torn:
            os.ftruncate(self._fd, self.size)
            self._torn = False
        written = 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError:
            if written:
                self._take_back()
            raise
        self.size += written

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._fd, self.size)
        except OSError:
            self._torn = True

    def rest(self) -> None:
        """Hold no descriptor until there is something to write, unless a line is torn or owed."""
        if self._reopen is not None and self._fd >= 0 and not self._torn and not self._owed:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _wake(self) -> None:
        if self._fd < 0 and self._reopen is not None:
            self._fd = self._reopen()
            self.size = os.fstat(self._fd).st_size

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._reopen = None
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)
