"""Consoles in a log: a file that the VMM writes what the guest prints to.

Here is the address; `core.endpoints.file_console` follows the log, and tells how.
"""

from __future__ import annotations

import contextlib
import os
import stat

import anyio.lowlevel

from core.endpoints import open_trouble, trouble
from core.endpoints.birth import file_identity
from core.endpoints.file_console import FileConsole, is_same, last_cut
from core.endpoints.protocol import Pin
from core.errors import ConsoleError, InotifyError


class FilePin:
    """A hold on one life of a log. Made by `FileEndpoint.pin`, which owns the checks."""

    def __init__(self, path: str, folder: int, fd: int) -> None:
        self._path = path
        self._folder = folder
        self._fd = fd
        self._found = os.fstat(fd)
        self._source = file_identity(fd)
        self._cut = last_cut(self._source)

    @property
    def key(self) -> str:
        """Names this life across restarts of capture: device, inode, birth, and cut if there was.

        A log outlives its host's boot; its change time changes with every byte.
        """
        return f"{self._source}:{self._cut}" if self._cut else self._source

    @property
    def folder(self) -> int:
        """The O_PATH descriptor of the log's folder; -1 once closed."""
        return self._folder

    @property
    def found(self) -> os.stat_result:
        """The file as it is now; once closed, as it was when it was pinned."""
        return os.fstat(self._fd) if self._fd >= 0 else self._found

    @property
    def is_over(self) -> bool:
        """Whether this life has ended, whatever the path leads to: cut, or removed."""
        return self._cut != last_cut(self._source) or self.found.st_nlink == 0

    def fileno(self) -> int:
        """The O_PATH descriptor of the log; -1 once closed."""
        return self._fd

    def is_current(self) -> bool:
        """Whether the path still leads to the pinned file, uncut."""
        if self._fd < 0 or self.is_over:
            return False
        try:
            now = os.stat(self._path, follow_symlinks=False)  # noqa: PTH116 (verbatim path)
        except OSError:
            return False
        return is_same(now, self._found)

    def close(self) -> None:
        """Let go. Harmless when repeated."""
        fds, self._fd, self._folder = (self._fd, self._folder), -1, -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)


class FileEndpoint:
    """A console in a log.

    Args:
        path: of the log, taken as it stands.
        url: the console's URL as it was given; `file:<path>` when empty.
    """

    def __init__(self, path: str, *, url: str = "") -> None:
        self._path = path
        self._url = url or f"file:{path}"

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """The log's path."""
        return self._path

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def close(self) -> None:
        """Holds nothing."""

    def pin(self) -> FilePin:
        """Take hold of the log that is at the path now.

        Raises:
            ConsoleAbsent: nothing is there.
            NotAConsole: something else is there, such as a symbolic link.
            ConsoleForbidden: it may not be looked at.
            ConsoleError: the kernel refused for another reason.
        """
        with contextlib.ExitStack() as held:
            folder, slash, name = self._path.rpartition("/")
            try:
                flags = os.O_PATH | os.O_CLOEXEC
                folder_fd = os.open(folder + slash or ".", flags | os.O_DIRECTORY)
                held.callback(os.close, folder_fd)
                fd = os.open(name or ".", flags | os.O_NOFOLLOW, dir_fd=folder_fd)
                held.callback(os.close, fd)
                found = os.fstat(fd)
            except OSError as error:
                raise trouble.while_looking(error, self._path) from error
            if not stat.S_ISREG(found.st_mode):
                raise open_trouble.not_a_log(self._path, found.st_mode)
            held.pop_all()
            return FilePin(self._path, folder_fd, fd)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> FileConsole:
        """Open the pinned log, to be read from its start unless it is resumed.

        Raises:
            ConsoleRefused: it was cut or removed since it was pinned.
            ConsoleForbidden: no permission.
            ConsoleError: anything else the kernel answered.
        """
        if not isinstance(pin, FilePin):
            raise TypeError("a log is opened through its own pin")
        del timeout_s  # opened without waiting
        await anyio.lowlevel.checkpoint()
        if pin.fileno() < 0 or pin.is_over:
            raise open_trouble.past(self._path)
        with contextlib.ExitStack() as held:
            try:
                fd = os.open(
                    f"/proc/self/fd/{pin.fileno()}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                )
                held.callback(os.close, fd)
                folder = os.open(f"/proc/self/fd/{pin.folder}", os.O_PATH | os.O_CLOEXEC)
                held.callback(os.close, folder)
            except OSError as error:
                raise open_trouble.while_opening(error, self._path, pin.found) from error
            try:
                name = self._path.rpartition("/")[2]
                console = FileConsole(
                    url=self._url, path=self._path, folder=folder, name=name, fd=fd
                )
            except InotifyError as error:
                raise ConsoleError(
                    f"Cannot follow {self._path}: {os.strerror(error.errno)}",
                    path=self._path,
                    errno=error.errno,
                    hint=error.hint,
                ) from error
            held.pop_all()
            return console
