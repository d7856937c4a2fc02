"""Hearing from the kernel what happens to files and folders, without looking again and again.

An `Inotify` is a descriptor that is ready to be read when something happened to what
was added to it. Nothing here waits: whoever owns it waits for the descriptor.

What it does not tell: what other machines do on a network file system, what happens
in pseudo file systems such as /proc, and what is written through a mapping. Who
depends on it there has to look for himself now and then.

Sources: inotify(7), linux/inotify.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from enum import IntFlag

from core.errors import InotifyError

READ_BYTES = 64 * 1024
"""Room for some two thousand events a read; a single one takes at most 272 bytes."""

MAX_READS = 64
"""After so many reads `read_nowait` returns what it has: a busy folder may go on for ever."""

_HEADER = struct.Struct("=iIII")
"""struct inotify_event: watch, mask, cookie, length of the name behind it."""

_HINTS = {
    errno.EMFILE: "This user has too many inotify instances, or this process too many files. "
    "Raise fs.inotify.max_user_instances with sysctl, or ulimit -n.",
    errno.ENFILE: "The system has too many open files. Raise fs.file-max with sysctl.",
    errno.ENOSPC: "This user watches too many files. "
    "Raise fs.inotify.max_user_watches with sysctl.",
    errno.EACCES: "What is to be watched must be readable. Run it with sudo.",
}


class Mask(IntFlag):
    """What is asked for, and what an event tells."""

    ACCESS = 0x001
    MODIFY = 0x002
    """Written to, or cut."""
    ATTRIB = 0x004
    """Mode, owner, times or number of names changed: an open file that is removed says so."""
    CLOSE_WRITE = 0x008
    CLOSE_NOWRITE = 0x010
    OPEN = 0x020
    MOVED_FROM = 0x040
    MOVED_TO = 0x080
    """A name that came by a rename, with the cookie of the name it had before."""
    CREATE = 0x100
    DELETE = 0x200
    DELETE_SELF = 0x400
    MOVE_SELF = 0x800

    UNMOUNT = 0x2000
    OVERFLOW = 0x4000
    """Events were dropped: look at everything anew. Its watch is -1."""
    IGNORED = 0x8000
    """The watch is over: removed, or what it watched is gone."""

    ONLYDIR = 0x0100_0000
    DONT_FOLLOW = 0x0200_0000
    MASK_CREATE = 0x1000_0000
    MASK_ADD = 0x2000_0000
    IS_DIR = 0x4000_0000

    NAMES = MOVED_FROM | MOVED_TO | CREATE | DELETE
    """All that can happen to the names in a folder."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        watch: what `add` returned; -1 for an overflow.
        mask: what happened.
        cookie: the same in both events of a rename; otherwise 0.
        name: in the watched folder; empty when it happened to the watched thing itself.
    """

    watch: int
    mask: Mask
    cookie: int
    name: str


class Inotify:
    """A descriptor that tells what happens to what was added to it.

    Raises:
        InotifyError: the kernel gives no more of them.
    """

    def __init__(self) -> None:
        self._fd = -1
        self._fd = _called("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)

    def __del__(self) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return self._fd

    def add(self, place: str | int, mask: Mask) -> int:
        """Watch a path, or what a descriptor (an O_PATH one too) holds.

        What is watched already gets the new mask and keeps its watch. What has happened
        by now stays in the queue.

        Raises:
            InotifyError: it may not be watched, or is not there, with the errno.
        """
        path = f"/proc/self/fd/{place}" if isinstance(place, int) else place
        return _called("inotify_add_watch", self._fd, os.fsencode(path), int(mask), path=path)

    def remove(self, watch: int) -> None:
        """End a watch: an event with `Mask.IGNORED` follows. Harmless when it is over already.

        Raises:
            InotifyError: the descriptor is closed.
        """
        try:
            _called("inotify_rm_watch", self._fd, watch)
        except InotifyError as error:
            if error.errno != errno.EINVAL:
                raise

    def ring(self) -> None:
        """Make the descriptor ready by itself: an event with `Mask.IGNORED` is queued.

        Raises:
            InotifyError: as `add` does.
        """
        # MASK_CREATE: a watch that somebody else put there is not ours to remove.
        self.remove(self.add(os.devnull, Mask.DELETE_SELF | Mask.MASK_CREATE))

    def read_nowait(self) -> list[Event]:
        """What has happened, oldest first; empty when nothing has.

        Raises:
            InotifyError: the descriptor is closed.
        """
        events: list[Event] = []
        for _ in range(MAX_READS):
            try:
                raw = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                break
            except OSError as error:
                raise _error(error.errno or 0, "") from error
            events += _parsed(raw)
        return events

    def close(self) -> None:
        """Let go of all watches. Harmless when repeated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _parsed(raw: bytes) -> list[Event]:
    events = []
    at = 0
    while at < len(raw):
        watch, mask, cookie, length = _HEADER.unpack_from(raw, at)
        at += _HEADER.size
        name = os.fsdecode(raw[at : at + length].rstrip(b"\0"))
        at += length
        events.append(Event(watch, Mask(mask), cookie, name))
    return events


_libc = ctypes.CDLL(None, use_errno=True)
_libc.inotify_init1.argtypes = (ctypes.c_int,)
_libc.inotify_add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
_libc.inotify_rm_watch.argtypes = (ctypes.c_int, ctypes.c_int)


def _called(function: str, *arguments: int | bytes, path: str = "") -> int:
    answer: int = getattr(_libc, function)(*arguments)
    if answer < 0:
        raise _error(ctypes.get_errno(), path)
    return answer


def _error(number: int, path: str) -> InotifyError:
    what = f"Cannot watch {path}" if path else "Cannot watch files"
    return InotifyError(
        f"{what}: {os.strerror(number)}", path=path, errno=number, hint=_HINTS.get(number, "")
    )
