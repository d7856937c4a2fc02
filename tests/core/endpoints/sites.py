"""The far sides of consoles: what the conformance suite asks of one, and the first two.

Nothing here blocks, waits or runs by itself: `pump` moves what can be moved. Those of
the other streams are in `sites_stream`.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from core.endpoints import Endpoint, MemoryEndpoint, UnixEndpoint

NOBODY = 65534


def open_descriptors() -> int:
    """How many descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (Path.iterdir opens as many)


@contextlib.contextmanager
def without_root() -> Iterator[None]:
    """As a user whom file modes hold back: nobody, when the tests run as root."""
    if os.geteuid():
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def listen(path: Path, *, backlog: int = 1) -> socket.socket:
    """A non-blocking listener, by default with QEMU's backlog."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    listener.bind(str(path))
    listener.listen(backlog)
    return listener


class Site(Protocol):
    """The far side of one endpoint."""

    @property
    def endpoint(self) -> Endpoint: ...
    @property
    def held(self) -> int:
        """How many descriptors of this process the far side has."""

    @property
    def is_asked(self) -> bool:
        """Whether connecting takes an answer: then it is pumped meanwhile."""

    def write(self, data: bytes) -> None: ...
    def hang_up(self) -> None:
        """End the connections once all that was written has been read."""

    def set_accepting(self, accepting: bool) -> None:
        """Serve one client, or leave all of them in the queue."""

    def rebind(self) -> None: ...
    def refuse(self) -> None:
        """Stay at the address and listen no more."""

    def vanish(self) -> None:
        """Leave the address."""

    def pump(self) -> None: ...
    def close(self) -> None: ...


class MemorySite:
    def __init__(self) -> None:
        self._endpoint = MemoryEndpoint()

    @property
    def endpoint(self) -> MemoryEndpoint:
        return self._endpoint

    @property
    def held(self) -> int:
        return self._endpoint.guest.clients

    @property
    def is_asked(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self._endpoint.guest.write(data)

    def hang_up(self) -> None:
        self._endpoint.guest.hang_up()

    def set_accepting(self, accepting: bool) -> None:
        self._endpoint.guest.accepts = accepting

    def rebind(self) -> None:
        self._endpoint.guest.rebind()

    def refuse(self) -> None:
        self._endpoint.guest.is_refusing = True

    def vanish(self) -> None:
        self._endpoint.guest.is_absent = True

    def pump(self) -> None:
        pass

    def close(self) -> None:
        assert self._endpoint.guest.clients == 0, "a test left a console open"


class ServingSite:
    """A server that serves one client at a time, as QEMU does.

    Args:
        bind: makes the listener, each time anew.
    """

    is_asked = False

    def __init__(self, bind: Callable[[], socket.socket]) -> None:
        self._bind = bind
        self._listener = bind()
        self._served: socket.socket | None = None
        self._unsent = memoryview(b"")
        self._is_accepting = True
        self._is_ending = False

    @property
    def held(self) -> int:
        return (self._listener.fileno() >= 0) + (self._served is not None)

    def write(self, data: bytes) -> None:
        self._unsent = memoryview(bytes(self._unsent) + data)
        self.pump()

    def hang_up(self) -> None:
        self._is_ending = True
        self.pump()

    def set_accepting(self, accepting: bool) -> None:
        self._is_accepting = accepting
        self.pump()

    def rebind(self) -> None:
        self.vanish()
        self._drop()
        self._listener = self._bind()

    def refuse(self) -> None:
        self._listener.close()

    def vanish(self) -> None:
        self._listener.close()

    def pump(self) -> None:
        self._notice_departure()
        if self._served is None and self._is_accepting and self._listener.fileno() >= 0:
            with contextlib.suppress(BlockingIOError):
                self._served, _ = self._listener.accept()
                self._served.setblocking(False)
                self._greet(self._served)
        if self._served is None:
            return
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[self._served.send(self._unsent) :]
        if self._is_ending and not self._unsent:
            self._is_ending = False
            self._drop()

    def close(self) -> None:
        self._drop()
        self._listener.close()

    def _greet(self, served: socket.socket) -> None:
        """What a transport's server does before the console begins."""

    def _notice_departure(self) -> None:
        if self._served is not None:
            with contextlib.suppress(BlockingIOError):
                if not self._served.recv(1):
                    self._drop()

    def _drop(self) -> None:
        if self._served is not None:
            self._served.close()
            self._served = None


class UnixSite(ServingSite):
    def __init__(self, path: Path) -> None:
        super().__init__(lambda: listen(path))
        self._path = path
        self._endpoint = UnixEndpoint(str(path))

    @property
    def endpoint(self) -> UnixEndpoint:
        return self._endpoint

    def vanish(self) -> None:
        super().vanish()
        self._path.unlink()
