"""A tee between a guest's socket and whoever watches it, in a process of its own.

    python -m tests.guests.tee SOURCE OFFER COPY

It offers a socket at OFFER. When a client is there, it becomes the one client of
SOURCE, passes bytes on in both directions, and appends every byte of the guest's that
it passed on to COPY. It reads greedily and drops nothing: what the client has not
taken yet is kept in memory, without bound. It is as transparent as it can be: without a
client of its own it is no client of SOURCE either; when the guest ends, the client gets
the rest and then end of file, OFFER goes, and the tee ends.

COPY equals what the client read when the client stayed to the end. Of a client that
went away before, COPY may hold bytes that its socket had taken and it never read.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tests.guests import ROOT

_START_S = 30.0
_READ_BYTES = 256 * 1024


class Tee:
    """A tee's process; use it in a `with` block, which ends it."""

    def __init__(self, source: Path, offer: Path, copy: Path) -> None:
        self.source = source
        self.offer = offer
        self.copy = copy

    def __enter__(self) -> Tee:
        words = [str(self.source), str(self.offer), str(self.copy)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.guests.tee", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], _START_S)
        if not ready or not self._child.stdout.read(1):
            self._end()
            raise TimeoutError(f"no tee at {self.offer}")
        return self

    def wait(self, timeout_s: float) -> None:
        """Return once the guest has ended, all its bytes are passed on and the tee is done.

        Raises:
            subprocess.TimeoutExpired: that is not so within `timeout_s`.
        """
        self._child.wait(timeout_s)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._child.stdout is not None
        self._child.stdout.close()
        self._child.kill()
        self._child.wait()
        self.offer.unlink(missing_ok=True)


class _Passage:
    """One client's time at the tee."""

    def __init__(self, client: socket.socket, guest: socket.socket, copy: BinaryIO) -> None:
        self._client = client
        self._guest = guest
        self._copy = copy
        self._to_client = bytearray()
        self._to_guest = bytearray()
        self._guest_ended = False
        self._client_left = False
        client.setblocking(False)
        guest.setblocking(False)

    def run(self) -> bool:
        """Pass bytes on until one side is gone; whether that was the guest."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._client, selectors.EVENT_READ)
            selector.register(self._guest, selectors.EVENT_READ)
            while not self._client_left and (self._to_client or not self._guest_ended):
                for key, events in selector.select():
                    if key.fileobj is self._guest:
                        self._from_guest(events)
                    else:
                        self._from_client(events)
                if self._guest_ended and self._guest in selector.get_map():
                    selector.unregister(self._guest)
                self._await_room(selector)
        return self._guest_ended

    def _await_room(self, selector: selectors.BaseSelector) -> None:
        for sock, waiting in ((self._client, self._to_client), (self._guest, self._to_guest)):
            if sock in selector.get_map():
                write = selectors.EVENT_WRITE if waiting else 0
                selector.modify(sock, selectors.EVENT_READ | write)

    def _from_guest(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            _send(self._guest, self._to_guest)
        if events & selectors.EVENT_READ:
            data = _receive(self._guest)
            self._guest_ended = data is None
            self._to_client += data or b""
            self._pass_on()

    def _from_client(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._pass_on()
        if events & selectors.EVENT_READ:
            data = _receive(self._client)
            self._client_left = self._client_left or data is None
            self._to_guest += data or b""
            _send(self._guest, self._to_guest)

    def _pass_on(self) -> None:
        begin = bytes(self._to_client[:_READ_BYTES])
        sent = _send(self._client, self._to_client)
        if sent is None:
            self._client_left = True
        else:
            self._copy.write(begin[:sent])


def _receive(sock: socket.socket) -> bytes | None:
    """What has come; None at the end."""
    try:
        return sock.recv(_READ_BYTES) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


def _send(sock: socket.socket, waiting: bytearray) -> int | None:
    """Send some of what waits and take it out; how much, None when nobody takes it any more."""
    try:
        sent = sock.send(waiting[:_READ_BYTES]) if waiting else 0
    except BlockingIOError:
        return 0
    except OSError:
        return None
    del waiting[:sent]
    return sent


def _connect(path: Path, client: socket.socket) -> socket.socket | None:
    """The guest's console as soon as it is there; None when the client left meanwhile."""
    while True:
        guest = socket.socket(socket.AF_UNIX)
        try:
            guest.connect(str(path))
            return guest
        except (FileNotFoundError, ConnectionRefusedError):
            guest.close()
        if select.select([client], [], [], 0)[0] and not client.recv(1, socket.MSG_PEEK):
            return None
        time.sleep(0.005)


def _serve(source: Path, offer: Path, copy: Path) -> None:
    offer.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, copy.open("ab", buffering=0) as kept:
        listener.bind(str(offer))
        listener.listen(1)
        os.write(1, b".")
        is_over = False
        while not is_over:
            client, _ = listener.accept()
            with client:
                guest = _connect(source, client)
                if guest is not None:
                    with guest:
                        is_over = _Passage(client, guest, kept).run()
    offer.unlink(missing_ok=True)


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, offer, copy = (Path(word) for word in sys.argv[1:])
    _serve(source, offer, copy)


if __name__ == "__main__":
    _main()
