"""Consoles named by a path alone: what is there decides how they are reached.

Looked at anew at every `pin`, because a VM that is started again may have been given
another kind of console. A link is followed to a terminal only, as `core.endpoints.pty`
does and the others do not.
"""

from __future__ import annotations

import os
import stat

from core.endpoints import open_trouble, trouble
from core.endpoints.file import FileEndpoint, FilePin
from core.endpoints.protocol import Console, Pin
from core.endpoints.pty import PtyEndpoint, PtyPin
from core.endpoints.unix import UnixEndpoint, UnixPin


class AnyEndpoint:
    """A console that is a socket, a terminal or a log.

    Args:
        path: taken as it stands.
        url: the console's URL as it was given; the path when empty.
    """

    def __init__(self, path: str, *, url: str = "") -> None:
        self._path = path
        self._url = url or path
        self._unix = UnixEndpoint(path, url=self._url)
        self._pty = PtyEndpoint(path, url=self._url)
        self._file = FileEndpoint(path, url=self._url)

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """The path."""
        return self._path

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def pin(self) -> Pin:
        """Take hold of what is there now.

        Raises:
            ConsoleAbsent: nothing is there.
            NotAConsole: nothing that a console can be.
            ConsoleForbidden: it may not be looked at.
            ConsoleError: the kernel refused for another reason.
        """
        try:
            mode = os.stat(self._path, follow_symlinks=False).st_mode  # noqa: PTH116 (verbatim)
            there = os.stat(self._path).st_mode if stat.S_ISLNK(mode) else mode  # noqa: PTH116
        except OSError as error:
            raise trouble.while_looking(error, self._path) from error
        # Whoever is asked looks again, at what it then holds.
        if stat.S_ISSOCK(mode):
            return self._unix.pin()
        if stat.S_ISCHR(there):
            return self._pty.pin()
        if stat.S_ISREG(mode):
            return self._file.pin()
        raise open_trouble.not_a_console(self._path, mode)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> Console:
        """Open what is pinned; raises what its own endpoint does."""
        match pin:
            case UnixPin():
                return await self._unix.connect(pin, timeout_s=timeout_s)
            case PtyPin():
                return await self._pty.connect(pin, timeout_s=timeout_s)
            case FilePin():
                return await self._file.connect(pin, timeout_s=timeout_s)
            case _:
                raise TypeError("a console is opened through its own endpoint's pin")

    def close(self) -> None:
        """Holds nothing."""
