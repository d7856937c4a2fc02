"""A hybrid vsock muxer's host side: CONNECT, OK, and then the guest (Firecracker's docs/vsock.md).

The rules are those of Firecracker's muxer: the command word in any case, the line of at
most 32 bytes in one segment, EOF as the only error, an OK that names a host port of 2^30
or more. With `tolerant` the line may come in pieces, as with cloud-hypervisor.
"""

from __future__ import annotations

import dataclasses
import fcntl
import functools
import itertools
import select
import socket
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .console import Console, Watch
from .script import Ok, Script
from .sockets import Peer
from .truth import append

MAX_LINE_BYTES = 32
FIRST_READ_BYTES = len(b"CONNECT 0\n")
"""Firecracker reads this much at once; fewer is an error."""
FIRST_HOST_PORT = 1 << 30
SPELL_S = 0.001
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"


class Refused(Exception):
    """The connection is dropped without a word."""


def port_of(line: bytes) -> int:
    """The port that a whole CONNECT line asks for.

    Raises:
        Refused: it is no such line.
    """
    words = line.split()
    if len(words) != 2 or words[0].lower() != b"connect" or not words[1].isdigit():
        raise Refused
    port = int(words[1])
    if port >= 1 << 32:
        raise Refused
    return port


def is_all_read(link: socket.socket) -> bool:
    """Whether the other side has read all that was sent."""
    left = fcntl.ioctl(link, termios.TIOCOUTQ, bytes(4))
    return bool(struct.unpack("i", left)[0] == 0)


class Caller:
    """A connection that is still to be answered."""

    def __init__(self, link: socket.socket, *, is_tolerant: bool) -> None:
        link.setblocking(False)
        self.link = link
        self._is_tolerant = is_tolerant
        self._line = b""
        self.is_answered = False

    def port(self) -> int | None:
        """The port asked for; None when more must come.

        Raises:
            Refused: the line is not as it must be.
        """
        want = FIRST_READ_BYTES if not self._line and not self._is_tolerant else 1
        while not self._line.endswith(b"\n"):
            try:
                data = self.link.recv(want)
            except BlockingIOError:
                if self._is_tolerant:
                    return None
                raise Refused from None
            except OSError:
                raise Refused from None
            self._line += data
            if len(data) < want or len(self._line) > MAX_LINE_BYTES:
                raise Refused
            want = 1
        return port_of(self._line)


class Hvsock(Console):
    """The muxer. Each connection that got its OK is a visit, and hears all anew.

    One speaks at a time: the newest. The others stay open and can type.
    """

    def __init__(self, script: Script, *, control: bool) -> None:
        self._listener: socket.socket | None = None
        self._callers: list[Caller] = []
        self._peers: list[Peer] = []
        self._refusals = script.refusals
        self._host_ports = itertools.count(FIRST_HOST_PORT)
        super().__init__(dataclasses.replace(script, anew=True), control=control)

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.script.path)
        self._listener.listen(128)

    def close(self, *, leaves_file: bool) -> None:
        assert self._listener is not None
        self._listener.close()
        for caller in self._callers:
            caller.link.close()
        self._callers.clear()
        self.hang_up()
        if not leaves_file:
            Path(self.script.path).unlink(missing_ok=True)

    def hang_up(self) -> None:
        while self._peers:
            self._part(self._peers[-1], "guest")

    def watch(self) -> Iterator[Watch]:
        assert self._listener is not None
        yield self._listener.fileno(), select.POLLIN, self._accept
        for caller in self._callers:
            mask = 0 if caller.is_answered else select.POLLIN
            yield caller.link.fileno(), mask, functools.partial(self._answer, caller)
        for peer in self._peers:
            yield peer.link.fileno(), select.POLLIN, functools.partial(self._listen, peer)

    def room_fd(self) -> int | None:
        return self._peers[-1].link.fileno() if self._peers else None

    def accept_print(self, data: bytes) -> int | None:
        if not self._peers:
            return None
        peer = self._peers[-1]
        taken = peer.send(data)
        if taken is None:
            self._part(peer, "client")
            return None
        append(peer.visit.delivered, self.life.said, self.life.said + taken)
        return taken

    def _accept(self) -> None:
        assert self._listener is not None
        link, _ = self._listener.accept()
        if len(self._callers) + len(self._peers) >= self.script.limit:
            self._turn_away(link)
        else:
            self._callers.append(Caller(link, is_tolerant=self.script.tolerant))

    def _turn_away(self, link: socket.socket) -> None:
        link.close()
        self.truth.turned_away += 1
        self.emit("turned-away")

    def _answer(self, caller: Caller) -> None:
        if caller not in self._callers:
            return
        if caller.is_answered:
            self._callers.remove(caller)
            caller.link.close()
            return
        try:
            port = caller.port()
            if port is None:
                return
            if self._refusals or port not in self.script.ports:
                self._refusals = max(0, self._refusals - 1)
                raise Refused
        except Refused:
            self._callers.remove(caller)
            self._turn_away(caller.link)
            return
        caller.is_answered = True
        self.after(self.script.late_s, functools.partial(self._agree, caller))

    def _agree(self, caller: Caller) -> None:
        line = b"OK %d\n" % next(self._host_ports)
        match self.script.ok:
            case Ok.GARBAGE:
                self._say(caller, GARBAGE)
            case Ok.BYTE_BY_BYTE:
                self._spell(caller, line)
            case Ok.PLAIN:
                self._say(caller, line)
                self._serve(caller)
            case Ok.WITH_DATA:
                self._greet(self._serve(caller), line)
            case Ok.SILENT | Ok.HELD:
                pass

    def obey(self, order: dict[str, Any]) -> None:
        if order["do"] != "answer":
            super().obey(order)
            return
        for caller in [caller for caller in self._callers if caller.is_answered]:
            self._say(caller, b"OK %d\n" % next(self._host_ports))
            self._serve(caller)

    def _spell(self, caller: Caller, line: bytes) -> None:
        """Send a byte once the one before was read."""
        if caller not in self._callers:
            return
        if is_all_read(caller.link):
            self._say(caller, line[:1])
            line = line[1:]
        if line:
            self.after(SPELL_S, functools.partial(self._spell, caller, line))
        else:
            self._serve(caller)

    def _serve(self, caller: Caller) -> Peer:
        self._callers.remove(caller)
        peer = Peer(caller.link, self.visit(), None)
        self._peers.append(peer)
        return peer

    def _greet(self, peer: Peer, line: bytes) -> None:
        first = self.first_words(4096)
        taken = peer.send(line + first) or 0
        append(peer.visit.delivered, 0, max(0, taken - len(line)))

    def _say(self, caller: Caller, data: bytes) -> None:
        try:
            caller.link.send(data)
        except OSError:
            self.emit("caller-gone")

    def _listen(self, peer: Peer) -> None:
        if peer not in self._peers:
            return
        before = len(peer.visit.typed)
        if not peer.receive():
            self._part(peer, "client")
        elif len(peer.visit.typed) != before:
            self.emit("typed", client=peer.visit.number)

    def _part(self, peer: Peer, who: str) -> None:
        self._peers.remove(peer)
        peer.close()
        self.leave(peer.visit, who)
