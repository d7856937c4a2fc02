"""The far sides of consoles over hybrid vsock, vsock, TCP, telnet, and of those that dial."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from core.endpoints.hvsock import HvsockEndpoint
from core.endpoints.listen import ListenEndpoint
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.telnet import TelnetEndpoint
from core.endpoints.vsock import VsockEndpoint
from core.errors import ConsoleAbsent
from tests.core.endpoints.sites import ServingSite, listen

PORT = 1026
"""In the guest: Kata's debug console."""

VMM_PORT = 1 << 30
"""What Firecracker says in OK: a port of its own."""


def listen_tcp(host: str, port: int = 0, *, backlog: int = 1) -> socket.socket:
    """A non-blocking listener with QEMU's backlog, at `port` again as soon as it is left."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(backlog)
    return listener


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listened on a moment ago."""
    with listen_tcp(host) as listener:
        port: int = listener.getsockname()[1]
        return port


class HvsockSite(ServingSite):
    """A VMM that connects its clients to the guest, where one port is listened on."""

    is_asked = True

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: listen(path))
        self._path = path
        self._endpoint = HvsockEndpoint(str(path), PORT)
        self._asked: bytes | None = None

    @property
    def endpoint(self) -> HvsockEndpoint:
        return self._endpoint

    def vanish(self) -> None:
        super().vanish()
        self._path.unlink()

    def _greet(self, served: socket.socket) -> None:
        self._asked = b""

    def _notice_departure(self) -> None:
        if self._served is None or self._asked is None:
            super()._notice_departure()
            return
        with contextlib.suppress(BlockingIOError):
            piece = self._served.recv(64)
            self._asked += piece
            if not piece:
                self._drop()
            elif self._asked == b"CONNECT %d\n" % PORT:
                self._asked = None
                self._served.send(b"OK %d\n" % VMM_PORT)


class VsockSite(ServingSite):
    """A guest that is reached over TCP instead."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__(lambda: listen_tcp("127.0.0.1", port))

        def dial(cid: int, guest_port: int) -> tuple[socket.socket, tuple[str, int]]:
            assert (cid, guest_port) == (3, PORT)
            return socket.socket(), ("127.0.0.1", port)

        self._endpoint = VsockEndpoint(3, PORT, dial=dial)

    @property
    def endpoint(self) -> VsockEndpoint:
        return self._endpoint


class TcpSite(ServingSite):
    def __init__(self, host: str) -> None:
        at = "127.0.0.1" if host == "localhost" else host
        port = free_port(at)
        super().__init__(lambda: listen_tcp(at, port))
        self._endpoint = TcpEndpoint(host, port)

    @property
    def endpoint(self) -> TcpEndpoint:
        return self._endpoint


class TelnetSite(ServingSite):
    """A server that negotiates, and escapes what the guest prints, or does not."""

    def __init__(self, *, opening: bytes, escape: Callable[[bytes], bytes]) -> None:
        port = free_port()
        super().__init__(lambda: listen_tcp("127.0.0.1", port))
        self._endpoint = TelnetEndpoint("127.0.0.1", port)
        self._opening = opening
        self._escape = escape

    @property
    def endpoint(self) -> TelnetEndpoint:
        return self._endpoint

    def write(self, data: bytes) -> None:
        super().write(self._escape(data))

    def _greet(self, served: socket.socket) -> None:
        served.send(self._opening)


def rfc_escaped(data: bytes) -> bytes:
    """As RFC 854 wants it, with a command in between now and then."""
    return data.replace(b"\xff", b"\xff\xff") + b"\xff\xf1"


class ListenSite:
    """A VMM that dials, and again when its console is lost."""

    is_asked = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoint = ListenEndpoint(str(path))
        with contextlib.suppress(ConsoleAbsent):
            self._endpoint.pin()
        self._dialed: socket.socket | None = None
        self._unsent = memoryview(b"")
        self._is_ending = False
        self._dial()

    @property
    def endpoint(self) -> ListenEndpoint:
        return self._endpoint

    @property
    def held(self) -> int:
        return int(self._dialed is not None)

    def write(self, data: bytes) -> None:
        self._unsent = memoryview(bytes(self._unsent) + data)
        self.pump()

    def hang_up(self) -> None:
        self._is_ending = True
        self.pump()

    def set_accepting(self, accepting: bool) -> None:
        raise NotImplementedError("a VMM that dials leaves nobody in a queue")

    def rebind(self) -> None:
        self.vanish()
        self._dial()

    def refuse(self) -> None:
        raise NotImplementedError("a VMM that dials refuses nobody")

    def vanish(self) -> None:
        if self._dialed is not None:
            self._dialed.close()
            self._dialed = None

    def pump(self) -> None:
        if self._dialed is None:
            return
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[self._dialed.send(self._unsent) :]
        if self._is_ending and not self._unsent:
            self._is_ending = False
            self.vanish()

    def close(self) -> None:
        self.vanish()
        self._endpoint.close()

    def _dial(self) -> None:
        self._dialed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._dialed.connect(str(self._path))
        self._dialed.setblocking(False)
