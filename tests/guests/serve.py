"""A guest in a process of its own that says a given thing as fast as it is read.

    python -m tests.guests.serve PATH KIND SIZE SEED AFTERWARDS

It listens as a QEMU chardev does (backlog 1, one client), and waits for its client
before it says anything: what it says is known to the byte.
"""

from __future__ import annotations

import contextlib
import enum
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.guests import ROOT, flood, seeded

_START_S = 30.0


class Kind(enum.StrEnum):
    """What the guest says."""

    SEEDED = "seeded"
    LINES = "lines"
    ENDLESS_LINE = "endless-line"
    BROKEN_TEXT = "broken-text"


class Afterwards(enum.StrEnum):
    """What the guest does when all is said."""

    HANG_UP = "hang-up"
    """Ends: its client gets end of file, the socket's file goes."""
    STAY = "stay"
    """Keeps its client and is silent."""
    AGAIN = "again"
    """Hangs up on this client and says the same to the next."""


def pieces(kind: Kind, size: int, seed: int = 0) -> Iterator[bytes]:
    """What a guest of this kind says, exactly."""
    match kind:
        case Kind.SEEDED:
            return seeded.stream(seed, size)
        case Kind.LINES:
            return flood.lines(size)
        case Kind.ENDLESS_LINE:
            return flood.endless_line(size)
        case Kind.BROKEN_TEXT:
            return flood.broken_text(size)


class GuestProcess:
    """A guest of its own process; use it in a `with` block, which ends it.

    With size 0 and `AGAIN` it is a guest that hangs up at once, every time.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        size: int,
        *,
        seed: int = 0,
        afterwards: Afterwards = Afterwards.STAY,
    ) -> None:
        self.path = path
        self._words = [str(path), str(kind), str(size), str(seed), str(afterwards)]

    def __enter__(self) -> GuestProcess:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.guests.serve", *self._words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], _START_S)
        if not ready or not self._child.stdout.read(1):
            self._end()
            raise TimeoutError(f"no guest on {self.path}")
        return self

    @property
    def pid(self) -> int:
        """The guest's pid: stop and continue it to make it hang."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._child.poll() is None

    def wait(self, timeout_s: float) -> None:
        """Return once it has ended by itself.

        Raises:
            subprocess.TimeoutExpired: it has not within `timeout_s`.
        """
        self._child.wait(timeout_s)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._child.stdout is not None
        self._child.stdout.close()
        self._child.kill()
        self._child.wait()
        self.path.unlink(missing_ok=True)


def _serve(path: Path, kind: Kind, size: int, seed: int, afterwards: Afterwards) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        os.write(1, b".")
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces(kind, size, seed):
                    client.sendall(piece)
                if afterwards is Afterwards.STAY:
                    while client.recv(4096):
                        pass
            if afterwards is Afterwards.HANG_UP:
                path.unlink()
                return


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    path, kind, size, seed, afterwards = sys.argv[1:]
    _serve(Path(path), Kind(kind), int(size), int(seed), Afterwards(afterwards))


if __name__ == "__main__":
    _main()
