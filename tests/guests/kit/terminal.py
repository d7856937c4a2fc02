"""A console on a pty: whoever opens it reads, and readers steal from each other."""

from __future__ import annotations

import errno
import os
import pty
import select
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .console import READ_BYTES, Console, Watch
from .script import Script
from .truth import Visit

LOOK_S = 0.02
"""How often to look whether somebody has opened it; QEMU looks once a second."""


class PtySteal(Console):
    """`-chardev pty`. The kernel tells whether it is open, not by how many: a visit is a time
    in which it was. What is printed to nobody is gone. `path`, if given, becomes a link to
    the pty; `-` makes none.
    """

    def __init__(self, script: Script, *, control: bool) -> None:
        self._master = -1
        self._name = ""
        self._visit: Visit | None = None
        super().__init__(script, control=control)

    def open(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self._name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        if self.script.path != "-":
            Path(self.script.path).unlink(missing_ok=True)
            Path(self.script.path).symlink_to(self._name)
        self._look()

    def where(self) -> dict[str, Any]:
        return {"path": self._name}

    def close(self, *, leaves_file: bool) -> None:
        self.hang_up()
        os.close(self._master)
        self._master = -1
        if not leaves_file and self.script.path != "-":
            Path(self.script.path).unlink(missing_ok=True)

    def watch(self) -> Iterator[Watch]:
        if self._visit is not None:
            yield self._master, select.POLLIN, self._listen

    def room_fd(self) -> int | None:
        return self._master

    def accept_print(self, data: bytes) -> int | None:
        self._notice()
        if self._visit is None:
            return None
        try:
            taken = os.write(self._master, data)
        except BlockingIOError:
            taken = 0
        self.deliver(self._visit, self.life.said, self.life.said + taken)
        return taken

    def hang_up(self) -> None:
        if self._visit is not None:
            visit, self._visit = self._visit, None
            self.leave(visit, "guest")

    def _look(self) -> None:
        if self._master >= 0:
            self._notice()
            self.after(LOOK_S, self._look)

    def _notice(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        is_open = not any(events & select.POLLHUP for _, events in poll.poll(0))
        if is_open and self._visit is None:
            self._visit = self.visit()
        elif not is_open and self._visit is not None:
            self._listen()

    def _listen(self) -> None:
        assert self._visit is not None
        try:
            data = os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            visit, self._visit = self._visit, None
            self.leave(visit, "client")
            return
        self._visit.typed += data
        self.emit("typed", client=self._visit.number)
