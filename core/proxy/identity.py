"""Which process a pid meant, so that its number's next owner is never taken for it.

Theory of operation. A pid is given away again once its process is reaped, and
`pidfd_open(pid)` only holds whoever has the number now. So what is written down of a
process is compared through the pidfd that is then signalled: between the comparison
and the signal the pidfd cannot come to mean another process.

Two facts tell processes with one number apart. The inode of a pidfd, where pidfds have
a file system of their own (pidfs, Linux 6.9), is never used twice before a reboot. The
start time counts in clock ticks of 10 ms, so it fails for a number that is used again
within one tick; it decides alone only on older kernels.

Sources: pidfd_open(2), pidfd_send_signal(2), proc_pid_stat(5).
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from core.clock import boot_id


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, told from all others of the same number."""

    pid: int
    boot_id: str
    """This boot of the host; empty where the kernel does not tell."""
    start_time: int
    """Clock ticks since the host booted; 0 when unknown."""
    pidfd_inode: int
    """The inode of a pidfd of it; 0 where pidfds have none of their own."""

    def is_same(self, other: ProcessIdentity) -> bool:
        """Whether both mean one process. What only one of them knows is passed over."""
        if self.pid != other.pid or not self.boot_id or self.boot_id != other.boot_id:
            return False
        facts = (
            (self.pidfd_inode, other.pidfd_inode),
            (self.start_time, other.start_time),
        )
        known = [(ours, theirs) for ours, theirs in facts if ours and theirs]
        return bool(known) and all(ours == theirs for ours, theirs in known)


def identify(pid: int, pidfd: int) -> ProcessIdentity:
    """The identity of the process that `pidfd`, opened for `pid`, holds."""
    start_time = _start_time(pid)
    if not _is_unreaped(pidfd):
        # The number was free for another process while it was looked at.
        start_time = 0
    inode = os.fstat(pidfd).st_ino if has_pidfs() else 0
    return ProcessIdentity(pid, boot_id(), start_time, inode)


def open_recorded(recorded: ProcessIdentity) -> int | None:
    """A pidfd of exactly the recorded process, for the caller to close; None when that is gone."""
    try:
        pidfd = os.pidfd_open(recorded.pid)
    except (OSError, OverflowError):
        return None
    if recorded.is_same(identify(recorded.pid, pidfd)):
        return pidfd
    os.close(pidfd)
    return None


def signal_recorded(recorded: ProcessIdentity, number: int) -> bool:
    """Send signal `number` to the recorded process; returns whether it was there to get it."""
    pidfd = open_recorded(recorded)
    if pidfd is None:
        return False
    try:
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


@functools.cache
def has_pidfs() -> bool:
    """Whether each process has a pidfd inode of its own.

    Before pidfs all pidfds shared the one inode of the kernel's anonymous files,
    as an eventfd still does.
    """
    with contextlib.ExitStack() as held:
        fds = [os.pidfd_open(os.getpid()), os.eventfd(0)]
        for fd in fds:
            held.callback(os.close, fd)
        pidfd, anonymous = (os.fstat(fd).st_dev for fd in fds)
        return pidfd != anonymous


def _start_time(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    # The second field, the program's name in parentheses, may hold anything.
    fields = stat.rpartition(b")")[2].split()
    return int(fields[19]) if len(fields) > 19 else 0


def _is_unreaped(pidfd: int) -> bool:
    """Whether the process still has its number."""
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # Not ours to signal, so it is there.
        return True
    return True
