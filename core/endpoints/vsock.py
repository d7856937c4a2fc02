"""Consoles on a guest's vsock port, through the kernel's AF_VSOCK.

The kernel makes the connection with the guest's kernel, as a hybrid vsock's OK says of
one that a VMM made: whoever listens in the guest has this one for itself, and nothing
said on it can end up in another's session. So a connection that was made is accepted.

No path and no socket of this machine tells of the guest's life: the pin is the address.

Sources: vsock(7), linux/vm_sockets.h.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable

import anyio.lowlevel

from core.clock import boot_id
from core.endpoints import stream_trouble
from core.endpoints.protocol import Pin
from core.endpoints.stream import AddressPin, SocketAddress, StreamConsole, connect_within

Dial = Callable[[int, int], tuple[socket.socket, SocketAddress]]
"""For a context id and a port: an unconnected socket, and what to connect it to."""


def dial_vsock(cid: int, port: int) -> tuple[socket.socket, SocketAddress]:
    """The kernel's own way to a guest.

    Raises:
        OSError: this kernel has no vsock.
    """
    family = getattr(socket, "AF_VSOCK", None)
    if family is None:
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
    return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK), (cid, port)


class VsockConsole(StreamConsole):
    """A connection that the guest took up."""

    def is_accepted(self) -> bool:
        """True: the guest's kernel answered for this connection alone."""
        return True


class VsockEndpoint:
    """A console on a guest's vsock port.

    Args:
        cid: the guest's context id.
        port: in the guest.
        url: the console's URL as it was given; `vsock:<cid>:<port>` when empty.
        dial: makes the socket; another way to the same guest may be given.
    """

    def __init__(self, cid: int, port: int, *, url: str = "", dial: Dial = dial_vsock) -> None:
        self._cid = cid
        self._port = port
        self._url = url or f"vsock:{cid}:{port}"
        self._dial = dial

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """Empty: no path tells of a new life."""
        return ""

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def pin(self) -> AddressPin:
        """Take hold of the address. What is there, connecting tells."""
        return AddressPin(f"{boot_id()}:vsock:{self._cid}:{self._port}")

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> VsockConsole:
        """Connect to the guest's port; one attempt, bounded by `timeout_s`.

        Raises:
            ConsoleRefused: nobody listens on it in the guest.
            ConsoleForbidden: a security module forbids it.
            ConsoleError: this machine has no vsock, or nothing answers.
        """
        if not isinstance(pin, AddressPin):
            raise TypeError("a vsock console is connected to through its own pin")
        await anyio.lowlevel.checkpoint()
        with contextlib.ExitStack() as held:
            try:
                sock, address = self._dial(self._cid, self._port)
                held.callback(sock.close)
                sock.setblocking(False)
                await connect_within(sock, address, timeout_s)
            except OSError as error:
                raise stream_trouble.over_vsock(error, self._cid, self._port, timeout_s) from error
            held.pop_all()
            name = f"vsock {self._cid}:{self._port}"
            return VsockConsole(sock, url=self._url, name=name)

    def close(self) -> None:
        """Holds nothing."""
