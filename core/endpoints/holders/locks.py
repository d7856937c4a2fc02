"""Locks on a terminal: files that name their holder's pid, and flock(2).

UUCP locks are files `LCK..<name>` in /var/lock with a pid inside, in ten decimal
digits or as four bytes. Names differ: minicom, picocom and lockdev write
`LCK..pts_3` or `LCK..ttyS0`, libvirt `LCK.._pts_3` (its virsh console takes one for
a VM's pty, with libvirtd's pid inside). A lock whose process is gone, or younger than the
lock, is stale.

flock'd terminals (tio, picocom, agetty, ser2net) are in /proc/locks for all to see.

Not looked at: xenconsole's flock'd `<Xen's lock folder>/xenconsole.<domid>`, since a
terminal's path does not tell the domain. xenconsole has the terminal open besides,
so that the scan of descriptors finds it where it may be seen.

Sources: FHS 3.0 on /var/lock; libvirt's src/conf/virchrdev.c (virChrdevLockFilePath);
Xen's tools/console/client/main.c; Documentation/filesystems/proc.rst on /proc/locks.
"""

from __future__ import annotations

import os
import stat
import struct

from core.clock import now
from core.endpoints.holders.procfs import PROC, Process, process

LOCKS = "/var/lock"

_MAX_LOCK_BYTES = 64
_MAX_LOCKS_BYTES = 1024 * 1024
_BINARY_PID = struct.Struct("=i")
_CLOCK_SLACK_S = 5.0


def uucp_holder(device: str, *, folder: str = LOCKS, proc: str = PROC) -> Process | None:
    """The process that locked the terminal at path `device`; None when none that runs did."""
    for name in _lock_names(device):
        found = _read_lock(f"{folder}/{name}")
        if found is None:
            continue
        pid, written = found
        holder = process(pid, proc=proc)
        if holder is not None and _started_wall(holder) <= written + _CLOCK_SLACK_S:
            return holder
    return None


def flock_holders(device: os.stat_result, *, proc: str = PROC) -> tuple[Process, ...]:
    """The processes that hold a flock(2) on the terminal."""
    try:
        with open(f"{proc}/locks", "rb") as file:  # noqa: PTH123 (of /proc)
            raw = file.read(_MAX_LOCKS_BYTES)
    except OSError:
        return ()
    major, minor = os.major(device.st_dev), os.minor(device.st_dev)
    wanted = b"%02x:%02x:%d" % (major, minor, device.st_ino)
    found = []
    for line in raw.splitlines():
        # 1: FLOCK  ADVISORY  WRITE 1234 00:18:6 0 EOF
        fields = line.split()
        if len(fields) > 5 and fields[1] == b"FLOCK" and fields[5] == wanted:
            holder = process(int(fields[4]), proc=proc) if fields[4].isdigit() else None
            if holder is not None:
                found.append(holder)
    return tuple(found)


def _lock_names(device: str) -> tuple[str, ...]:
    place = device.removeprefix("/dev/")
    flat = place.replace("/", "_")
    return (f"LCK..{flat}", f"LCK.._{flat}", f"LCK..{place.replace('/', '-')}")


def _read_lock(path: str) -> tuple[int, float] | None:
    """The pid in a lock file, and when it was written."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return None
        raw = os.read(fd, _MAX_LOCK_BYTES)
    except OSError:
        return None
    finally:
        os.close(fd)
    # Some write their name behind the pid.
    words = raw.split(maxsplit=1)
    pid = 0
    if words and words[0].isdigit() and len(words[0]) <= 10:
        pid = int(words[0])
    elif len(raw) == _BINARY_PID.size:
        pid = int(_BINARY_PID.unpack(raw)[0])
    return (pid, found.st_mtime) if pid > 0 else None


def _started_wall(holder: Process) -> float:
    """When a process started: seconds since the epoch."""
    at = now()
    return at.wall - at.boot + holder.started / os.sysconf("SC_CLK_TCK")
