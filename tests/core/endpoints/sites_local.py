"""The far sides of consoles that are opened: a VMM's pseudo terminal and its log."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import tty
from pathlib import Path

from core.endpoints import FileEndpoint, Pin, PtyEndpoint
from core.endpoints.protocol import READ_BYTES
from core.endpoints.pty import PtyConsole


class CountedConsole(PtyConsole):
    """A terminal that remembers how much it gave."""

    received = 0

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        data = super().read_nowait(max_bytes)
        self.received += len(data)
        return data


class CountedEndpoint(PtyEndpoint):
    """Tells how much was read: a terminal that is closed throws away what was not."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.opened: list[CountedConsole] = []

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> PtyConsole:
        console = await super().connect(pin, timeout_s=timeout_s)
        counted = CountedConsole(os.dup(console.fileno()), url=self.url, path=self.place)
        console.close()
        os.set_inheritable(counted.fileno(), False)
        self.opened.append(counted)
        return counted

    @property
    def received(self) -> int:
        return sum(console.received for console in self.opened)


def make_terminal(*, raw: bool = True) -> tuple[int, int]:
    """A VMM's side and the other one, made raw as QEMU does."""
    ours, theirs = pty.openpty()
    if raw:
        tty.setraw(theirs)
    os.set_blocking(ours, False)
    return ours, theirs


class PtySite:
    """A VMM with its console on a pseudo terminal, and a link to that at a path that stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoint = CountedEndpoint(str(path))
        self._unsent = memoryview(b"")
        self._written = 0
        self._is_ending = False
        self._ours, self._theirs = make_terminal()
        path.symlink_to(os.ttyname(self._theirs))

    @property
    def endpoint(self) -> CountedEndpoint:
        return self._endpoint

    @property
    def held(self) -> int:
        return sum(fd >= 0 for fd in (self._ours, self._theirs))

    @property
    def is_asked(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self._unsent = memoryview(bytes(self._unsent) + data)
        self._written += len(data)
        self.pump()
        # The kernel carries it across in its own time.
        assert select.select([self._theirs], [], [], 30)[0]

    def hang_up(self) -> None:
        self._is_ending = True
        self.pump()

    def set_accepting(self, accepting: bool) -> None:
        pass

    def rebind(self) -> None:
        before = os.fstat(self._theirs).st_ctime_ns
        while True:
            self._drop()
            self._ours, self._theirs = make_terminal()
            # Times in devpts are some milliseconds coarse; no VM is as short-lived.
            if os.fstat(self._theirs).st_ctime_ns != before:
                break
        self._path.unlink()
        self._path.symlink_to(os.ttyname(self._theirs))

    def refuse(self) -> None:
        self._drop()

    def vanish(self) -> None:
        self._drop()
        self._path.unlink()

    def pump(self) -> None:
        if self._ours < 0:
            return
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[os.write(self._ours, self._unsent) :]
        if self._is_ending and self._endpoint.received == self._written:
            self._drop()

    def close(self) -> None:
        self._drop()

    def _drop(self) -> None:
        for fd in (self._ours, self._theirs):
            if fd >= 0:
                os.close(fd)
        self._ours = self._theirs = -1


class FileSite:
    """A VMM that writes a log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoint = FileEndpoint(str(path))
        self._fd = -1
        self._open()

    @property
    def endpoint(self) -> FileEndpoint:
        return self._endpoint

    @property
    def held(self) -> int:
        return int(self._fd >= 0)

    @property
    def is_asked(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        assert os.write(self._fd, data) == len(data)

    def hang_up(self) -> None:
        self._path.unlink()

    def set_accepting(self, accepting: bool) -> None:
        pass

    def rebind(self) -> None:
        self._path.unlink()
        self._open()

    def refuse(self) -> None:
        self._path.unlink()

    def vanish(self) -> None:
        self._path.unlink()

    def pump(self) -> None:
        pass

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        self.close()
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
