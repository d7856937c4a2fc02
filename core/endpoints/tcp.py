"""Consoles on TCP ports: QEMU's `-serial tcp:HOST:PORT,server=on,wait=off`.

Theory of operation. On this machine the kernel shows both ends of a connection, so a
console at a loopback address is known as well as one on a unix socket: who listens there
(a pin: a VM started again listens anew and is another life), and whether our connection
was accepted. QEMU serves one client and queues two, over TCP too. From another machine
nothing of this can be seen: the pin is the address, `is_accepted` is None, and the first
byte is the proof.

Acceptance is told of whoever has the port. Where that is a forwarder (ssh -L,
docker-proxy), it says nothing of the console behind it.

A port belongs to whoever takes it first: TCP has no owner to check.

Sources: tcp(7); QEMU's chardev/char-socket.c; `inet_diag`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import NamedTuple

import anyio
import anyio.lowlevel

from core.clock import boot_id
from core.endpoints import inet_diag, stream_trouble
from core.endpoints.protocol import Pin
from core.endpoints.stream import SocketAddress, StreamConsole, connect_within
from core.errors import ConsoleError

KEEPALIVE_IDLE_S = 15
KEEPALIVE_EVERY_S = 5
KEEPALIVE_PROBES = 3
"""A host that died without a word is noticed after 15 + 3 * 5 seconds of silence."""

_LOCALHOST = ("127.0.0.1", "::1")
"""What the name stands for, whatever /etc/hosts says. Source: RFC 6761."""


class Target(NamedTuple):
    """One address that a host's name led to."""

    family: int
    address: SocketAddress


class TcpPin:
    """A hold on a listener of this machine, or on no more than an address.

    Args:
        hosts: where this machine's listener is looked for; none for another machine's.
        port: at these.
        name: of the address, for the key.
    """

    def __init__(self, hosts: tuple[str, ...], port: int, name: str) -> None:
        self._hosts = hosts
        self._port = port
        self._listeners = self._look()
        self._is_open = True
        self._key = ":".join((boot_id(), name, *self._listeners))

    @property
    def key(self) -> str:
        """Boot id, address, and the kernel's cookie of the listener where there is one."""
        return self._key

    def is_current(self) -> bool:
        """Whether the same socket listens there; always, on another machine."""
        return self._is_open and self._look() == self._listeners

    def close(self) -> None:
        """Let go. Harmless when repeated."""
        self._is_open = False

    def _look(self) -> tuple[str, ...]:
        found = (inet_diag.listener_at(host, self._port) for host in self._hosts)
        return tuple(f"{listener.cookie:x}" for listener in found if listener is not None)


class TcpConsole(StreamConsole):
    """A connection to a console's port."""

    def __init__(self, sock: socket.socket, *, url: str, name: str) -> None:
        super().__init__(sock, url=url, name=name)
        self._was_accepted = False

    def is_accepted(self) -> bool | None:
        """Whether the listener took this connection up; None when it is on another machine."""
        if self._was_accepted:
            return True
        if self._sock.fileno() < 0:
            return None
        accepted = inet_diag.is_accepted(self._sock)
        self._was_accepted = accepted is True
        return accepted


class TcpEndpoint:
    """A console on a TCP port.

    Args:
        host: a name, or a numeric address without brackets.
        port: of it.
        url: the console's URL as it was given; `tcp:<host>:<port>` when empty.
    """

    def __init__(self, host: str, port: int, *, url: str = "") -> None:
        self._host = host
        self._port = port
        self._name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._url = url or f"tcp:{self._name}"

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

    def pin(self) -> TcpPin:
        """Take hold of the listener, as far as this machine can see it.

        Where nobody listens the address is held: a port may be forwarded in ways that
        show no listener. Connecting tells.
        """
        return TcpPin(self._local_hosts(), self._port, self._name)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> TcpConsole:
        """Connect to the pinned listener: to each address of the host in turn, until one answers.

        Raises:
            ConsoleRefused: nobody listens, or another than was pinned.
            ConsoleBusy: the queue of waiting clients stayed full (seen on this machine only).
            ConsoleForbidden: this machine forbids it.
            ConsoleError: no such name, no way there, or no answer.
        """
        sock = await self.dial(pin, timeout_s=timeout_s)
        return TcpConsole(sock, url=self._url, name=self._name)

    async def dial(self, pin: Pin, *, timeout_s: float) -> socket.socket:
        """The connected, non-blocking socket; `connect` says what it raises."""
        if not isinstance(pin, TcpPin):
            raise TypeError("a TCP console is connected to through its own pin")
        deadline = anyio.current_time() + timeout_s
        await anyio.lowlevel.checkpoint()
        if not pin.is_current():
            raise stream_trouble.another_listens(self._name)
        targets = await self._resolve(timeout_s)
        failure: ConsoleError | None = None
        for left_to_try, target in zip(range(len(targets), 0, -1), targets, strict=True):
            # A silent address may not use up what the ones behind it need.
            share_s = max(0.0, deadline - anyio.current_time()) / left_to_try
            try:
                sock = await _connected(target, share_s)
            except OSError as error:
                failure = failure or self._explain(error, timeout_s)
                continue
            if pin.is_current():
                return sock
            sock.close()
            raise stream_trouble.another_listens(self._name)
        assert failure is not None
        raise failure from failure.__cause__

    def close(self) -> None:
        """Holds nothing."""

    async def _resolve(self, timeout_s: float) -> list[Target]:
        """The host's addresses, never none. Names are looked up off the loop."""
        with contextlib.suppress(ValueError):
            hosts = self._local_hosts() or (str(ipaddress.ip_address(self._host)),)
            listening = tuple(host for host in hosts if inet_diag.listener_at(host, self._port))
            return [
                Target(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, self._port))
                for host in listening or hosts
            ]
        try:
            with anyio.fail_after(timeout_s):
                found = await anyio.getaddrinfo(
                    self._host, self._port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
                )
        except TimeoutError as error:
            raise stream_trouble.name_too_slow(self._host, timeout_s) from error
        except OSError as error:
            raise stream_trouble.while_resolving(error, self._host) from error
        return [Target(family, address) for family, _, _, _, address in found]

    def _explain(self, error: OSError, timeout_s: float) -> ConsoleError:
        told = stream_trouble.over_tcp(error, self._name, timeout_s)
        if isinstance(error, TimeoutError) and self._is_queue_full():
            told = stream_trouble.tcp_queue_full(self._name, timeout_s)
        told.__cause__ = error
        return told

    def _is_queue_full(self) -> bool:
        found = (inet_diag.listener_at(host, self._port) for host in self._local_hosts())
        return any(one is not None and one.queued > one.room for one in found)

    def _local_hosts(self) -> tuple[str, ...]:
        """The loopback addresses that this endpoint leads to; none for another machine's."""
        if self._host == "localhost":
            return _LOCALHOST
        try:
            is_loopback = ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return ()
        return (self._host,) if is_loopback else ()


async def _connected(target: Target, timeout_s: float) -> socket.socket:
    """A connection whose far end's death is noticed.

    Raises:
        OSError: what the kernel answered; ETIMEDOUT once `timeout_s` has passed.
    """
    with contextlib.ExitStack() as held:
        sock = held.enter_context(
            socket.socket(target.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        )
        for level, option, value in (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_S),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
            # A key stroke goes at once.
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        ):
            sock.setsockopt(level, option, value)
        await connect_within(sock, target.address, timeout_s)
        held.pop_all()
        return sock
