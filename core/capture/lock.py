"""One capture a user: two locks, in the runtime folder and beside the recordings.

The first keeps the control socket unambiguous. The second keeps two captures with
different runtime folders (sudo, cron, containers) from writing the same
recordings; it names the holder, so that the loser can say who that is.

The second one is a heartbeat as well: its holder touches it every `BEAT_S`, so that
the next capture knows until when a killed one was there to hear its guests.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from pathlib import Path
from types import TracebackType

from core.capture.places import Places
from core.capture.state import make_private, open_own
from core.errors import CaptureError, CaptureRunning

BEAT_S = 1.0
"""How often the holder says that it is alive."""

_MAX_OWNER_BYTES = 4096

_LOOKS = 5
_LOOK_S = 0.01
"""`is_held` holds a lock for a moment to find out; a starter must not lose to that."""


class CaptureLock:
    """Both locks of a capture, held until the block is left.

    Attributes:
        previous_alive: when the capture before this one was last alive, in seconds
            since the epoch; 0 when there was none or nobody can tell.

    Raises:
        CaptureRunning: another capture holds one of them.
        CaptureError: a folder cannot be written.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._held: list[int] = []
        self.previous_alive = 0.0

    def __enter__(self) -> CaptureLock:
        try:
            make_private(self._places.state)
            self._take(self._places.runtime_lock)
            self._take(self._places.state_lock)
            self.previous_alive = _alive_at(os.fstat(self._held[-1]))
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
        self.beat()
        self._release()

    def retake(self) -> None:
        """Take the lock of a runtime folder that was removed and made anew.

        Raises:
            CaptureRunning: another capture was faster.
            CaptureError: it cannot be opened.
        """
        held = self._held[:]
        self._held.clear()
        try:
            self._take(self._places.runtime_lock)
        except CaptureError:
            self._release()
            raise
        else:
            os.close(held.pop(0))
        finally:
            self._held += held

    def beat(self) -> None:
        """Say that this capture is alive. Never fails: a disk in trouble is told elsewhere."""
        # A copy: it is called in a thread, and `retake` may empty the list meanwhile.
        for fd in self._held[-1:]:
            with contextlib.suppress(OSError):
                os.utime(fd)

    def _take(self, path: Path) -> None:
        fd = open_own(path, os.O_RDWR)
        self._held.append(fd)
        if not _lock(fd):
            pid, socket = read_owner(self._places.state_lock)
            who = f"process {pid}" if pid else "another process"
            raise CaptureRunning(
                f"A capture is running already: {who}" + (f", {socket}" if socket else ""),
                hint="guestwatch shows what it watches; guestwatch shutdown ends it.",
            )

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


def _lock(fd: int) -> bool:
    """Lock `fd`; whether that worked."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_LOOK_S)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def is_held(lock: Path) -> bool:
    """Whether a capture holds `lock`. Makes nothing."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(lock, flags)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def read_heartbeat(lock: Path) -> float:
    """When whoever held the state lock `lock` last was last alive: seconds since the epoch.

    0 when nobody ever held it. No more than `BEAT_S` too early, even after a SIGKILL;
    never in the future, whatever the clock did.
    """
    with contextlib.suppress(OSError):
        return _alive_at(lock.lstat())
    return 0.0


def _alive_at(found: os.stat_result) -> float:
    # An empty lock was never signed: whoever made it got no further.
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return 0.0
    return min(found.st_mtime, time.time())


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
