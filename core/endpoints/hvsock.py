"""Consoles behind a hybrid vsock: a guest's vsock port through a VMM's unix socket.

Theory of operation. Firecracker and cloud-hypervisor bind one unix socket for a VM.
Whoever connects sends `CONNECT <port>\\n` and is answered `OK <host port>\\n` once the
guest took the connection up; where nobody listens in the guest the VMM closes without
a word. From then on the connection is the guest's.

- The line goes out in one write, whole or not at all: Firecracker reads it from a
  non-blocking socket and drops whoever sent only a part, and cloud-hypervisor 41 took its
  VM down when a client closed in the middle of it (cloud-hypervisor #6798).
- The answer is read byte by byte: the guest's first bytes may follow in the same
  segment, and they belong to the console.
- The port in OK is a number of the VMM's own choice. It is read, not compared.

The socket is pinned as every unix socket is, and is the VM's life. A guest that still
boots refuses for a while: whoever asks again has to pause in between, as capture does.

Sources: Firecracker's docs/vsock.md and src/vmm/src/devices/virtio/vsock/unix/muxer.rs,
cloud-hypervisor's docs/vsock.md.
"""

from __future__ import annotations

import contextlib
import errno
import re
import socket

import anyio

from core.endpoints import stream_trouble, trouble
from core.endpoints.protocol import Pin
from core.endpoints.stream import StreamConsole
from core.endpoints.unix import UnixEndpoint, UnixPin

MAX_REPLY_BYTES = 32
"""`OK 4294967295\\n` has 14; what is longer is no answer to CONNECT."""

_OK = re.compile(rb"OK ([0-9]{1,10})\n")


class OkLine:
    """The answer to CONNECT, taken in byte by byte.

    Attributes:
        said: what was taken in.
        port: the VMM's own, once the line is complete.
    """

    def __init__(self) -> None:
        self.said = b""
        self.port: int | None = None

    def take(self, byte: bytes) -> bool:
        """Take one byte in; whether the line is complete now.

        Raises:
            ValueError: this is no OK line.
        """
        self.said += byte
        if byte != b"\n" and len(self.said) < MAX_REPLY_BYTES:
            return False
        found = _OK.fullmatch(self.said)
        if found is None:
            raise ValueError("no OK line")
        self.port = int(found[1])
        return True


class HvsockConsole(StreamConsole):
    """A connection that the guest took up."""

    def is_accepted(self) -> bool:
        """True: the VMM said OK, and it says so for this connection alone."""
        return True


class HvsockEndpoint:
    """A console on a guest's vsock port, behind a VMM's unix socket.

    Args:
        path: of the VMM's socket, taken as it stands.
        port: in the guest.
        url: the console's URL as it was given; `hvsock:<path>:<port>` when empty.
    """

    def __init__(self, path: str, port: int, *, url: str = "") -> None:
        self._path = path
        self._port = port
        self._url = url or f"hvsock:{path}:{port}"
        self._vmm = UnixEndpoint(path, url=self._url)

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """The path of the VMM's socket."""
        return self._vmm.place

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def pin(self) -> UnixPin:
        """Take hold of the VMM's socket; `UnixEndpoint.pin` says what it raises."""
        return self._vmm.pin()

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> HvsockConsole:
        """Connect to the guest's port through the pinned socket, in `timeout_s` for all of it.

        Raises:
            ConsoleRefused: nobody listens on the socket, or on the port in the guest.
            ConsoleBusy: the queue of clients that wait for the VMM stayed full.
            ConsoleForbidden: no permission, or a peer that is neither the socket's
                owner nor root nor us.
            ConsoleError: no OK, or something else than OK, came in time.
        """
        deadline = anyio.current_time() + timeout_s
        sock, pid = await self._vmm.dial(pin, timeout_s=timeout_s)
        with contextlib.ExitStack() as held:
            held.callback(sock.close)
            with anyio.CancelScope(deadline=deadline) as unanswered:
                await self._ask(sock)
            if unanswered.cancelled_caught:
                raise stream_trouble.hybrid_silent(self._path, self._port, timeout_s)
            held.pop_all()
            return HvsockConsole(sock, url=self._url, name=self._path, peer_pid=pid)

    def close(self) -> None:
        """Holds nothing."""

    async def _ask(self, sock: socket.socket) -> None:
        """Have the VMM connect us to the guest's port."""
        try:
            # Into a buffer that is empty: the kernel takes so few bytes whole, or none.
            sock.send(b"CONNECT %d\n" % self._port, socket.MSG_NOSIGNAL)
            line = OkLine()
            while not line.take(await self._next_byte(sock)):
                pass
        except (BrokenPipeError, ConnectionResetError) as error:
            number = error.errno or 0
            raise stream_trouble.hybrid_refused(self._path, self._port, number) from error
        except OSError as error:
            raise trouble.broken(error, self._path) from error
        except ValueError as error:
            raise stream_trouble.hybrid_garbage(self._path, line.said) from error

    async def _next_byte(self, sock: socket.socket) -> bytes:
        while True:
            try:
                byte = sock.recv(1)
            except BlockingIOError:
                await anyio.wait_readable(sock.fileno())
                continue
            if not byte:
                raise stream_trouble.hybrid_refused(self._path, self._port, errno.ECONNREFUSED)
            return byte
