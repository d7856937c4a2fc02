"""Which process has a socket or a device open, as far as we may see.

A process's descriptors are seen by root and by its own user; the kernel gives the
name, the start time and the controlling terminal of every process to all. Whoever
was looked for and not found may therefore run where we cannot look: `hidden` says
how many such processes there are.

Everything here may vanish between two reads, and does. Names are hostile text.

Sources: proc(5), proc_pid_fd(5), proc_pid_stat(5); Documentation/filesystems/proc.rst
on tty-index.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from core.sandboxes.vmm import family_named

PROC = "/proc"

MAX_SCAN_S = 0.4
"""A scan for sockets that takes longer is cut off: then a name is missing."""

MAX_OPENERS_S = 1.0
"""The same for a scan for a terminal's openers: it has to see every process to say nobody.

900 processes with 40 descriptors each take 0.1 s of a processor.
"""

MAX_DESCRIPTORS = 20_000
"""How many of one process are looked at: anybody may open a million."""

MAX_CMDLINE_BYTES = 256 * 1024
"""libvirt's longest command lines are a tenth of it."""

_MAX_STAT_BYTES = 4096
_NAME_CHARACTERS = 64
"""The kernel keeps 15 bytes of a program's name; workers of its own have longer ones."""

_UNIX98_SLAVE_MAJORS = range(136, 144)


@dataclass(frozen=True, slots=True)
class Process:
    """One process: pid and start time together name it, since a pid is given away again.

    Attributes:
        name: as it calls itself; hostile.
        started: clock ticks from boot to its start.
    """

    pid: int
    name: str
    started: int


@dataclass(frozen=True, slots=True)
class SocketOwners:
    """Who has which sockets open.

    Attributes:
        found: the first process that has it, by the socket's inode.
        hidden: how many processes would not show their descriptors.
        is_whole: whether every process was looked at, or all that was wanted was found.
    """

    found: dict[int, Process]
    hidden: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Opener:
    """A process that has a terminal open, and one of its descriptors; -1 when unseen."""

    process: Process
    fd: int


@dataclass(frozen=True, slots=True)
class Openers:
    """Who has a terminal open.

    Attributes:
        found: without the one who serves it.
        master: of a pty, the process at its other side: the VMM.
        hidden, is_whole: as in `SocketOwners`.
    """

    found: tuple[Opener, ...]
    master: Process | None
    hidden: int
    is_whole: bool


def process(pid: int, *, proc: str = PROC) -> Process | None:
    """The process with this pid; None when there is none."""
    fields = _stat_fields(pid, proc)
    return None if fields is None else Process(pid, fields[0], fields[2])


def is_running(process: Process, *, proc: str = PROC) -> bool:
    """Whether that very process still runs: its pid may have been given to another."""
    fields = _stat_fields(process.pid, proc)
    return fields is not None and fields[2] == process.started


def command_line(pid: int, *, proc: str = PROC) -> list[str]:
    """The arguments a process was started with, in its own words; empty when unseen."""
    raw = _read(f"{proc}/{pid}/cmdline", MAX_CMDLINE_BYTES)
    return [os.fsdecode(word) for word in raw.removesuffix(b"\0").split(b"\0")] if raw else []


def owner_uid(pid: int, *, proc: str = PROC) -> int | None:
    """Whose process it is; None when there is none."""
    try:
        return os.stat(f"{proc}/{pid}").st_uid  # noqa: PTH116 (hot)
    except OSError:
        return None


def pids(*, proc: str = PROC) -> list[int]:
    """All the pids there are now.

    Raises:
        OSError: we have no descriptor left to look with.
    """
    try:
        return [int(name) for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208
    except OSError as error:
        _unless_gone(error)
        return []


def socket_owners(
    inodes: Collection[int], *, first: Collection[int] = (), proc: str = PROC
) -> SocketOwners:
    """Who has the sockets `inodes` open: one scan for all of them.

    Args:
        inodes: of sockets; 0 is nobody's.
        first: pids to look at before all others, such as a known VMM's.
    """
    wanted = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, Process] = {}
    hidden = 0
    deadline = time.monotonic() + MAX_SCAN_S
    for pid in _in_order(first, proc):
        if len(found) == len(wanted) or time.monotonic() > deadline:
            break
        try:
            for _, link in _descriptors(pid, proc):
                inode = wanted.get(link)
                if inode is not None and inode not in found:
                    owner = process(pid, proc=proc)
                    if owner is not None:
                        found[inode] = owner
        except PermissionError:
            hidden += 1
    else:
        return SocketOwners(found, hidden, is_whole=True)
    return SocketOwners(found, hidden, is_whole=len(found) == len(wanted))


