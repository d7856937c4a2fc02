"""A console without a VM: the guest's side is an object, the descriptors are real.

It behaves as a QEMU chardev does. One client is served, two more wait in the queue,
and what the guest prints while nobody is served is gone.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections import deque

import anyio
import anyio.lowlevel

from core.endpoints import trouble
from core.endpoints.protocol import READ_BYTES, Pin
from core.endpoints.unix import RETRY_S, UnixConsole
from core.errors import ConsoleAbsent, ConsoleRefused

QUEUE = 2
"""How many clients may wait: a listen backlog of 1, as QEMU asks for, holds two."""

_lives = itertools.count(1)


class _Link:
    """One connection, seen from the guest. Never blocks: what does not fit waits here."""

    def __init__(self, sock: socket.socket) -> None:
        self.is_accepted = False
        self._sock = sock
        self._unsent: deque[memoryview] = deque()
        self._is_ending = False

    def send(self, data: bytes) -> None:
        self._unsent.append(memoryview(data))
        self.pump()

    def end(self) -> None:
        """Hang up once all that was sent has been read."""
        self._is_ending = True
        self.pump()

    def pump(self) -> None:
        """Move what fits into the socket. Called after every read of the other end."""
        while self._unsent:
            head = self._unsent[0]
            try:
                sent = self._sock.send(head)
            except BlockingIOError:
                return
            if sent < len(head):
                self._unsent[0] = head[sent:]
            else:
                self._unsent.popleft()
        if self._is_ending:
            self._sock.close()

    def close(self) -> None:
        self._unsent.clear()
        self._sock.close()


class MemoryGuest:
    """The guest's side of a `MemoryEndpoint`.

    Attributes:
        is_absent: nothing is at the address: pinning fails.
        is_refusing: nobody listens: connecting fails.
    """

    def __init__(self) -> None:
        self.is_absent = False
        self.is_refusing = False
        self._accepts: bool | None = True
        self._life = next(_lives)
        self._links: list[_Link] = []

    @property
    def accepts(self) -> bool | None:
        """Whether clients are served, one at a time.

        False leaves new ones in the queue, as if another client were there first.
        None serves them and lets `is_accepted` say that the kernel cannot tell.
        """
        return self._accepts

    @accepts.setter
    def accepts(self, accepts: bool | None) -> None:
        self._accepts = accepts
        self._serve()

    @property
    def clients(self) -> int:
        """How many connections there are, waiting ones included."""
        return len(self._links)

    def write(self, data: bytes) -> None:
        """Print `data` on the console. Returns at once, however much it is."""
        served = self._served()
        if served is not None and data:
            served.send(data)

    def hang_up(self) -> None:
        """End every connection; each client still reads what was printed to it."""
        links, self._links = self._links, []
        for link in links:
            link.end()

    def rebind(self) -> None:
        """Begin a new life at the same address: every connection and pin is of the past."""
        self.hang_up()
        self._life = next(_lives)

    # The endpoint's side.

    @property
    def life(self) -> int:
        """Counts lives, over all guests of this process."""
        return self._life

    @property
    def has_room(self) -> bool:
        """Whether one more client finds a place in the queue."""
        waiting = sum(not link.is_accepted for link in self._links)
        return waiting < QUEUE

    def join(self, sock: socket.socket) -> _Link:
        """Take a new client's other end."""
        link = _Link(sock)
        self._links.append(link)
        self._serve()
        return link

    def leave(self, link: _Link) -> None:
        """A client closed: serve the next one."""
        link.close()
        if link in self._links:
            self._links.remove(link)
            self._serve()

    def _served(self) -> _Link | None:
        return next((link for link in self._links if link.is_accepted), None)

    def _serve(self) -> None:
        if self._accepts is not False and self._links and self._served() is None:
            self._links[0].is_accepted = True


class MemoryPin:
    """A hold on one life of a `MemoryGuest`."""

    def __init__(self, guest: MemoryGuest) -> None:
        self._guest = guest
        self._life = guest.life

    @property
    def key(self) -> str:
        """Names this life within this process."""
        return f"memory:{os.getpid()}:{self._life}"

    def is_current(self) -> bool:
        """Whether the guest is still in the pinned life."""
        return not self._guest.is_absent and self._guest.life == self._life

    def close(self) -> None:
        """Let go. Harmless when repeated."""


class MemoryConsole:
    """A client's end of a connection to a `MemoryGuest`."""

    def __init__(self, console: UnixConsole, guest: MemoryGuest, link: _Link) -> None:
        self._console = console
        self._guest = guest
        self._link = link

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._console.url

    @property
    def peer_pid(self) -> int:
        """This process: the guest lives in it."""
        return self._console.peer_pid

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return self._console.fileno()

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What has arrived, empty at end of file.

        Raises:
            BlockingIOError: nothing has arrived.
            ConsoleBroken: the connection failed, or was closed by us.
        """
        data = self._console.read_nowait(max_bytes)
        if data:
            self._link.pump()
        return data

    def is_accepted(self) -> bool | None:
        """Whether the guest serves this connection, or did; None when told not to say."""
        if self._guest.accepts is None or (self.fileno() < 0 and not self._link.is_accepted):
            return None
        return self._link.is_accepted

    def close(self) -> None:
        """Close both ends. Harmless when repeated."""
        self._console.close()
        self._guest.leave(self._link)


class MemoryEndpoint:
    """A console whose guest is `guest`, in this process.

    Args:
        name: for the URL, `memory:<name>`; no URL leads here by itself.
    """

    def __init__(self, name: str = "guest") -> None:
        self.guest = MemoryGuest()
        self._url = f"memory:{name}"

    @property
    def url(self) -> str:
        """The console's URL."""
        return self._url

    @property
    def place(self) -> str:
        """No path tells of a new life."""
        return ""

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def pin(self) -> MemoryPin:
        """Take hold of the guest's present life.

        Raises:
            ConsoleAbsent: the guest is absent.
        """
        if self.guest.is_absent:
            raise ConsoleAbsent(f"{self._url} does not exist", path=self._url)
        return MemoryPin(self.guest)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> MemoryConsole:
        """Connect to the pinned life; only a full queue is tried again, until `timeout_s`.

        Raises:
            ConsoleRefused: the guest refuses, or that life is over.
            ConsoleBusy: the queue of waiting clients stayed full.
        """
        deadline = anyio.current_time() + timeout_s
        await anyio.lowlevel.checkpoint()
        self._check_listening(pin)
        while not self.guest.has_room:
            left = deadline - anyio.current_time()
            if left <= 0:
                raise trouble.busy(self._url, timeout_s)
            await anyio.sleep(min(RETRY_S, left))
            self._check_listening(pin)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        console = UnixConsole(ours, url=self._url, path=self._url, peer_pid=os.getpid())
        return MemoryConsole(console, self.guest, self.guest.join(theirs))

    def close(self) -> None:
        """Holds nothing."""

    def _check_listening(self, pin: Pin) -> None:
        if self.guest.is_refusing or not pin.is_current():
            raise ConsoleRefused(f"Nobody listens on {self._url}", path=self._url)
