"""A recorded file to read from anywhere in it, whether it was compressed meanwhile or not."""

from __future__ import annotations

import os
from typing import Protocol

from core.recording.folder import Folder
from core.recording.layout import ZST
from core.recording.seekable import SeekableFile

FileId = tuple[int, int]
"""Device and inode."""

_MAX_KNOWN = 4096

_known_sizes: dict[tuple[int, int, int, int], int] = {}
"""What compressed files hold, by device, inode, size and time: surveys ask again and again."""


class Source(Protocol):
    """An open file."""

    @property
    def file_id(self) -> FileId:
        """Which file it is, whatever its name."""

    @property
    def size(self) -> int:
        """How many bytes can be read from it now."""

    def pread(self, size: int, position: int) -> bytes:
        """Up to `size` bytes from `position`; empty at the end.

        Raises:
            OSError: the disk does not give them, or what it gives is damaged.
        """

    def close(self) -> None:
        """Close it. Harmless when repeated."""


class PlainFile:
    """A file as it was written. Owns its descriptor."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def file_id(self) -> FileId:
        """Which file it is."""
        return file_id(os.fstat(self._fd))

    @property
    def size(self) -> int:
        """Its present size."""
        return os.fstat(self._fd).st_size

    def look(self) -> tuple[int, int]:
        """Its present size, and when it was written last: nanoseconds since the epoch."""
        found = os.fstat(self._fd)
        return found.st_size, found.st_mtime_ns

    def pread(self, size: int, position: int) -> bytes:
        """Up to `size` bytes from `position`.

        Raises:
            OSError: the disk does not give them.
        """
        return os.pread(self._fd, size, position)

    def close(self) -> None:
        """Close it."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)


def open_source(folder: Folder, name: str) -> Source | None:
    """The file of this name, or what it was compressed into; None when there is neither.

    Raises:
        RecordingError: it is there and may not be read.
    """
    fd = folder.open_read(name)
    if fd is not None:
        return SeekableFile(fd) if name.endswith(ZST) else PlainFile(fd)
    fd = None if name.endswith(ZST) else folder.open_read(name + ZST)
    return None if fd is None else SeekableFile(fd)


def stat_source(folder: Folder, name: str) -> tuple[str, FileId, int] | None:
    """The real name, the identity and the uncompressed size of what `open_source` would open.

    Raises:
        RecordingError: it may not be looked at.
    """
    found = folder.stat_file(name)
    if found is not None:
        return name, file_id(found), found.st_size
    found = folder.stat_file(name + ZST)
    if found is None:
        return None
    key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    size = _known_sizes.get(key)
    if size is None:
        source = open_source(folder, name + ZST)
        if source is None:
            return None
        try:
            size = source.size
        finally:
            source.close()
        if len(_known_sizes) >= _MAX_KNOWN:
            _known_sizes.clear()
        _known_sizes[key] = size
    return name + ZST, file_id(found), size


def file_id(found: os.stat_result) -> FileId:
    """What tells one file from another, whatever their names."""
    return found.st_dev, found.st_ino
