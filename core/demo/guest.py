"""A guest's console on a real unix socket, with a script instead of a VM.

Theory of operation. The socket behaves as a QEMU chardev's does (`server=on`):

- One client is served. Others wait in the listen queue, whose backlog is 1: they are
  connected and hear nothing. When the client leaves, the next is served from the very
  next byte.
- What is said while no client is attached is gone.
- A client that does not read holds this guest up, and no other: the step it is in
  waits, as a 16550 does, and is abandoned when the client hangs up. Nothing is queued
  here, so a stalled client costs no memory.
- When the VM ends its client gets end of file and the socket's file is removed. The
  next VM binds a new one at the same path: a new generation.

What a client types is read and dropped.
"""

from __future__ import annotations

import socket
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from core.demo.step import Reboot, Say, Script
from core.errors import DemoError

MAX_PATH_BYTES = 107
"""`sun_path` without its final NUL (unix(7))."""

_BACKLOG = 1
"""QEMU's own (chardev/char-socket.c)."""

_INPUT_BYTES = 4096

_LATE_S = 0.05
"""A guest this far behind its script was held up; it goes on from there and does not hurry."""


class DemoGuest:
    """One guest at `path`: `run` serves and plays it until cancelled."""

    def __init__(
        self, path: Path, script: Script, *, pace: float = 1.0, wait: bool = False
    ) -> None:
        """Describe a guest; nothing is bound before `run`.

        Args:
            path: where its socket goes; a socket left there is replaced.
            script: what it does.
            pace: what each delay is multiplied with; 0 plays without delays.
            wait: whether each VM says nothing before it has a client, as with
                QEMU's `wait=on`.
        """
        self.path = path
        self._script = script
        self._pace = pace
        self._wait = wait
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._powered = anyio.Event()
        self._attached = anyio.Event()

    @property
    def is_attached(self) -> bool:
        """Whether a client is served now."""
        return self._client is not None

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve and play until cancelled. A script that ends leaves a silent guest.

        Raises:
            DemoError: the socket could not be bound.
        """
        try:
            self.power_on()
            task_status.started()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._serve)
                await self._play()
        finally:
            self.power_off()

    def power_on(self) -> None:
        """Bind a new socket at the path. Harmless when there is one.

        Raises:
            DemoError: it could not be bound.
        """
        if self._listener is None:
            self._listener = _bind(self.path)
            self._attached = anyio.Event()
            self._powered.set()

    def power_off(self) -> None:
        """Hang up on the client and remove the socket. Harmless when repeated."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        self._powered = anyio.Event()
        self.path.unlink(missing_ok=True)
        _close(listener)
        if self._client is not None:
            self._hang_up(self._client)

    def reboot(self) -> None:
        """End this generation and begin the next at once.

        Raises:
            DemoError: the socket could not be bound anew.
        """
        self.power_off()
        self.power_on()

    async def _serve(self) -> None:
        while True:
            if self._listener is None:
                await self._powered.wait()
                continue
            client = await _accept(self._listener)
            if client is None:
                continue
            self._client = client
            self._attached.set()
            try:
                await self._drain(client)
            finally:
                self._hang_up(client)

    async def _drain(self, client: socket.socket) -> None:
        """Read what the client types until it leaves or is left."""
        while client is self._client:
            try:
                await anyio.wait_readable(client)
                if not client.recv(_INPUT_BYTES):
                    return
            except BlockingIOError:
                continue
            except (OSError, anyio.ClosedResourceError):
                return

    async def _play(self) -> None:
        due = anyio.current_time()
        await self._until_heard()
        for step in self._script():
            due = max(due + step.delay_s * self._pace, anyio.current_time() - _LATE_S)
            await anyio.sleep_until(due)
            match step:
                case Say(data=data):
                    await self._say(data)
                case Reboot(off_s=off_s):
                    self.power_off()
                    await anyio.sleep(off_s * self._pace)
                    self.power_on()
                    await self._until_heard()

    async def _until_heard(self) -> None:
        if self._wait:
            await self._attached.wait()

    async def _say(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and (client := self._client) is not None:
            try:
                rest = rest[client.send(rest) :]
            except BlockingIOError:
                try:
                    await anyio.wait_writable(client)
                except anyio.ClosedResourceError:
                    continue
            except OSError:
                self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        if self._client is client:
            self._client = None
        _close(client)


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        if path.is_socket():
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        too_long = len(bytes(path)) > MAX_PATH_BYTES
        reason = f"longer than {MAX_PATH_BYTES} bytes" if too_long else error.strerror or str(error)
        raise DemoError(
            f"Cannot bind the demo guest's socket {path}: {reason}",
            hint="Point TMPDIR at a short, writable folder." if too_long else "",
        ) from error
    return listener


async def _accept(listener: socket.socket) -> socket.socket | None:
    """The next client; None when there was none after all or the listener is gone."""
    try:
        await anyio.wait_readable(listener)
        client, _ = listener.accept()
    except (OSError, anyio.ClosedResourceError):
        return None
    client.setblocking(False)
    return client


def _close(sock: socket.socket) -> None:
    if sock.fileno() >= 0:
        anyio.notify_closing(sock)
        sock.close()
