"""What the kernel tells about unix sockets, without privilege (NETLINK_SOCK_DIAG).

`getpeername` and SO_PEERCRED succeed for a client that only waits in a listen queue.
The kernel's socket diagnosis tells the difference: a connected socket's peer has an
inode once somebody accepted it, and inode 0 while it waits. A listener tells the
inodes of those who wait. A socket that was bound, and each that was accepted from it,
also tells the file it is bound to by number: names as bound may be relative, or from
another mount namespace.

All of it is of this network namespace only. An accepted socket is in its client's.

Sources: linux/unix_diag.h, linux/sock_diag.h, linux/netlink.h; net/unix/diag.c;
sock_diag(7).
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_DONE = 3
_NO_ERROR = bytes(4)
_NLM_F_REQUEST = 1
_NLM_F_DUMP = 0x300
_NO_COOKIE = 0xFFFFFFFF
_ALL_STATES = 0xFFFFFFFF
_TCP_ESTABLISHED = 1
_TCP_LISTEN = 10
_DUMP_STATES = 1 << _TCP_ESTABLISHED | 1 << _TCP_LISTEN

_SHOW_EVERYTHING = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x40
"""UDIAG_SHOW_NAME, _VFS, _PEER, _ICONS, _RQLEN, _UID."""
_NAME, _VFS, _PEER, _ICONS, _RQLEN, _UID = 0, 1, 2, 3, 4, 7
"""enum UNIX_DIAG_*."""

_HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence number, port."""
_REQUEST = struct.Struct("=BBHIIIII")
"""struct unix_diag_req: family, protocol, padding, states, inode, what to show, cookie (2)."""
_MESSAGE = struct.Struct("=BBBBIII")
"""struct unix_diag_msg: family, type, state, padding, inode, cookie (2)."""
_ATTRIBUTE = struct.Struct("=HH")
"""struct nlattr: length with this header, type."""
_NUMBER = struct.Struct("=I")
_TWO_NUMBERS = struct.Struct("=II")

_MAX_REPLY_BYTES = 32 * 1024
"""The reply to an exact question: some 100 bytes, and four for each client that waits."""
_MAX_DUMP_BYTES = 32 * 1024 * 1024
"""A socket takes some 100 bytes: this is a host with 300,000 of them."""
_MAX_DUMP_S = 0.5
_RECEIVE_BYTES = 256 * 1024
"""The kernel fills what it is offered, up to 32 KiB at a time."""

_SEQUENCE = 1


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """One unix socket, as the kernel tells of it.

    Attributes:
        inode: its number, as in `socket:[inode]`.
        is_listening: it accepts connections; else it is an end of one.
        name: the address as it was bound, verbatim; an abstract one begins with NUL.
        file: inode (its low 32 bits) and device (as in `st_dev`) of the file it is bound to.
        peer: the inode of the other end; 0 while nobody accepted, or once it has closed.
        waiting: of a listener, the inodes of the clients in its queue; 0 for one that left.
        queue: of a listener how many wait, of a connection how many bytes are unread.
        uid: whose it is; None where the kernel is too old to say (before 5.3).
    """

    inode: int
    is_listening: bool = False
    name: bytes = b""
    file: tuple[int, int] | None = None
    peer: int | None = None
    waiting: tuple[int, ...] = ()
    queue: int = 0
    uid: int | None = None


def peer_inode(inode: int) -> int | None:
    """The inode of the socket at the other end of our unix socket `inode`.

    0 while our connection waits to be accepted, and again once the peer has closed.
    None when the kernel does not say: sock_diag is missing or forbidden here, or
    there is no such connected socket in this network namespace.

    The question is answered within the call (17 µs with a descriptor opened for it);
    nothing is kept between calls.
    """
    found = unix_socket(inode)
    return None if found is None else found.peer


def unix_socket(inode: int) -> UnixSocket | None:
    """The unix socket `inode` of this network namespace; None when the kernel does not say."""
    try:
        with _diagnosis() as diag:
            diag.sendto(_question(inode), (0, 0))
            # The kernel has queued its answer by now, so there is nothing to wait for.
            reply, (sender, _) = diag.recvfrom(_MAX_REPLY_BYTES)
    except OSError:
        return None
    return _socket_in(reply, inode) if sender == 0 else None


