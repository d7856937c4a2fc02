"""Consoles on telnet ports: QEMU's `-serial telnet:HOST:PORT,server=on,wait=off`.

A TCP console (`tcp` says how it is reached) whose stream is mixed with telnet's commands,
which `iac` takes out: they are no guest bytes. They prove one thing: a server that
negotiates has taken this connection up.

Nothing is answered. RFC 854 asks a refusal of none but those who would change what is,
QEMU waits for no answer, and what is sent to a console that another client holds would
be the guest's later.
"""

from __future__ import annotations

import socket

from core.endpoints.iac import TelnetDecoder
from core.endpoints.protocol import READ_BYTES, Pin
from core.endpoints.tcp import TcpConsole, TcpEndpoint

_READS = 16
"""A server that sends nothing but commands is left alone after this many reads."""


class TelnetConsole(TcpConsole):
    """A connection to a console's telnet port."""

    def __init__(self, sock: socket.socket, *, url: str, name: str) -> None:
        super().__init__(sock, url=url, name=name)
        self._decoder = TelnetDecoder()
        self._decoded = b""

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What the guest printed, empty at end of file.

        Raises:
            BlockingIOError: nothing of the guest's has arrived.
            ConsoleBroken: the connection failed, or was closed by us.
        """
        has_ended = False
        for _ in range(_READS):
            # What is held may come out with what is read now.
            asked = max(1, max_bytes - len(self._decoded) - self._decoder.held)
            try:
                raw = super().read_nowait(asked)
            except BlockingIOError:
                break
            self._decoded += self._decoder.decode(raw) if raw else self._decoder.finish()
            has_ended = not raw
            if has_ended or len(self._decoded) >= max_bytes or (self._decoded and len(raw) < asked):
                break
        if not self._decoded and not has_ended:
            raise BlockingIOError
        data, self._decoded = self._decoded[:max_bytes], self._decoded[max_bytes:]
        return data

    def is_accepted(self) -> bool | None:
        """Whether the server took this connection up; None when nothing tells yet."""
        return True if self._decoder.has_negotiated else super().is_accepted()


class TelnetEndpoint(TcpEndpoint):
    """A console on a telnet port.

    Args:
        host: a name, or a numeric address without brackets.
        port: of it.
        url: the console's URL as it was given; `telnet:<host>:<port>` when empty.
    """

    def __init__(self, host: str, port: int, *, url: str = "") -> None:
        super().__init__(host, port, url=url)
        self._url = url or f"telnet:{self._name}"

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> TelnetConsole:
        """Connect to the pinned listener; `TcpEndpoint.connect` says what it raises."""
        sock = await self.dial(pin, timeout_s=timeout_s)
        return TelnetConsole(sock, url=self._url, name=self._name)
