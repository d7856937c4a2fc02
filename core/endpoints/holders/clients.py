"""Who is on a listening unix socket, out of what the kernel tells of all of them.

Sources: net/unix/af_unix.c (unix_seq_show: an inode of 0 is a connection in the queue).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.endpoints.holders.procfs import PROC
from core.endpoints.sock_diag import UnixSocket
from core.endpoints.unix import open_unfollowed

_MAX_TABLE_BYTES = 16 * 1024 * 1024
_ACCEPTS_CONNECTIONS = 0x10000
"""__SO_ACCEPTCON. Source: linux/net.h."""
_CONNECTED = b"03"
"""SS_CONNECTED. Source: linux/net.h."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Those on one listening socket.

    Attributes:
        listener: the listening socket; None when none is seen from here.
        accepted: the server's ends of the connections it took up, none that was closed.
        waiting: inodes of the clients in the queue, in their order; none that left.
    """

    listener: UnixSocket | None = None
    accepted: tuple[UnixSocket, ...] = ()
    waiting: tuple[int, ...] = ()


def clients_of(path: str, found: os.stat_result, sockets: Iterable[UnixSocket]) -> Clients:
    """Those on the socket file at `path`, which was `found`, among `sockets`.

    The file's number tells, not its name: a name as bound may be relative, lead through
    /proc/self/fd or be of another mount namespace, and an old server may live on at a
    path where a new one was bound.
    """
    listener = None
    accepted = []
    for sock in _bound_to(path, found, sockets):
        if sock.is_listening:
            listener = sock
        elif sock.peer:
            accepted.append(sock)
    waiting = tuple(inode for inode in listener.waiting if inode) if listener else ()
    return Clients(listener, tuple(accepted), waiting)


def _bound_to(path: str, found: os.stat_result, sockets: Iterable[UnixSocket]) -> list[UnixSocket]:
    """Those among `sockets` whose file is the one at `path`."""
    inode = found.st_ino & 0xFFFFFFFF
    alike = [sock for sock in sockets if sock.file is not None and sock.file[0] == inode]
    exact = [sock for sock in alike if sock.file == (inode, found.st_dev)]
    if exact or not alike:
        return exact
    device = _mounted_device(path)
    return [sock for sock in alike if sock.file == (inode, device)]


def _mounted_device(path: str) -> int | None:
    """The device of the file system that `path` is on, as the kernel itself counts it.

    On btrfs and overlayfs `st_dev` is another number, made for a part of it.
    """
    try:
        fd = open_unfollowed(path)
        try:
            mount = _field(Path(f"/proc/self/fdinfo/{fd}").read_bytes(), b"mnt_id:")
        finally:
            os.close(fd)
        with Path("/proc/self/mountinfo").open("rb") as file:
            lines = file.read(_MAX_TABLE_BYTES).splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        # 36 35 98:0 /root /mount-point …
        fields = line.split(None, 3)
        if len(fields) > 3 and fields[0] == mount:
            major, _, minor = fields[2].partition(b":")
            return os.makedev(int(major), int(minor))
    return None


def _field(fdinfo: bytes, key: bytes) -> bytes:
    for line in fdinfo.splitlines():
        if line.startswith(key):
            return line.removeprefix(key).strip()
    return b""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is on a socket in another process's network namespace: who, is not told there.

    Attributes:
        is_listened: whether it listens.
        connections: how many it took up.
        is_only_bound: whether it is bound and no more: it is about to listen.
    """

    is_listened: bool = False
    connections: int = 0
    is_only_bound: bool = False


def clients_elsewhere(pid: int, name: str, *, proc: str = PROC) -> Elsewhere | None:
    """Those on the socket that was bound as `name`, by the kernel tables of process `pid`.

    A VMM of Kata's is in its pod's network namespace, where sock_diag does not reach. An
    accepted connection is in its client's. None when the tables cannot be read.
    """
    try:
        with open(f"{proc}/{pid}/net/unix", "rb") as file:  # noqa: PTH123 (of /proc)
            table = file.read(_MAX_TABLE_BYTES)
    except OSError:
        return None
    is_bound = is_listened = False
    connections = 0
    for line in table.split(b"\n")[1:]:
        # Num RefCount Protocol Flags Type St Inode Path
        fields = line.split(None, 7)
        if len(fields) < 8 or fields[7] != os.fsencode(name):
            continue
        is_bound = True
        with contextlib.suppress(ValueError):
            if int(fields[3], 16) & _ACCEPTS_CONNECTIONS:
                is_listened = True
            elif fields[5] == _CONNECTED and int(fields[6]):
                connections += 1
    is_only_bound = is_bound and not is_listened and not connections
    return Elsewhere(is_listened, connections, is_only_bound)
