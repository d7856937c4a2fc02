"""A console's log, open and followed.

Theory of operation. A file is always ready, so what is waited for is inotify: it tells
when the file is written to and what happens to the names in its folder. It is asked
only once the file has nothing more, and the file is read again after that, so that
no byte falls between the two. Whoever cannot rely on inotify (network file systems)
calls `read_nowait` every `POLL_S`: it looks for itself each time.

A log is one stream over all files that had its name: each is read to its end before
the next one (`core.endpoints.rotation` finds them). The next one is turned to when it
has bytes: QEMU goes on writing to the file it opened, whatever it is called by now.

A log that is cut, or removed from its name, has ended: what comes then is another life,
under another key. Every read begins with the last 64 bytes of the read before; if they
are not there any more, or others, the file was cut. What was written between the last
read and the cut is gone. A cut goes unnoticed only if the new content, when it is first
looked at, reaches to where reading had come and repeats those 64 bytes there.

Sources: inotify(7), open(2); logrotate(8) on `copytruncate` and `create`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time

from core.endpoints import open_trouble
from core.endpoints.birth import file_identity
from core.endpoints.protocol import READ_BYTES
from core.endpoints.rotation import Rotation
from core.errors import InotifyError
from core.inotify import Inotify, Mask

POLL_S = 1.0
"""How often `read_nowait` is to be called where inotify tells nothing."""

PROOF_BYTES = 64

CUT = "the log was cut, and what was written to it since it was last read is gone"
REMOVED = "the log was removed"

_HEARD = Mask.MODIFY | Mask.ATTRIB

_cuts: dict[str, int] = {}
"""When each file that was cut was last seen to be: its birth is older than its content."""


def note_cut(source: str) -> None:
    """What the file `source` held is over; what it holds from now on is another life."""
    _cuts[source] = time.time_ns()


def last_cut(source: str) -> int:
    """When the file `source` was last seen to have been cut by this process; 0 for never."""
    return _cuts.get(source, 0)


class FileConsole:
    """A log that is followed.

    Args:
        path: of the log, for words.
        folder: descriptor of its folder, owned from now on.
        name: of the log in it.
        fd: the log, opened for reading, owned from now on.

    Raises:
        InotifyError: it cannot be watched; the descriptors are still the caller's.
    """

    def __init__(self, *, url: str, path: str, folder: int, name: str, fd: int) -> None:
        self._url = url
        self._path = path
        self._folder = folder
        self._name = name
        self._fd = fd
        self._source = file_identity(fd)
        self._position = 0
        self._proof = b""
        self._ending = ""
        self._rotation = Rotation(folder, name)
        self._inotify = Inotify()
        try:
            self._folder_watch = self._inotify.add(folder, Mask.NAMES)
            self._file_watch = self._inotify.add(fd, _HEARD)
            # What is there already makes no event.
            self._inotify.ring()
        except InotifyError:
            self._inotify.close()
            raise
        # From here on every rename is heard of; those before are not.
        self._rotation.is_uncertain = not is_same(self._at_path(), os.fstat(fd))

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def peer_pid(self) -> int:
        """0: a file does not tell who writes it."""
        return 0

    @property
    def position(self) -> int:
        """Where in the source the next byte to be read is."""
        return self._position

    @property
    def source(self) -> str:
        """Names the file that is read now: device, inode, birth."""
        return self._source

    @property
    def missed(self) -> int:
        """How many rotated files were gone before they could be read."""
        return self._rotation.missed

    @property
    def tail(self) -> bytes:
        """The last bytes that were read from this file."""
        return self._proof

    @property
    def ending(self) -> str:
        """What ended this log; empty as long as nothing did."""
        return self._ending

    def holds(self, source: str, position: int, tail: bytes = b"") -> bool:
        """Whether `source` is the log or a rotated one, and was not cut before `position`.

        Raises:
            ConsoleBroken: it cannot be looked at.
        """
        try:
            fd = self._file_of(source)
            if fd is None:
                return False
            try:
                start = position - len(tail)
                is_long_enough = start >= 0 and position <= os.fstat(fd).st_size
                return is_long_enough and os.pread(fd, len(tail), start) == tail
            finally:
                os.close(fd)
        except OSError as error:
            raise open_trouble.broken(error, self._path) from error

    def _file_of(self, source: str) -> int | None:
        """A descriptor of the log or the rotated one that is `source`; None when it is gone."""
        if source == self._source:
            return os.dup(self._fd)
        name = self._rotation.find(source)
        fd = self._opened(name) if name else None
        if fd is not None and file_identity(fd) != source:
            os.close(fd)
            return None
        return fd

    def resume(self, source: str, position: int) -> int:
        """Go on at `position` of `source`, before anything was read.

        If `source` was rotated meanwhile it is read to its end, and then what came after.
        When it is not found, or has become shorter, the log is read from its start.
        Returns 0: how much is gone in that case nobody can tell. `source` and `position`
        are then others than those that were asked for.
        """
        if source != self._source:
            fd = self._file_of(source)
            if fd is not None:
                self._turn_to(fd)
                self._rotation.search(os.fstat(fd))
        if source == self._source and 0 <= position <= os.fstat(self._fd).st_size:
            self._position = position
            start = max(0, position - PROOF_BYTES)
            self._proof = os.pread(self._fd, position - start, start)
        return 0

    def fileno(self) -> int:
        """The descriptor to wait on, inotify's; -1 once closed."""
        return self._inotify.fileno()

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What was written, empty when the log was cut or removed. Harmless at any time.

        Raises:
            BlockingIOError: nothing was written.
            ConsoleBroken: the file failed, or was closed by us.
        """
        if self._ending:
            return b""
        try:
            data = self._read(max_bytes)
        except BlockingIOError:
            raise
        except OSError as error:
            raise open_trouble.broken(error, self._path) from error
        except InotifyError as error:
            raise open_trouble.broken(OSError(error.errno, str(error)), self._path) from error
        if not data and not self._ending:
            self._ending = REMOVED
        return data

    def _read(self, max_bytes: int) -> bytes:
        """As `read_nowait`, with the operating system's errors."""
        data = self._next_bytes(max_bytes)
        if data != b"":
            return data or b""
        self._rotation.hear(self._inotify.read_nowait(), self._folder_watch)
        while True:
            data = self._next_bytes(max_bytes)
            if data is None:
                return b""
            if data:
                # There may be more, and what told of it was read.
                self._inotify.ring()
                return data
            if not self._find_next():
                return b""

    def _next_bytes(self, max_bytes: int) -> bytes | None:
        """What stands behind what was read; None when that does not stand there any more."""
        proof = self._proof
        raw = os.pread(self._fd, len(proof) + max_bytes, self._position - len(proof))
        if not raw.startswith(proof):
            note_cut(self._source)
            self._ending = CUT
            return None
        size = len(raw) - len(proof)
        if size:
            self._position += size
            self._proof = raw[-PROOF_BYTES:]
        return raw[len(proof) :]

    def _find_next(self) -> bool:
        """Whether to read on: there is more, or another file is read now. False at the end.

        Raises:
            BlockingIOError: there is no next file yet.
        """
        there = self._at_path()
        # Asked for after that: all that was written before a rename is in this size.
        ours = os.fstat(self._fd)
        if ours.st_size > self._position:
            return True
        if not self._is_folder_current():
            return False
        if is_same(there, ours):
            self._rotation.settle()
            raise _nothing()
        if ours.st_nlink == 0 and not self._rotation.current.was_rotated:
            return False
        if there is None:
            if ours.st_nlink == 0 and not self._rotation.waiting:
                return False
        elif not stat.S_ISREG(there.st_mode):
            return False
        elif self._rotation.is_uncertain or not self._rotation.waiting:
            self._rotation.search(ours)
        return self._turn_to_next()

    def _turn_to_next(self) -> bool:
        """Read the first of the waiting files that has bytes from now on."""
        for log in tuple(self._rotation.waiting):
            fd = self._opened(log.name) if log.name else None
            if fd is None:
                self._rotation.miss(log)
                continue
            with contextlib.ExitStack() as held:
                held.callback(os.close, fd)
                self._inotify.add(fd, _HEARD)
                if os.fstat(fd).st_size == 0:
                    # Whoever writes the one before may go on with that.
                    continue
                if os.fstat(self._fd).st_size > self._position:
                    return True
                held.pop_all()
            self._rotation.advance(log)
            self._turn_to(fd)
            return True
        raise _nothing()

    def _is_folder_current(self) -> bool:
        """Whether the way to the log still leads through the folder that is watched."""
        folder, slash, _ = self._path.rpartition("/")
        try:
            there = os.stat(folder + slash or ".")  # noqa: PTH116 (verbatim path)
        except OSError:
            return False
        return is_same(there, os.fstat(self._folder))

    def _turn_to(self, fd: int) -> None:
        """Read the file `fd` from now on, from its start."""
        self._inotify.remove(self._file_watch)
        os.close(self._fd)
        self._fd = fd
        self._file_watch = self._inotify.add(fd, _HEARD)
        self._source = file_identity(fd)
        self._position = 0
        self._proof = b""

    def _opened(self, name: str) -> int | None:
        """The regular file `name` in the folder; None when there is none."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            if not stat.S_ISREG(self._status(name).st_mode):
                return None
            fd = os.open(name, flags, dir_fd=self._folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):
                return None
            raise
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return fd
        os.close(fd)
        return None

    def _status(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self._folder, follow_symlinks=False)

    def _at_path(self) -> os.stat_result | None:
        try:
            return self._status(self._name)
        except FileNotFoundError:
            return None

    def is_accepted(self) -> bool | None:
        """True: a file has no queue."""
        return True

    def close(self) -> None:
        """Close the descriptors. Harmless when repeated."""
        self._inotify.close()
        fds, self._fd, self._folder = (self._fd, self._folder), -1, -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)


def is_same(one: os.stat_result | None, other: os.stat_result) -> bool:
    """Whether both are the same file."""
    return one is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _nothing() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
