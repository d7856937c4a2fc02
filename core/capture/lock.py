"""One capture a user: two locks, in the runtime folder and beside the recordings.

The first keeps the control socket unambiguous. The second keeps two captures with
different runtime folders (sudo, cron, containers) from writing the same
recordings; it names the holder, so that the loser can say who that is.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from types import TracebackType

from core.capture.places import Places
from core.errors import CaptureError, CaptureRunning

_MAX_OWNER_BYTES = 4096


class CaptureLock:
    """Both locks of a capture, held until the block is left.

    Raises:
        CaptureRunning: another capture holds one of them.
        CaptureError: a folder cannot be written.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._held: list[int] = []

    def __enter__(self) -> CaptureLock:
        try:
            make_private(self._places.state)
            self._take(self._places.runtime_lock)
            self._take(self._places.state_lock)
            self._sign()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _take(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise CaptureError(
                f"Cannot open {path}: {error.strerror}",
                hint=f"Make {path.parent} a folder that you may write, or set XDG_STATE_HOME.",
            ) from error
        self._held.append(fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, socket = read_owner(self._places.state_lock)
            who = f"process {pid}" if pid else "another process"
            raise CaptureRunning(
                f"A capture is running already: {who}" + (f", {socket}" if socket else ""),
                hint="Run guestwatch to see what it watches, or end that process first.",
            ) from None

    def _sign(self) -> None:
        """Write into the second lock who holds it."""
        owner = {"pid": os.getpid(), "socket": str(self._places.control_socket)}
        try:
            os.ftruncate(self._held[-1], 0)
            os.pwrite(self._held[-1], json.dumps(owner).encode() + b"\n", 0)
        except OSError as error:
            raise CaptureError(
                f"Cannot write {self._places.state_lock}: {error.strerror}",
                hint="Recordings are kept beside it, so make room there first.",
            ) from error

    def _release(self) -> None:
        while self._held:
            os.close(self._held.pop())


def read_owner(lock: Path) -> tuple[int, str]:
    """Pid and control socket of whoever wrote `lock` last; 0 and empty when unknown."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        fd = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            owner = json.loads(os.read(fd, _MAX_OWNER_BYTES))
        finally:
            os.close(fd)
        if isinstance(owner, dict):
            pid, socket = owner.get("pid"), owner.get("socket")
            return (pid if isinstance(pid, int) else 0, socket if isinstance(socket, str) else "")
    return 0, ""


def make_private(folder: Path) -> None:
    """Make the state folder, 0700 if it is new.

    Raises:
        CaptureError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CaptureError(
            f"Cannot make {folder}: {error.strerror}",
            hint="Recordings are kept there; set XDG_STATE_HOME to a folder that you may write.",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CaptureError(
            f"Cannot write {folder}",
            hint="Recordings are kept there; set XDG_STATE_HOME to a folder that you may write.",
        )
