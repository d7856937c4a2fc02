"""Peers that behave badly, in a process of their own: `python -m tests.security.peers FOLDER`.

For each way to behave there is a unix socket, a TCP port, a terminal and a file. Prints
where they are as JSON, and goes on until its stdin ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import socket
import struct
import sys
import threading  # noqa: TID251 (a program of its own)
import time
import tty
from collections.abc import Callable
from pathlib import Path

Send = Callable[[bytes], object]

LINGER_NOT = struct.pack("ii", 1, 0)
PAUSE_S = 0.05


def silent(send: Send) -> None:
    time.sleep(3600)


def close(send: Send) -> None:
    return


def slow(send: Send) -> None:
    while True:
        send(b"O")
        time.sleep(1)


def garbage(send: Send) -> None:
    some = random.Random(3)
    while True:
        send(some.randbytes(4000))
        time.sleep(PAUSE_S)


def deep(send: Send) -> None:
    while True:
        send(b'{"return": ' + b"[" * 4000)
        time.sleep(PAUSE_S)


ACTS: dict[str, Callable[[Send], None]] = {
    "silent": silent,
    "close": close,
    "reset": close,
    "slow": slow,
    "garbage": garbage,
    "deep": deep,
}
FULL = "full"
"""A queue of waiting clients that is full, and nobody who takes one."""


def serve(listener: socket.socket, name: str) -> None:
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=behave, args=(peer, name), daemon=True).start()


def behave(peer: socket.socket, name: str) -> None:
    if name == "reset":
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    with peer, contextlib.suppress(OSError):
        ACTS[name](peer.sendall)


def write(fd: int, name: str) -> None:
    with contextlib.suppress(OSError):
        ACTS[name](lambda data: os.write(fd, data))
    os.close(fd)


def fill(listener: socket.socket, keep: list[socket.socket]) -> None:
    for _ in range(4):
        client = socket.socket(listener.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        keep.append(client)
        with contextlib.suppress(BlockingIOError):
            client.connect(listener.getsockname())


def start(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()


def main() -> None:
    """Behave badly until told to end."""
    folder = Path(sys.argv[1])
    where: dict[str, dict[str, str]] = {}
    keep: list[socket.socket] = []
    for name in (*ACTS, FULL):
        local, remote = socket.socket(socket.AF_UNIX), socket.socket()
        local.bind(str(folder / f"{name}.sock"))
        remote.bind(("127.0.0.1", 0))
        where[name] = {
            "unix": str(folder / f"{name}.sock"),
            "tcp": str(remote.getsockname()[1]),
        }
        for listener in (local, remote):
            listener.listen(0 if name == FULL else 64)
            if name == FULL:
                fill(listener, keep)
            else:
                start(serve, listener, name)
        keep += [local, remote]
        if name == FULL:
            continue
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        log = folder / f"{name}.log"
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        where[name] |= {"pty": os.ttyname(theirs), "file": str(log)}
        start(write, ours, name)
        start(write, fd, name)
    print(json.dumps(where), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
