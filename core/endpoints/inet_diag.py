"""What the kernel tells about TCP sockets of this machine, without privilege.

A client in a listen queue is connected as far as it can see: the kernel shook hands
for the listener. But the far end of a connection on this machine is a socket of this
machine too, and its inode is 0 until somebody accepts it. QEMU 7.2 serves one client
and queues two: the served one's far end had an inode, the queued ones' had 0, and the
next one's turned non-zero when the first left.

A listener has a cookie that the kernel gives to no other socket until the next boot, so
that a listener bound anew to the same port is told from the one before it.

Sources: linux/inet_diag.h, linux/sock_diag.h, include/net/tcp_states.h; sock_diag(7).
"""

from __future__ import annotations

import enum
import socket
import struct
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_ALL_STATES = 0xFFFFFFFF
_NO_COOKIE = 0xFFFFFFFFFFFFFFFF

_HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence number, port."""
_REQUEST = struct.Struct("=BBBBI")
"""struct inet_diag_req_v2 up to its id: family, protocol, extensions, padding, states."""
_PORTS = struct.Struct("!HH")
_INTERFACE_AND_COOKIE = struct.Struct("=IQ")
"""struct inet_diag_sockid: ports, two addresses of 16 bytes, interface, cookie."""
_STATE = struct.Struct("=BBBB")
"""struct inet_diag_msg up to its id: family, state, timer, retransmits."""
_REST = struct.Struct("=IIIII")
"""And behind its id: expires, receive queue, send queue, uid, inode."""

_ADDRESS_BYTES = 16
_ID_BYTES = _PORTS.size + 2 * _ADDRESS_BYTES + _INTERFACE_AND_COOKIE.size
_MAX_REPLY_BYTES = 4096
_SEQUENCE = 1

Address = tuple[str, int]
"""A numeric host and a port."""


class State(enum.IntEnum):
    """A TCP socket's states that tell us something."""

    ESTABLISHED = 1
    SYN_RECV = 3
    CLOSE_WAIT = 8
    LISTEN = 10


OPEN = frozenset({State.ESTABLISHED, State.SYN_RECV, State.CLOSE_WAIT})
"""An accepted socket in these has an inode."""


@dataclass(frozen=True, slots=True)
class InetSocket:
    """A TCP socket of this machine.

    Attributes:
        state: one of `State`, or another of the kernel's numbers.
        inode: 0 while nobody has accepted it, and once it is closed.
        cookie: no other socket has it until the next boot.
        queued: of a listener: how many clients wait.
        room: of a listener: with more than this many waiting no other gets in.
    """

    state: int
    inode: int
    cookie: int
    queued: int
    room: int


def listener_at(host: str, port: int) -> InetSocket | None:
    """Who listens on this machine's address; None when nobody does or the kernel does not say."""
    found = _ask(host, port, "::" if ":" in host else "0.0.0.0", 0)
    return found if found is not None and found.state == State.LISTEN else None


def far_end(sock: socket.socket) -> InetSocket | None:
    """The socket at the other end of our connection; None when it is not on this machine.

    Also when the kernel does not say. The question is answered within the call.
    """
    try:
        theirs: tuple[str, int] = sock.getpeername()[:2]
        ours: tuple[str, int] = sock.getsockname()[:2]
    except OSError:
        return None
    found = _ask(*theirs, *ours)
    # Where there is no such connection the kernel answers with who would take one.
    return found if found is not None and found.state != State.LISTEN else None


def is_accepted(sock: socket.socket) -> bool | None:
    """Whether somebody took our connection up; None when the kernel cannot say."""
    found = far_end(sock)
    if found is None:
        return None
    if found.inode:
        return True
    # One that was accepted and closed has no inode either, but is on its way out.
    return False if found.state in OPEN else None


def _ask(host: str, port: int, other_host: str, other_port: int) -> InetSocket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        question = _question(family, (host, port), (other_host, other_port))
        with socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_SOCK_DIAG
        ) as diag:
            diag.sendto(question, (0, 0))
            # The kernel has queued its answer by now, so there is nothing to wait for.
            reply, (sender, _) = diag.recvfrom(_MAX_REPLY_BYTES)
    except OSError:
        return None
    return socket_in(reply, port) if sender == 0 else None


def _question(family: int, at: Address, other: Address) -> bytes:
    header = _HEADER.pack(
        _HEADER.size + _REQUEST.size + _ID_BYTES,
        _SOCK_DIAG_BY_FAMILY,
        _NLM_F_REQUEST,
        _SEQUENCE,
        0,
    )
    return b"".join(
        (
            header,
            _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES),
            _PORTS.pack(at[1], other[1]),
            _packed(family, at[0]),
            _packed(family, other[0]),
            _INTERFACE_AND_COOKIE.pack(0, _NO_COOKIE),
        )
    )


def _packed(family: int, host: str) -> bytes:
    # fe80::1%eth0: the zone is no part of the address.
    return socket.inet_pton(family, host.partition("%")[0]).ljust(_ADDRESS_BYTES, b"\0")


def socket_in(reply: bytes, port: int) -> InetSocket | None:
    """The socket in the kernel's reply; None for an error, or a reply about another port."""
    if len(reply) < _HEADER.size + _STATE.size + _ID_BYTES + _REST.size:
        return None
    length, kind, _, sequence, _ = _HEADER.unpack_from(reply)
    if kind != _SOCK_DIAG_BY_FAMILY or sequence != _SEQUENCE or length > len(reply):
        return None
    at = _HEADER.size
    _, state, _, _ = _STATE.unpack_from(reply, at)
    at += _STATE.size
    if _PORTS.unpack_from(reply, at)[0] != port:
        return None
    at += _ID_BYTES
    _, cookie = _INTERFACE_AND_COOKIE.unpack_from(reply, at - _INTERFACE_AND_COOKIE.size)
    _, queued, room, _, inode = _REST.unpack_from(reply, at)
    return InetSocket(state=state, inode=inode, cookie=cookie, queued=queued, room=room)
