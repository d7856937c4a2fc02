"""A plain blocking client of a guest's console, for tests and tools."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TIMEOUT_S = 60.0
"""A booting guest on a busy machine answers within this."""


def until(claim: Callable[[], bool], *, timeout_s: float = TIMEOUT_S) -> None:
    """Return once `claim` holds.

    Raises:
        TimeoutError: it does not within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while not claim():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s: {claim}")
        time.sleep(0.005)


@contextlib.contextmanager
def connect_soon(path: Path, *, timeout_s: float = TIMEOUT_S) -> Iterator[socket.socket]:
    """A connection to the socket at `path`, as soon as somebody listens there.

    Raises:
        TimeoutError: nobody does within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout_s)
        try:
            client.connect(str(path))
            break
        except (FileNotFoundError, ConnectionRefusedError):
            client.close()
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on {path}") from None
            time.sleep(0.005)
    with client:
        yield client


def read_until(client: socket.socket, mark: bytes) -> bytes:
    """What the guest says, up to a read that holds the end of `mark`.

    Raises:
        EOFError: the guest hung up before; its bytes are the argument.
        TimeoutError: it says nothing more.
    """
    heard = bytearray()
    while mark not in heard:
        data = client.recv(64 * 1024)
        if not data:
            raise EOFError(bytes(heard))
        heard += data
    return bytes(heard)


def read_all(client: socket.socket) -> bytes:
    """What the guest says until it hangs up."""
    heard = bytearray()
    while data := client.recv(64 * 1024):
        heard += data
    return bytes(heard)


def unread(client: socket.socket) -> int:
    """How many bytes wait to be read."""
    found = struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, bytes(4)))[0]
    assert isinstance(found, int)
    return found
