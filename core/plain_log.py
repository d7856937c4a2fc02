"""A log that some program writes, followed by its path: no recording of ours, no times.

What stands at the path is a life of the log until it is cut or another file takes its
place; then the next life begins, and what is left of the one before stays readable. It is
read with pread, never mapped: a log that is cut under a map kills its reader.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from core.clock import now
from core.errors import RecordingError
from core.recording.layout import ZST
from core.recording.seekable import SeekableFile
from core.recording.source import FileId, PlainFile, Source, file_id
from core.recording.trouble import kind_of

MAX_LIVES = 256
"""A file that is written anew again and again is not followed for ever."""

MAX_OPEN = 4
"""Lives before the present one that are still held open."""

_MARK_BYTES = 64
"""The last bytes that were there: where they changed, the log was written anew."""

_HINTS = {
    stat.S_IFIFO: "A pipe cannot be read from the middle: cat it into a file, and view that.",
    stat.S_IFSOCK: "To watch a console that is a socket: guestwatch watch NAME={path}",
    stat.S_IFCHR: "To watch a console that is a terminal: guestwatch watch NAME={path}",
}


class PlainLife:
    """What a log held between two cuts: a `core.console.Source`. Owns its descriptor.

    Raises:
        OSError: the disk does not give its end.
    """

    def __init__(self, path: Path, file: Source, sequence: int, wall: float, why: str) -> None:
        self.path = path
        self.sequence = sequence
        """From 1."""
        self.began_wall = wall
        """When it was seen first; seconds since the epoch, UTC."""
        self.why = why
        """What ended the life before; empty for the first one."""
        self.is_over = False
        """Whether its bytes were cut off or written over."""
        self._file = file
        self._id = file.file_id
        self._mark = b""
        self._changed_ns = 0
        self.start = 0
        self.end = 0
        self._grow(file.size)

    @property
    def file_id(self) -> FileId:
        """Which file it is in."""
        return self._id

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`.

        Raises:
            RecordingError: the disk does not give them.
        """
        if offset < self.start or offset >= self.end:
            return b""
        try:
            return self._file.pread(min(size, self.end - offset), offset)
        except OSError as error:
            raise _explained(self.path, error) from error

    def refresh(self) -> bool:
        """Whether there are other bytes than before: new ones, or none any more.

        Raises:
            RecordingError: the log cannot be read any more.
        """
        if self.is_over or not isinstance(self._file, PlainFile):
            return False
        try:
            size, changed_ns = self._file.look()
            if (size, changed_ns) == (self.end, self._changed_ns):
                return False
            if size < self.end or not self._has_mark():
                self.give_up()
                return True
        except OSError as error:
            raise _explained(self.path, error) from error
        self._changed_ns = changed_ns
        return self._grow(size)

    def give_up(self) -> None:
        """Its bytes are gone."""
        self.is_over = True
        self.start = self.end
        self.close()

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._file.close()

    def _has_mark(self) -> bool:
        return self._file.pread(len(self._mark), self.end - len(self._mark)) == self._mark

    def _grow(self, size: int) -> bool:
        has_grown = size > self.end
        self.end = size
        length = min(size, _MARK_BYTES)
        self._mark = self._file.pread(length, size - length)
        return has_grown


class PlainLog:
    """A log on disk and all that happened to it since it was opened.

    Args:
        path: links on the way to it are followed: whoever names it has chosen them.
        clock: seconds since the epoch, UTC.

    Raises:
        RecordingError: there is no such file, it may not be read, or it is none.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = lambda: now().wall) -> None:
        self.path = path
        self.trouble = ""
        """Why it cannot be followed any more; empty while it can."""
        self._clock = clock
        self.lives: list[PlainLife] = [self._open("")]
        """Oldest first; never empty."""

    def look(self) -> bool:
        """Look whether it was cut or replaced; whether anything is otherwise than before.

        Raises:
            RecordingError: the log cannot be read any more.
        """
        before = (len(self.lives), self.trouble)
        present = self.lives[-1]
        present.refresh()
        try:
            found = self.path.stat()
        except OSError as error:
            self.trouble = f"the file is not there any more: {error.strerror}"
        else:
            self.trouble = ""
            if file_id(found) != present.file_id:
                self._begin("another file took its place")
            elif present.is_over:
                self._begin("it was cut or written anew")
        return before != (len(self.lives), self.trouble)

    def close(self) -> None:
        """Close what is open. Harmless when repeated."""
        for life in self.lives:
            life.close()

    def _begin(self, why: str) -> None:
        if len(self.lives) >= MAX_LIVES:
            self.trouble = f"the file was written anew {MAX_LIVES} times; open it again"
            return
        try:
            life = self._open(why)
        except RecordingError as error:
            self.trouble = str(error)
            return
        self.lives.append(life)
        for old in self.lives[: -1 - MAX_OPEN]:
            if not old.is_over:
                old.give_up()

    def _open(self, why: str) -> PlainLife:
        sequence = self.lives[-1].sequence + 1 if why else 1
        file = open_plain(self.path)
        try:
            return PlainLife(self.path, file, sequence, self._clock(), why)
        except OSError as error:
            file.close()
            raise _explained(self.path, error) from error


def open_plain(path: Path) -> Source:
    """The file at `path`, open to be read from anywhere in it.

    Raises:
        RecordingError: there is none, it may not be read, or it is something else.
    """
    try:
        # To open a device or a pipe may do something, or wait: first it is only looked at.
        looked_at = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _explained(path, error) from error
    try:
        found = os.fstat(looked_at)
        if not stat.S_ISREG(found.st_mode):
            hint = _HINTS.get(stat.S_IFMT(found.st_mode), "Name a file, or a recording.")
            raise RecordingError(
                f"{path} is {kind_of(found)}", path=str(path), hint=hint.format(path=path)
            )
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(f"/proc/self/fd/{looked_at}", flags)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        os.close(looked_at)
    return _compressed(path, fd, found.st_size) if path.name.endswith(ZST) else PlainFile(fd)


def _compressed(path: Path, fd: int, size: int) -> Source:
    try:
        file = SeekableFile(fd)
    except OSError as error:
        raise _explained(path, error) from error
    if size and not file.size:
        file.close()
        raise RecordingError(
            f"{path} is compressed as one piece, or is damaged",
            path=str(path),
            hint="zstd -d writes it as it was; view that.",
        )
    return file


def _explained(path: Path, error: OSError | ValueError) -> RecordingError:
    if not isinstance(error, OSError):
        return RecordingError(f"{str(path)!r}: {error}", path=str(path))
    hint = ""
    if isinstance(error, PermissionError):
        hint = "Ask its owner, or become who may read it."
    return RecordingError(
        f"{path}: {error.strerror or error}", path=str(path), errno=error.errno or 0, hint=hint
    )
