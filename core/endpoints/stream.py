"""What every stream socket shares, whatever family it is of: connecting, reading, closing."""

from __future__ import annotations

import errno
import os
import socket

import anyio

from core.endpoints import trouble
from core.endpoints.protocol import READ_BYTES

SocketAddress = tuple[str | int | bytes, ...]
"""What a family's sockets connect to."""


class StreamConsole:
    """An open connection, read by readiness. What proves it ours is each transport's own.

    Args:
        sock: connected and non-blocking; closed with the console.
        url: the console's URL, as it was given.
        name: of the far end, for messages.
        peer_pid: the process at the other end; 0 when unknown.
    """

    def __init__(self, sock: socket.socket, *, url: str, name: str, peer_pid: int = 0) -> None:
        self._sock = sock
        self._url = url
        self._name = name
        self._peer_pid = peer_pid

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def peer_pid(self) -> int:
        """The process at the other end; 0 when it cannot be known."""
        return self._peer_pid

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return self._sock.fileno()

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What has arrived, empty at end of file.

        Raises:
            BlockingIOError: nothing has arrived.
            ConsoleBroken: the connection failed, or was closed by us.
        """
        try:
            return self._sock.recv(max_bytes)
        except BlockingIOError:
            raise
        except OSError as error:
            raise trouble.broken(error, self._name) from error

    def close(self) -> None:
        """Close the descriptor. Harmless when repeated."""
        self._sock.close()


class AddressPin:
    """A hold on nothing but an address, where the kernel cannot tell one life from the next."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._is_open = True

    @property
    def key(self) -> str:
        """The boot id and the address: whatever answers there, recording goes on."""
        return self._key

    def is_current(self) -> bool:
        """True until it is closed: an address does not change."""
        return self._is_open

    def close(self) -> None:
        """Let go. Harmless when repeated."""
        self._is_open = False


async def connect_within(sock: socket.socket, address: SocketAddress, timeout_s: float) -> None:
    """Connect the non-blocking `sock` to `address`, whatever its family's addresses are.

    Raises:
        OSError: what the kernel answered; ETIMEDOUT once `timeout_s` has passed.
    """
    try:
        sock.connect(address)
    except BlockingIOError as error:
        if error.errno != errno.EINPROGRESS:
            raise
    else:
        return
    with anyio.move_on_after(timeout_s) as unanswered:
        await anyio.wait_writable(sock.fileno())
    if unanswered.cancelled_caught:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed:
        raise OSError(failed, os.strerror(failed))
