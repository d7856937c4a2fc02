"""What a QEMU says of its consoles over a QMP monitor that nobody uses.

A monitor serves one client, and whoever comes next hangs: it is asked only when the
kernel shows that nobody is on it, and left within `ANSWER_S`, answer or not. A VMM
taken over by its guest may answer anything, endlessly or never.

Sources: QEMU's docs/interop/qmp-spec.rst, qapi/char.json (query-chardev);
chardev/char-socket.c on `disconnected:`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import time

import msgspec

from core.endpoints.holders.clients import clients_of
from core.endpoints.sock_diag import unix_sockets
from core.endpoints.unix import is_trusted, open_unfollowed, peer_of

ANSWER_S = 0.8
"""All of it: connecting, the greeting, two questions. A free monitor takes 2 ms."""

MAX_ANSWER_BYTES = 256 * 1024
"""A chardev takes some 100 bytes."""

_DISCONNECTED = "disconnected:"


class Backend(msgspec.Struct, frozen=True):
    """A chardev as `query-chardev` tells of it."""

    label: str = ""
    filename: str = ""

    def is_at(self, path: str) -> bool:
        """Whether it listens on the unix socket that QEMU calls `path`."""
        place = self.filename.removeprefix(_DISCONNECTED)
        return place == f"unix:{path}" or place.startswith(f"unix:{path},")

    @property
    def is_attached(self) -> bool:
        """Whether a client is on it. A terminal never tells."""
        return not self.filename.startswith(_DISCONNECTED)


class _Answer(msgspec.Struct, frozen=True):
    result: msgspec.Raw = msgspec.field(name="return", default=msgspec.Raw(b""))
    error: msgspec.Raw = msgspec.Raw(b"")
    greeting: msgspec.Raw = msgspec.field(name="QMP", default=msgspec.Raw(b""))


def query_chardev(path: str, *, vmm_uid: int) -> tuple[Backend, ...] | None:
    """The chardevs of the QEMU whose monitor listens at `path`.

    None when somebody is on the monitor or waits for it, when the kernel cannot say,
    and when no fit answer came in time. Blocks for `ANSWER_S` at most.

    Args:
        vmm_uid: whose process the VMM is; the monitor of another's is not asked.
    """
    if vmm_uid != os.geteuid():
        return None
    deadline = time.monotonic() + ANSWER_S
    try:
        with contextlib.ExitStack() as held:
            fd = open_unfollowed(path)
            held.callback(os.close, fd)
            found = os.fstat(fd)
            if not stat.S_ISSOCK(found.st_mode) or not _is_free(path, found):
                return None
            monitor = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            monitor.settimeout(ANSWER_S)
            monitor.connect(f"/proc/self/fd/{fd}")
            _, uid = peer_of(monitor)
            if not is_trusted(uid, owner=found.st_uid, ours=os.geteuid()):
                return None
            return _Talk(monitor, deadline).query()
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None


def _is_free(path: str, found: os.stat_result) -> bool:
    sockets = unix_sockets()
    if sockets is None:
        return False
    clients = clients_of(path, found, sockets)
    return clients.listener is not None and not clients.accepted and not clients.waiting


class _Talk:
    """A conversation with a monitor, by lines, until a deadline."""

    def __init__(self, monitor: socket.socket, deadline: float) -> None:
        self._monitor = monitor
        self._deadline = deadline
        self._unread = b""
        self._taken = 0

    def query(self) -> tuple[Backend, ...] | None:
        if not bytes(self._next().greeting):
            return None
        for command in ("qmp_capabilities", "query-chardev"):
            self._monitor.settimeout(self._left())
            self._monitor.sendall(json.dumps({"execute": command}).encode() + b"\n")
            answer = self._next()
            # Events may come first.
            while not bytes(answer.result) and not bytes(answer.error):
                answer = self._next()
            if bytes(answer.error):
                return None
        return tuple(msgspec.json.decode(answer.result, type=list[Backend]))

    def _next(self) -> _Answer:
        while b"\n" not in self._unread:
            self._monitor.settimeout(self._left())
            data = self._monitor.recv(16 * 1024)
            self._taken += len(data)
            if not data or self._taken > MAX_ANSWER_BYTES:
                raise ValueError("no answer, or one that does not end")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return msgspec.json.decode(line, type=_Answer)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
