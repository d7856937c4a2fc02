"""Consoles on stream sockets: QEMU's, cloud-hypervisor's and Dragonball's, and QEMU as a client.

They differ in what becomes of a second client, which is the whole point.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .console import READ_BYTES, Console, Watch
from .script import Rebirth, Script
from .telnet import GREETING, Telnet
from .truth import Visit, append

BACKLOG = 1
"""QEMU's: with it the kernel queues two clients, and the next gets EAGAIN."""


class Peer:
    """One accepted client."""

    def __init__(self, link: socket.socket, visit: Visit, telnet: Telnet | None) -> None:
        link.setblocking(False)
        self.link = link
        self.visit = visit
        self._telnet = telnet

    def send(self, data: bytes) -> int | None:
        """How much its socket took; None when it is gone."""
        try:
            return self.link.send(data) if data else 0
        except BlockingIOError:
            return 0
        except OSError:
            return None

    def receive(self) -> bool:
        """Take what it typed; whether it is still there."""
        try:
            data = self.link.recv(READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if self._telnet is not None:
            typed, breaks = self._telnet.feed(data)
            self.visit.breaks += breaks
            self.visit.typed += typed
        else:
            self.visit.typed += data
        return bool(data)

    def close(self) -> None:
        """Hang up; what was sent can still be read.

        As with any VMM, a client whose typing was not read meets ECONNRESET after it.
        """
        self.link.close()


class OneClient(Console):
    """Serves one client and is deaf to the others: they wait in the kernel's queue."""

    def __init__(self, script: Script, *, control: bool) -> None:
        self._listener: socket.socket | None = None
        self._peer: Peer | None = None
        super().__init__(script, control=control)

    def open(self) -> None:
        path = Path(self.script.path)
        self._listener = socket.socket(socket.AF_UNIX)
        if self.script.rebirth is Rebirth.RENAME_OVER:
            beside = path.with_name(path.name + "~")
            self._listener.bind(str(beside))
            self._listener.listen(BACKLOG)
            beside.rename(path)
        else:
            if path.is_socket() and self.life.number:
                path.unlink()
            self._listener.bind(str(path))
            self._listener.listen(BACKLOG)

    def close(self, *, leaves_file: bool) -> None:
        self.hang_up()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if not leaves_file:
            Path(self.script.path).unlink(missing_ok=True)

    def watch(self) -> Iterator[Watch]:
        if self._peer is not None:
            yield self._peer.link.fileno(), select.POLLIN, self._listen_to_peer
        if self._listener is not None and self.hears_newcomers:
            yield self._listener.fileno(), select.POLLIN, self._accept

    @property
    def hears_newcomers(self) -> bool:
        """Whether one that connects now is accepted now."""
        return self._peer is None

    def room_fd(self) -> int | None:
        return None if self._peer is None else self._peer.link.fileno()

    def accept_print(self, data: bytes) -> int | None:
        if self._peer is None:
            return None
        taken = self._peer.send(data)
        if taken is None:
            self._peer_left()
            return None
        self.deliver(self._peer.visit, self.life.said, self.life.said + taken)
        return taken

    def hang_up(self) -> None:
        if self._peer is not None:
            self.part("guest")

    def part(self, who: str) -> None:
        """End the present visit, which there is."""
        assert self._peer is not None
        peer, self._peer = self._peer, None
        peer.close()
        self.leave(peer.visit, who)

    def welcome(self, link: socket.socket) -> None:
        """Serve a newcomer."""
        if self.script.telnet:
            link.send(GREETING)
        self._peer = Peer(link, self.visit(), Telnet() if self.script.telnet else None)

    def _accept(self) -> None:
        assert self._listener is not None
        link, _ = self._listener.accept()
        self.newcomer(link)

    def newcomer(self, link: socket.socket) -> None:
        """Do with one that was accepted what this VMM does."""
        self.welcome(link)

    def _listen_to_peer(self) -> None:
        if self._peer is None:
            return
        before = len(self._peer.visit.typed) + self._peer.visit.breaks
        if not self._peer.receive():
            self._peer_left()
        elif len(self._peer.visit.typed) + self._peer.visit.breaks != before:
            self.emit("typed", client=self._peer.visit.number)

    def _peer_left(self) -> None:
        self.part("client")


class QemuQueue(OneClient):
    """`-chardev socket,server=on`: M1 to M4, M15 and M18 of the facts."""


class DragonballDrop(OneClient):
    """Newcomers are accepted and dropped at once while one is served."""

    @property
    def hears_newcomers(self) -> bool:
        return True

    def newcomer(self, link: socket.socket) -> None:
        if self._peer is None:
            self.welcome(link)
            return
        link.close()
        self.truth.turned_away += 1
        self.emit("turned-away")


class ClhKick(OneClient):
    """`--serial socket=` of v53 and later: the newcomer is served, the old client is shut down.

    What is printed goes through a ring that a connect or the next print empties as far
    as the socket has room. Nothing watches for room, so a burst's tail can stay there.
    """

    def __init__(self, script: Script, *, control: bool) -> None:
        self._ring = bytearray()
        super().__init__(script, control=control)

    @property
    def hears_newcomers(self) -> bool:
        return True

    def newcomer(self, link: socket.socket) -> None:
        if self._peer is not None:
            with contextlib.suppress(OSError):
                self._peer.link.shutdown(socket.SHUT_RDWR)
            self.part("newcomer")
        self.welcome(link)
        self._flush(self.life.said)

    def accept_print(self, data: bytes) -> int | None:
        end = self.life.said + len(data)
        self._ring += data
        self._flush(end)
        excess = len(self._ring) - self.script.ring
        if excess > 0:
            append(self.life.dropped, end - len(self._ring), end - len(self._ring) + excess)
            del self._ring[:excess]
        return len(data)

    def close(self, *, leaves_file: bool) -> None:
        append(self.life.dropped, self.life.said - len(self._ring), self.life.said)
        self._ring.clear()
        super().close(leaves_file=leaves_file)

    def _flush(self, end: int) -> None:
        while self._ring and self._peer is not None:
            begin = end - len(self._ring)
            taken = self._peer.send(bytes(self._ring[:READ_BYTES]))
            if taken is None:
                self._peer_left()
            elif taken == 0:
                break
            else:
                self.deliver(self._peer.visit, begin, begin + taken)
                del self._ring[:taken]


class QemuTcp(OneClient):
    """`-chardev socket,host=…,port=…,server=on`, with `telnet=on` or without."""

    def open(self) -> None:
        host, _, port = self.script.path.rpartition(":")
        self._listener = socket.create_server((host, int(port)), backlog=BACKLOG)

    def close(self, *, leaves_file: bool) -> None:
        super().close(leaves_file=True)

    def where(self) -> dict[str, Any]:
        assert self._listener is not None
        host, port = self._listener.getsockname()[:2]
        return {"path": f"{host}:{port}"}


class Dial(OneClient):
    """`-chardev socket,path=…,server=off,reconnect=…`: QEMU is the client, and dials again."""

    def open(self) -> None:
        self._dial()

    def _dial(self) -> None:
        if self._peer is not None or not self._is_up:
            return
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(self.script.path)
        except OSError:
            link.close()
            self.emit("nobody-there")
            self.after(self.script.reconnect_s, self._dial)
            return
        self.welcome(link)

    def close(self, *, leaves_file: bool) -> None:
        super().close(leaves_file=True)

    def part(self, who: str) -> None:
        super().part(who)
        self.after(self.script.reconnect_s, self._dial)
