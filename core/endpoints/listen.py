"""Consoles that the VMM brings: we listen, and it dials.

QEMU's client mode: `-chardev socket,path=…,server=off,reconnect=1`.

Theory of operation. The first `pin` binds the socket, and it stays bound until `close`:
a VM that starts finds it there, and what it prints from its first byte on lies in the
connection until that is read. A pin takes one dialer out of the queue; every connection
is a life of its own. Without one `pin` says that no VMM has dialed, as it says for other
transports that nothing is there, and whoever watches looks again.

One VMM at a time. Who dials while another's connection is open is hung up on at once: a
VM without a client runs on, one whose client does not read is slowed down or loses what
it prints, and QEMU dials again by itself every `reconnect` seconds. Who dials once the
other has hung up is the next life and waits in the queue, also while the last words
of the one before are yet to be read. For this a console's descriptor is an epoll of two:
the connection, and the listener behind it.

Only ourselves and root may dial. The socket is 0600, and SO_PEERCRED is looked at too.

Sources: unix(7); QEMU's chardev/char-socket.c; `listener`.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct

import anyio.lowlevel

from core.clock import boot_id
from core.endpoints import listen_trouble
from core.endpoints.listener import Listener
from core.endpoints.protocol import READ_BYTES, Pin
from core.endpoints.stream import StreamConsole

_UCRED = struct.Struct("=iII")
"""struct ucred: pid, uid, gid of whoever dialed."""

_HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class _Life:
    """One connection that a VMM made."""

    def __init__(self, sock: socket.socket, pid: int, key: str) -> None:
        self.sock = sock
        self.pid = pid
        self.key = key
        self.is_taken = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be had from it any more."""
        if self.sock.fileno() < 0:
            return True
        if not has_hung_up(self.sock):
            return False
        return self.is_taken or not self._holds_bytes()

    def _holds_bytes(self) -> bool:
        try:
            return bool(self.sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False


class ListenPin:
    """A hold on one connection. Made by `ListenEndpoint.pin`."""

    def __init__(self, endpoint: ListenEndpoint, life: _Life) -> None:
        self._endpoint = endpoint
        self.life = life
        self._is_open = True

    @property
    def key(self) -> str:
        """Names this connection: the boot, the binding, and how many dialed before it."""
        return self.life.key

    def is_current(self) -> bool:
        """Whether this connection is still the one, and the path leads to us."""
        return self._is_open and self._endpoint.is_present(self.life)

    def close(self) -> None:
        """Let go. The connection itself waits for whoever pins next. Harmless when repeated."""
        self._is_open = False


class ListenConsole(StreamConsole):
    """A VMM's connection, and the door to it kept shut for others meanwhile."""

    def __init__(self, life: _Life, listener: socket.socket, *, url: str, path: str) -> None:
        super().__init__(life.sock, url=url, name=path, peer_pid=life.pid)
        self._listener = listener
        self._epoll = select.epoll()
        self._epoll.register(life.sock, select.EPOLLIN | select.EPOLLRDHUP)
        self._epoll.register(listener, select.EPOLLIN)

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return -1 if self._epoll.closed else self._epoll.fileno()

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What has arrived, empty at end of file. Whoever else dials meanwhile is hung up on.

        Raises:
            BlockingIOError: nothing has arrived.
            ConsoleBroken: the connection failed, or was closed by us.
        """
        if self._sock.fileno() >= 0 and not has_hung_up(self._sock):
            turn_away(self._listener)
        return super().read_nowait(max_bytes)

    def is_accepted(self) -> bool:
        """True: it was we who accepted."""
        return True

    def close(self) -> None:
        """Close the connection; the socket stays bound. Harmless when repeated."""
        self._epoll.close()
        super().close()


class ListenEndpoint:
    """A console that a VMM dials.

    Args:
        path: where to listen, taken as it stands.
        url: the console's URL as it was given; `listen:<path>` when empty.
    """

    def __init__(self, path: str, *, url: str = "") -> None:
        self._path = path
        self._url = url or f"listen:{path}"
        self._listener: Listener | None = None
        self._life: _Life | None = None
        self._dialed = 0

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """Empty: the path is bound by us, and no look at it tells who dials."""
        return ""

    @property
    def arrivals(self) -> int:
        """The bound socket's descriptor; -1 while it is not bound."""
        return self._listener.sock.fileno() if self._listener is not None else -1

    def pin(self) -> ListenPin:
        """Listen, and take hold of the connection that a VMM made.

        Raises:
            ConsoleAbsent: no VMM has dialed.
            NotASocket: something else is at the path.
            ConsoleForbidden: the path is another user's or may not be bound, or a
                stranger dialed.
            ConsoleBusy: another program listens there.
            ConsoleError: the path cannot be bound for another reason, or too many files
                are open to take up who dialed.
        """
        listener = self._bound()
        if self._life is None or self._life.is_over:
            if self._life is not None and not self._life.is_taken:
                self._life.sock.close()
            self._life = self._next(listener)
        return ListenPin(self, self._life)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> ListenConsole:
        """Open the pinned connection. It is made already: this takes no time.

        Raises:
            ConsoleRefused: the VMM has hung up.
            ConsoleBusy: the connection is being read already.
            ConsoleError: too many files are open.
        """
        if not isinstance(pin, ListenPin):
            raise TypeError("a dialed console is opened through its own pin")
        await anyio.lowlevel.checkpoint()
        life = pin.life
        if self._listener is None or not pin.is_current():
            raise listen_trouble.hung_up(self._path)
        if life.is_taken:
            raise listen_trouble.taken(self._path)
        try:
            console = ListenConsole(life, self._listener.sock, url=self._url, path=self._path)
        except OSError as error:
            raise listen_trouble.while_accepting(error, self._path) from error
        life.is_taken = True
        return console

    def close(self) -> None:
        """Unbind the socket, and hang up on who dialed and was never opened."""
        if self._life is not None and not self._life.is_taken:
            self._life.sock.close()
        self._life = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def is_present(self, life: _Life) -> bool:
        """Whether `life` goes on, at our path."""
        return (
            life is self._life
            and not life.is_over
            and self._listener is not None
            and self._listener.is_bound()
        )

    def _bound(self) -> Listener:
        if self._listener is not None and not self._listener.is_bound():
            # Somebody removed it: who dials the path does not come to us any more.
            self._listener.close()
            self._listener = None
        if self._listener is None:
            self._listener = Listener(self._path)
        return self._listener

    def _next(self, listener: Listener) -> _Life:
        """The next connection in the queue."""
        try:
            sock, _ = listener.sock.accept()
        except BlockingIOError as error:
            raise listen_trouble.nobody_dialed(self._path) from error
        except OSError as error:
            raise listen_trouble.while_accepting(error, self._path) from error
        sock.setblocking(False)
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, uid, _ = _UCRED.unpack(raw)
        if not may_dial(uid, ours=os.geteuid()):
            sock.close()
            raise listen_trouble.dialed_by_stranger(self._path, uid)
        self._dialed += 1
        return _Life(sock, pid, f"{boot_id()}:{listener.life}:{self._dialed}")


def may_dial(peer: int, *, ours: int) -> bool:
    """Whether a VMM of user `peer` may bring us its console."""
    return peer in (0, ours)


def has_hung_up(sock: socket.socket) -> bool:
    """Whether the other end closed, though there may be bytes to read yet."""
    poll = select.poll()
    poll.register(sock, _HUNG_UP)
    return bool(poll.poll(0))


def turn_away(listener: socket.socket) -> None:
    """Hang up on whoever waits in the queue."""
    # A listener that was closed meanwhile has no queue any more.
    with contextlib.suppress(OSError):
        while True:
            listener.accept()[0].close()