def openers(device: os.stat_result, *, ours: Collection[int] = (), proc: str = PROC) -> Openers:
    """Who has the terminal `device` open, apart from `ours` and from who serves it."""
    found: list[Opener] = []
    master: Process | None = None
    hidden = 0
    deadline = time.monotonic() + MAX_OPENERS_S
    is_whole = True
    may_lead = _guess(device)
    for pid in pids(proc=proc):
        if time.monotonic() > deadline:
            is_whole = False
            break
        if pid in ours:
            continue
        try:
            for fd, link in _descriptors(pid, proc):
                if link.endswith("ptmx") and _is_master(f"{proc}/{pid}/fdinfo/{fd}", device):
                    master = process(pid, proc=proc) or master
                elif may_lead(link) and _is_same(f"{proc}/{pid}/fd/{fd}", device):
                    owner = process(pid, proc=proc)
                    if owner is not None:
                        found.append(Opener(owner, fd))
                        break
        except PermissionError:
            hidden += 1
            fields = _stat_fields(pid, proc)
            if fields is not None and fields[1] == device.st_rdev:
                found.append(Opener(Process(pid, fields[0], fields[2]), -1))
    others = tuple(o for o in found if master is None or o.process.pid != master.pid)
    return Openers(others, master, hidden, is_whole)


def is_open_in(opener: Opener, device: os.stat_result, *, proc: str = PROC) -> bool:
    """Whether an opener still has the device open at the same descriptor."""
    if not is_running(opener.process, proc=proc):
        return False
    return opener.fd < 0 or _is_same(f"{proc}/{opener.process.pid}/fd/{opener.fd}", device)


def _in_order(first: Collection[int], proc: str) -> Iterator[int]:
    """All pids: `first`, then VMMs, who serve consoles, then the newest, who are clients."""
    yield from first
    others = sorted((pid for pid in pids(proc=proc) if pid not in first), reverse=True)
    rest = []
    for pid in others:
        name = _read(f"{proc}/{pid}/comm", _MAX_STAT_BYTES)
        if family_named(name.decode(errors="replace")):
            yield pid
        else:
            rest.append(pid)
    yield from rest


def _descriptors(pid: int, proc: str) -> Iterator[tuple[int, str]]:
    """A process's descriptors and what they lead to; none when it is gone.

    Raises:
        PermissionError: it is another user's.
        OSError: we have no descriptor left to look with.
    """
    try:
        folder = os.open(f"{proc}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        _unless_gone(error)
        return
    try:
        for name in os.listdir(folder)[:MAX_DESCRIPTORS]:  # noqa: PTH208 (of a descriptor)
            # From the folder on: a third less time than by the whole path.
            with contextlib.suppress(FileNotFoundError):
                yield int(name), os.readlink(name, dir_fd=folder)
    except OSError as error:
        _unless_gone(error)
    finally:
        os.close(folder)


def _unless_gone(error: OSError) -> None:
    """Raise `error` unless it says no more than that a process has exited meanwhile."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE):
        raise error


def _guess(device: os.stat_result) -> Callable[[str], bool]:
    """Tells by a link's text whether it may lead to the terminal.

    Looking at whatever is open would wait for a file server that hangs.
    """
    if os.major(device.st_rdev) in _UNIX98_SLAVE_MAJORS:
        # Its devpts may be mounted anywhere, or nowhere that we see.
        name = f"/{os.minor(device.st_rdev)}"
        return lambda link: link.endswith(name)
    return lambda link: link.startswith("/dev/")


def _is_same(path: str, device: os.stat_result) -> bool:
    try:
        found = os.stat(path)  # noqa: PTH116 (hot)
    except OSError:
        return False
    # A device node may stand in many places; a pty's number is of its own devpts.
    is_pty = os.major(device.st_rdev) in _UNIX98_SLAVE_MAJORS
    return (
        stat.S_ISCHR(found.st_mode)
        and found.st_rdev == device.st_rdev
        and (found.st_dev == device.st_dev or not is_pty)
    )


def _is_master(fdinfo: str, device: os.stat_result) -> bool:
    """Whether a descriptor of /dev/ptmx is the other side of the terminal `device`."""
    if os.major(device.st_rdev) not in _UNIX98_SLAVE_MAJORS:
        return False
    for line in _read(fdinfo, _MAX_STAT_BYTES).splitlines():
        key, _, value = line.partition(b":")
        if key == b"tty-index":
            return value.strip() == b"%d" % os.minor(device.st_rdev)
    return False


def _stat_fields(pid: int, proc: str) -> tuple[str, int, int] | None:
    """Name, controlling terminal and start time of a process."""
    raw = _read(f"{proc}/{pid}/stat", _MAX_STAT_BYTES)
    # The name may hold spaces and brackets; the rest follows its last bracket.
    head, _, tail = raw.rpartition(b")")
    fields = tail.split()
    name = head.partition(b"(")[2].decode(errors="replace")[:_NAME_CHARACTERS]
    with contextlib.suppress(ValueError, IndexError):
        return name, int(fields[4]) & 0xFFFFFFFF, int(fields[19])
    return None


def _read(path: str, most: int) -> bytes:
    """The beginning of a file in /proc; empty when it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (hot)
            return file.read(most)
    except OSError:
        return b""
