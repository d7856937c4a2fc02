"""Consoles on unix sockets, reached so that nobody can put another socket in between.

Theory of operation. A path is looked up once: `pin` opens the last name with O_PATH
and without following a symbolic link, and all that is checked (type, owner) and all
that is connected to is that descriptor, as `/proc/self/fd/<n>`. Whoever renames or
links in the folder meanwhile changes nothing; 107 bytes of path, the most that fits
in an address, do not limit us; and the kernel cannot give the inode number away
while it is held.

The connection is our own too: a full listen queue answers EAGAIN, which asyncio takes
for success (python/cpython#117208) and anyio on asyncio spins on. QEMU's chardevs serve
one client and queue two, so that is an everyday answer.

Sources: unix(7), open(2) on O_PATH, symlink(7).
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct

import anyio
import anyio.lowlevel

from core.clock import boot_id
from core.endpoints import trouble
from core.endpoints.protocol import Pin
from core.endpoints.sock_diag import peer_inode
from core.endpoints.stream import StreamConsole
from core.errors import ConsoleBroken

RETRY_S = 0.05
"""Between two tries while the queue of waiting clients is full."""

_UCRED = struct.Struct("=iII")
"""struct ucred: pid, uid, gid of whoever listened."""


class UnixPin:
    """A hold on one socket file. Made by `UnixEndpoint.pin`, which owns the checks."""

    def __init__(self, path: str, fd: int, found: os.stat_result) -> None:
        self._path = path
        self._fd = fd
        self._found = found
        self._key = f"{boot_id()}:{found.st_dev:x}:{found.st_ino}:{found.st_ctime_ns}"

    @property
    def key(self) -> str:
        """Names this life across restarts of capture: boot id, device, inode, change time."""
        return self._key

    @property
    def found(self) -> os.stat_result:
        """The socket file as it is now; once closed, as it was when it was pinned."""
        return os.fstat(self._fd) if self._fd >= 0 else self._found

    def fileno(self) -> int:
        """The O_PATH descriptor; -1 once closed."""
        return self._fd

    def is_current(self) -> bool:
        """Whether the path still leads to the pinned socket.

        The change time is no part of this: a chown of the socket is no new life.
        """
        if self._fd < 0:
            return False
        try:
            now = os.stat(self._path, follow_symlinks=False)  # noqa: PTH116 (verbatim path)
        except OSError:
            return False
        return (now.st_dev, now.st_ino) == (self._found.st_dev, self._found.st_ino)

    def close(self) -> None:
        """Let go. Harmless when repeated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class UnixConsole(StreamConsole):
    """A connection to a console's socket."""

    def __init__(self, sock: socket.socket, *, url: str, path: str, peer_pid: int) -> None:
        super().__init__(sock, url=url, name=path, peer_pid=peer_pid)
        self._inode = os.fstat(sock.fileno()).st_ino
        self._was_accepted = False

    def is_accepted(self) -> bool | None:
        """Whether the listener took this connection up; None when the kernel cannot say."""
        if self._was_accepted:
            # The peer's inode goes back to 0 when the peer closes.
            return True
        if self._sock.fileno() < 0:
            return None
        peer = peer_inode(self._inode)
        if peer is None:
            return None
        self._was_accepted = peer != 0
        return self._was_accepted


class UnixEndpoint:
    """A console on a unix socket.

    Args:
        path: of the socket, taken as it stands, of any length the file system takes.
        url: the console's URL as it was given; `unix:<path>` when empty.
    """

    def __init__(self, path: str, *, url: str = "") -> None:
        self._path = path
        self._url = url or f"unix:{path}"

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """The socket's path."""
        return self._path

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def pin(self) -> UnixPin:
        """Take hold of the socket that is at the path now.

        Raises:
            ConsoleAbsent: nothing is there.
            NotASocket: something else is there, such as a symbolic link.
            ConsoleForbidden: it may not be looked at.
            ConsoleError: the kernel refused for another reason.
        """
        with contextlib.ExitStack() as held:
            try:
                fd = open_unfollowed(self._path)
                held.callback(os.close, fd)
                found = os.fstat(fd)
            except OSError as error:
                raise trouble.while_looking(error, self._path) from error
            if not stat.S_ISSOCK(found.st_mode):
                raise trouble.not_a_socket(self._path, found.st_mode)
            held.pop_all()
            return UnixPin(self._path, fd, found)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> UnixConsole:
        """Connect to the pinned socket; only a full queue is tried again, until `timeout_s`.

        Raises:
            ConsoleRefused: nobody listens.
            ConsoleBusy: the queue of waiting clients stayed full.
            ConsoleForbidden: no permission, or a peer that is neither the socket's
                owner nor root nor us.
            ConsoleError: anything else the kernel answered.
        """
        sock, pid = await self.dial(pin, timeout_s=timeout_s)
        return UnixConsole(sock, url=self._url, path=self._path, peer_pid=pid)

    async def dial(self, pin: Pin, *, timeout_s: float) -> tuple[socket.socket, int]:
        """The connected, non-blocking socket and its listener's pid; `connect` says what it raises.

        For whoever has something to say before the console begins.
        """
        if not isinstance(pin, UnixPin):
            raise TypeError("a unix console is connected to through its own pin")
        deadline = anyio.current_time() + timeout_s
        await anyio.lowlevel.checkpoint()
        with contextlib.ExitStack() as held:
            try:
                sock = held.enter_context(
                    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                )
                while not _try_connect(sock, pin):
                    left = deadline - anyio.current_time()
                    if left <= 0:
                        raise trouble.busy(self._path, timeout_s)
                    await anyio.sleep(min(RETRY_S, left))
                pid = self._check_peer(sock, pin)
            except OSError as error:
                raise trouble.while_connecting(error, self._path, pin.found) from error
            held.pop_all()
            return sock, pid

    def close(self) -> None:
        """Holds nothing."""

    def _check_peer(self, sock: socket.socket, pin: UnixPin) -> int:
        """The pid of whoever listens, once that may be trusted."""
        pid, uid = peer_of(sock)
        owner = pin.found.st_uid
        if not is_trusted(uid, owner=owner, ours=os.geteuid()):
            raise trouble.untrusted(self._path, uid, owner)
        return pid


def peer_of(sock: socket.socket) -> tuple[int, int]:
    """Pid and user of whoever listened.

    Raises:
        OSError: the connection is a phantom (ENOTCONN).
    """
    sock.getpeername()
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, _ = _UCRED.unpack(raw)
    return int(pid), int(uid)


def is_trusted(peer: int, *, owner: int, ours: int) -> bool:
    """Whether a listener of user `peer` may serve a socket file of user `owner` to us."""
    return peer in (0, owner, ours)


def open_unfollowed(path: str) -> int:
    """An O_PATH descriptor of what `path` names itself, a link included.

    The folder is opened first, so that links on the way to it are followed and the
    last name is looked up in exactly that folder.
    """
    folder, _, name = path.rpartition("/")
    if "/" in path:
        folder += "/"
    folder_fd = os.open(folder or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.open(name or ".", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder_fd)
    finally:
        os.close(folder_fd)


def _try_connect(sock: socket.socket, pin: UnixPin) -> bool:
    """Connect to what `pin` holds; False when the queue of waiting clients is full."""
    # Asked for at every try: a pin closed meanwhile must not become another's descriptor.
    fd = pin.fileno()
    if fd < 0:
        raise ConsoleBroken("The console was let go of while it was being connected to")
    try:
        sock.connect(f"/proc/self/fd/{fd}")
    except BlockingIOError:
        return False
    return True