def unix_sockets() -> tuple[UnixSocket, ...] | None:
    """Every listening and every connected unix socket of this network namespace.

    None when the kernel does not say, or when there are too many to be told in half a
    second. Each part of the answer is made when it is fetched, so nothing waits. What
    changes meanwhile may be in it or not.
    """
    sockets: list[UnixSocket] = []
    size = 0
    deadline = time.monotonic() + _MAX_DUMP_S
    try:
        with _diagnosis() as diag:
            diag.sendto(_question(0, flags=_NLM_F_DUMP, states=_DUMP_STATES), (0, 0))
            while size < _MAX_DUMP_BYTES and time.monotonic() < deadline:
                reply, (sender, _) = diag.recvfrom(_RECEIVE_BYTES)
                if sender != 0:
                    continue
                size += len(reply)
                for kind, body in _messages(reply):
                    if kind == _NLMSG_DONE:
                        is_whole = body[: len(_NO_ERROR)] == _NO_ERROR
                        return tuple(sockets) if is_whole else None
                    found = _socket_of(body) if kind == _SOCK_DIAG_BY_FAMILY else None
                    if found is None:
                        return None
                    sockets.append(found)
    except OSError:
        pass
    return None


def _diagnosis() -> socket.socket:
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_SOCK_DIAG
    )


def _question(inode: int, *, flags: int = 0, states: int = _ALL_STATES) -> bytes:
    header = _HEADER.pack(
        _HEADER.size + _REQUEST.size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | flags, _SEQUENCE, 0
    )
    return header + _REQUEST.pack(
        socket.AF_UNIX, 0, 0, states, inode, _SHOW_EVERYTHING, _NO_COOKIE, _NO_COOKIE
    )


def _messages(reply: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each whole message that answers our question."""
    at = 0
    while at + _HEADER.size <= len(reply):
        length, kind, _, sequence, _ = _HEADER.unpack_from(reply, at)
        if length < _HEADER.size or at + length > len(reply):
            return
        if sequence == _SEQUENCE:
            yield kind, reply[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _socket_in(reply: bytes, inode: int) -> UnixSocket | None:
    """The socket in the kernel's reply; None for an error or another's reply."""
    for kind, body in _messages(reply):
        found = _socket_of(body) if kind == _SOCK_DIAG_BY_FAMILY else None
        return found if found is not None and found.inode == inode else None
    return None


def _socket_of(body: bytes) -> UnixSocket | None:
    """The socket that a message tells of; None when it is cut short or makes no sense."""
    if len(body) < _MESSAGE.size:
        return None
    family, _, state, _, inode, _, _ = _MESSAGE.unpack_from(body)
    attributes = _attributes(body, _MESSAGE.size)
    if family != socket.AF_UNIX or attributes is None:
        return None
    waiting = attributes.get(_ICONS, b"")
    queue = attributes.get(_RQLEN, b"")
    return UnixSocket(
        inode=inode,
        is_listening=state == _TCP_LISTEN,
        name=_name(attributes.get(_NAME, b"")),
        file=_file(attributes.get(_VFS, b"")),
        peer=_number(attributes.get(_PEER, b"")),
        waiting=tuple(n for (n,) in _NUMBER.iter_unpack(waiting[: len(waiting) & ~3])),
        queue=(_pair(queue) or (0, 0))[0],
        uid=_number(attributes.get(_UID, b"")),
    )


def _attributes(body: bytes, at: int) -> dict[int, bytes] | None:
    """The attributes from `at` on; None when one has an impossible length."""
    attributes = {}
    while at + _ATTRIBUTE.size <= len(body):
        size, kind = _ATTRIBUTE.unpack_from(body, at)
        if size < _ATTRIBUTE.size or at + size > len(body):
            return None
        attributes[kind] = body[at + _ATTRIBUTE.size : at + size]
        at += (size + 3) & ~3
    return attributes


def _name(raw: bytes) -> bytes:
    # A path may come with the NUL that ends it; an abstract name begins with one.
    return raw if raw.startswith(b"\0") else raw.partition(b"\0")[0]


def _number(raw: bytes) -> int | None:
    return int(_NUMBER.unpack(raw)[0]) if len(raw) == _NUMBER.size else None


def _file(raw: bytes) -> tuple[int, int] | None:
    pair = _pair(raw)
    if pair is None:
        return None
    # The kernel's own form of a device number: 20 bits of minor.
    return pair[0], os.makedev(pair[1] >> 20, pair[1] & 0xFFFFF)


def _pair(raw: bytes) -> tuple[int, int] | None:
    if len(raw) != _TWO_NUMBERS.size:
        return None
    first, second = _TWO_NUMBERS.unpack(raw)
    return first, second
