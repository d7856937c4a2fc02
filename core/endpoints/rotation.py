"""Which files a log was continued in, after it was renamed.

Theory of operation. A log is rotated by renaming it (`log` to `log.0` or `log.1`, and
what had that name before to the next one) and making a new file under the old name.
By the time that is looked at it may have happened several times. The kernel tells
every rename in order, so the names are moved here as they were moved there, and each
file that ever had the log's name is found under the name it has by now.

Where the kernel tells nothing (after a pause of ours, on a network file system, after
an overflow) the folder is searched for what is named as a rotated log and was written
to later than the last one read.

Sources: inotify(7); logrotate(8); libvirt src/util/virrotatingfile.c.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import deque
from dataclasses import dataclass

from core.endpoints.birth import file_identity
from core.inotify import Event, Mask

MAX_WAITING = 100
"""So many logs may wait to be read; of more, the oldest are given up."""

MAX_UNPAIRED = 64
"""Renames whose second half is awaited: the kernel sends both together."""

_ROTATED = re.compile(r"[.-](\d{1,14})(-\d{1,14})?")
"""What is put behind a log's name: `.1`, `-20240607`, `-20240607-1717761600`."""


@dataclass(slots=True, eq=False)
class Log:
    """A file that has, or had, the log's name.

    Attributes:
        name: in the folder, by now; empty once it has none there.
        was_rotated: it was renamed, so that the log goes on in another file.
    """

    name: str
    was_rotated: bool = False


class Rotation:
    """The files of one log, from the one that is read now.

    Args:
        folder: a descriptor of the folder; the caller keeps it open.
        name: of the log in it.
    """

    def __init__(self, folder: int, name: str) -> None:
        self._folder = folder
        self._name = name
        self.current = Log(name)
        self.waiting: deque[Log] = deque()
        self.missed = 0
        self.is_uncertain = False
        self._unpaired: dict[int, Log] = {}

    def hear(self, events: list[Event], watch: int) -> None:
        """Take in what happened; `watch` is the folder's, others are not looked at."""
        for event in events:
            if event.mask & Mask.OVERFLOW:
                self.is_uncertain = True
            elif event.watch == watch and not event.mask & Mask.IS_DIR:
                self._take(event)

    def _take(self, event: Event) -> None:
        if event.mask & (Mask.MOVED_FROM | Mask.DELETE):
            log = self._named(event.name)
            if log is not None:
                log.name = ""
                log.was_rotated |= bool(event.mask & Mask.MOVED_FROM)
                if event.cookie and len(self._unpaired) < MAX_UNPAIRED:
                    self._unpaired[event.cookie] = log
            return
        moved = self._unpaired.pop(event.cookie, None) if event.cookie else None
        replaced = self._named(event.name)
        if replaced is not None:
            replaced.name = ""
        if moved is not None:
            moved.name = event.name
        elif event.name == self._name:
            self._append(Log(event.name))

    def _append(self, log: Log) -> None:
        if len(self.waiting) >= MAX_WAITING:
            self.waiting.popleft()
            self.missed += 1
        self.waiting.append(log)

    def _named(self, name: str) -> Log | None:
        for log in (*self.waiting, self.current):
            if log.name == name:
                return log
        return None

    def advance(self, log: Log) -> None:
        """`log` is read from now on: it and what stood before it wait no more."""
        while self.waiting and self.waiting.popleft() is not log:
            pass
        self.current = log

    def miss(self, log: Log) -> None:
        """`log` waits no more: it is gone."""
        self.waiting.remove(log)
        self.missed += 1

    def settle(self) -> None:
        """The file that is read has the log's name, whatever was heard."""
        self.is_uncertain = False
        self.waiting.clear()
        self.current = Log(self._name)

    def search(self, current: os.stat_result) -> None:
        """Look in the folder for the files after `current`, instead of what was heard."""
        self.is_uncertain = False
        self._unpaired.clear()
        self.waiting.clear()
        found: list[tuple[int, int, str]] = []
        after = (current.st_mtime_ns, -(1 << 62))
        self.current = Log("", was_rotated=True)
        for name, number, status in self._rotated():
            if (status.st_dev, status.st_ino) == (current.st_dev, current.st_ino):
                after = (current.st_mtime_ns, -number)
                self.current.name = name
            else:
                found.append((status.st_mtime_ns, -number, name))
        for written, order, name in sorted(found):
            if (written, order) > after:
                self._append(Log(name, was_rotated=True))
        self._append(Log(self._name))

    def find(self, source: str) -> str:
        """The rotated file whose identity is `source`; empty when there is none."""
        for name, _, _ in self._rotated():
            with contextlib.suppress(OSError):
                fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._folder)
                try:
                    if file_identity(fd) == source:
                        return name
                finally:
                    os.close(fd)
        return ""

    def _rotated(self) -> list[tuple[str, int, os.stat_result]]:
        """What is named as a rotated log: name, number and status."""
        logs = []
        with contextlib.suppress(OSError), os.scandir(f"/proc/self/fd/{self._folder}") as entries:
            for entry in entries:
                if not entry.name.startswith(self._name):
                    continue
                suffix = _ROTATED.fullmatch(entry.name[len(self._name) :])
                if suffix is None:
                    continue
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        logs.append((entry.name, int(suffix[1]), status))
        return logs
