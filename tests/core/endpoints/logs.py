"""A log as its writer and its rotator treat it, and a reader that behaves as capture does."""

from __future__ import annotations

import os
import select
from contextlib import closing
from pathlib import Path

import anyio

from core.capture.watching.session import READS_A_ROUND
from core.endpoints import READ_BYTES, FileEndpoint
from core.endpoints.file_console import FileConsole


def opened(path: Path) -> FileConsole:
    """The log at `path`, opened."""
    endpoint = FileEndpoint(str(path))

    async def connect() -> FileConsole:
        with closing(endpoint.pin()) as pin:
            return await endpoint.connect(pin)

    return anyio.run(connect)


def followed(console: FileConsole) -> tuple[bytes, bool]:
    """What capture gets now, and whether that was the end.

    As in capture, the descriptor says when to read, and a short read ends a round.
    """
    pieces: list[bytes] = []
    for _ in range(100_000):
        if not select.select([console], [], [], 0)[0]:
            return b"".join(pieces), False
        try:
            for _ in range(READS_A_ROUND):
                data = console.read_nowait()
                if not data:
                    return b"".join(pieces), True
                pieces.append(data)
                if len(data) < READ_BYTES:
                    break
        except BlockingIOError:
            pass
    raise AssertionError("the descriptor is ready for ever")


def has_nothing(console: FileConsole) -> bool:
    try:
        console.read_nowait()
    except BlockingIOError:
        return True
    return False


class Log:
    """A log that is written to and rotated under numbers, as virtlogd and logrotate do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = b""
        self._fd = -1
        self.create()

    def create(self) -> None:
        """Begin a new file under the log's name."""
        self.close()
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, data: bytes) -> None:
        assert os.write(self._fd, data) == len(data)
        self.written += data

    def cut(self) -> None:
        os.ftruncate(self._fd, 0)

    def rename(self) -> None:
        """Move the log and all that came before it one number up."""
        number = 0
        while self.rotated(number).exists():
            number += 1
        for at in range(number, 0, -1):
            self.rotated(at - 1).rename(self.rotated(at))
        self.path.rename(self.rotated(0))

    def rotate(self) -> None:
        self.rename()
        self.create()

    def rotated(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
