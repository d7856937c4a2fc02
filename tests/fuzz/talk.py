"""What the kernel, VMMs and servers answer: netlink, QMP, telnet, hybrid vsock, command lines."""

from __future__ import annotations

import json
import random
import socket
import time

import msgspec

from core.endpoints import inet_diag, sock_diag
from core.endpoints.holders import monitor
from core.endpoints.holders.cmdline import parse_options, parse_qemu
from core.endpoints.hvsock import MAX_REPLY_BYTES, OkLine
from core.endpoints.iac import MAX_SUBNEGOTIATION_BYTES, QEMU_OPENING, TelnetDecoder
from tests.core.endpoints import test_inet_diag, test_sock_diag
from tests.fuzz.mutation import in_pieces, mutated, mutated_one
from tests.fuzz.target import Target, parser

# Netlink.

UNIX_INODE = 0x6FAC
INET_PORT = 45551
"""What the recorded answers are about."""


def check_unix_reply(reply: bytes) -> None:
    inode = UNIX_INODE
    found = sock_diag._socket_in(reply, inode)
    assert found is None or found.inode == inode
    found = sock_diag._socket_in(reply, inode)
    peer = None if found is None else found.peer
    assert peer == (None if found is None else found.peer)
    for kind, body in sock_diag._messages(reply):
        assert 0 <= kind < 1 << 16
        sock_diag._socket_of(body)


def check_inet_reply(reply: bytes) -> None:
    found = inet_diag.socket_in(reply, INET_PORT)
    assert found is None or found.inode < 1 << 32


# QMP.

QMP_LINES: tuple[dict[str, object], ...] = (
    {"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": ["oob"]}},
    {"return": {}},
    {"event": "RESUME", "timestamp": {"seconds": 1, "microseconds": 2}},
    {
        "return": [
            {"label": "serial0", "filename": "unix:/run/vm1/console.sock,server=on"},
            {"label": "qmp", "filename": "disconnected:unix:/run/vm1/qmp.sock,server=on"},
        ]
    },
)
QMP = tuple(json.dumps(line).encode() + b"\n" for line in QMP_LINES)


def qmp_talk(rng: random.Random) -> bytes:
    lines = list(QMP)
    if rng.randrange(4) == 0:
        rng.shuffle(lines)
    return b"".join(mutated(rng, line) if rng.randrange(2) else line for line in lines)


def check_qmp(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        try:
            found = monitor._Talk(ours, time.monotonic() + monitor.ANSWER_S).query()
        except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
            # What `query_chardev` takes for no answer.
            return
    for backend in found or ():
        backend.is_at("/run/vm1/console.sock")
        assert isinstance(backend.is_attached, bool)


# Telnet.

TELNET = (
    QEMU_OPENING + b"login: \xff\xfb\x01 and \xff\xff",
    b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0hello\xff\xffworld\r\x00\n",
    b"\xff\xfb\x01\xff\xfb\x03plain text\xff",
    b"\xff\xfa" + b"x" * 300 + b"\xff\xf0 after",
)


def telnet_talk(rng: random.Random) -> list[bytes]:
    return in_pieces(rng, mutated_one(rng, TELNET))


def check_telnet(pieces: list[bytes]) -> None:
    """However it is cut, the same comes out, in order and nothing that was not sent."""
    whole = b"".join(pieces)
    decoder = TelnetDecoder()
    heard = b""
    for piece in pieces:
        heard += decoder.decode(piece)
        assert decoder.held <= MAX_SUBNEGOTIATION_BYTES + len(QEMU_OPENING)
    heard += decoder.finish()
    other = TelnetDecoder()
    assert heard == other.decode(whole) + other.finish()
    if b"\xff" not in whole:
        assert heard == whole
    rest = iter(whole)
    assert all(byte in rest for byte in heard)


# Hybrid vsock.

OKS = (b"OK 1073741824\n", b"OK 0\nguest", b"OK 4294967295\nLinux version", b"NO\n")


def check_ok(said: bytes) -> None:
    line = OkLine()
    try:
        for at in range(len(said)):
            if line.take(said[at : at + 1]):
                break
    except ValueError:
        assert line.port is None
        return
    assert len(line.said) <= MAX_REPLY_BYTES
    # Not a byte of what follows is taken.
    assert said.startswith(line.said)
    if line.port is not None:
        assert line.said.startswith(b"OK ")
        assert line.said.index(b"\n") == len(line.said) - 1


# QEMU's command line.

LINES = (
    b"qemu-system-x86_64\0-name\0sandbox-12,debug-threads=on\0-chardev\0"
    b"socket,id=charconsole0,path=/run/vc/vm/12/console.sock,server=on,wait=off\0"
    b"-qmp\0unix:/run/vm1/qmp.sock,server=on,wait=off\0-serial\0mon:stdio\0",
    b"qemu\0-serial\0unix:/run/a,,b.sock,server,nowait\0-serial\0telnet::4555,server\0"
    b"-mon\0chardev=charmonitor,id=monitor,mode=control\0-chardev\0pty,id=charserial0\0",
)


def a_command_line(rng: random.Random) -> list[str]:
    raw = mutated_one(rng, LINES)
    return [word.decode("utf-8", "surrogateescape") for word in raw.split(b"\0")]


def check_command_line(argv: list[str]) -> None:
    line = parse_qemu(argv)
    for chardev in line.chardevs:
        if chardev.path and chardev.is_server:
            assert line.at(chardev.path) is not None
    for word in argv:
        parse_options(word)


TARGETS: tuple[Target, ...] = (
    parser("netlink-unix", lambda rng: mutated_one(rng, [test_sock_diag.GOOD]), check_unix_reply),
    parser("netlink-inet", lambda rng: mutated_one(rng, [test_inet_diag.GOOD]), check_inet_reply),
    parser("qmp", qmp_talk, check_qmp),
    parser("telnet", telnet_talk, check_telnet),
    parser("hvsock", lambda rng: mutated_one(rng, OKS), check_ok),
    parser("qemu-line", a_command_line, check_command_line),
)
