"""A capture from its locks to its last byte.

The order matters: the locks first, then the socket, because only the locks' holder
may unlink and bind it; then readiness is told, then the consoles. At the end every
console is let go and what was read is on disk before the locks are.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence

import anyio
from anyio.abc import TaskStatus

from core.capture.control import ControlServer
from core.capture.limits import raise_descriptor_limit
from core.capture.lock import CaptureLock
from core.capture.places import Places
from core.capture.supervisor import Supervisor
from core.capture.viewers import LINGER_S, Viewers
from core.errors import CaptureError
from core.sandboxes.model import SandboxSpec
from core.settings import Settings
from core.wire import CaptureGone, Event

log = logging.getLogger("guestwatch.capture")

LOOK_S = 1.0
"""How often capture looks whether its socket is still there."""

_BACKLOG = 128


async def run_capture(
    places: Places,
    *,
    stays: bool,
    specs: Sequence[SandboxSpec] = (),
    settings: Settings | None = None,
    on_ready: Callable[[], None] = lambda: None,
    linger_s: float = LINGER_S,
) -> None:
    """Capture until nobody needs it, or until SIGINT, SIGTERM or SIGHUP.

    Args:
        places: where it lives.
        stays: whether it runs on without viewers.
        specs: sandboxes to watch from the start.
        settings: what to keep and to warn of; the defaults when None.
        on_ready: called once viewers can connect.
        linger_s: how long a viewer that died without a word is waited for.

    Raises:
        CaptureRunning: another one holds the locks.
        CaptureError: its folders cannot be written.
        UsageError: a spec is not valid.
    """
    raise_descriptor_limit()
    with CaptureLock(places):
        try:
            await _run_locked(places, stays, specs, settings or Settings(), on_ready, linger_s)
        finally:
            unbind_control(places)


async def _run_locked(
    places: Places,
    stays: bool,
    specs: Sequence[SandboxSpec],
    settings: Settings,
    on_ready: Callable[[], None],
    linger_s: float,
) -> None:
    over = anyio.Event()
    viewers = Viewers(stays=stays, linger_s=linger_s)
    server: ControlServer

    def publish(event: Event) -> None:
        server.publish(event)

    async with anyio.create_task_group() as proxies, anyio.create_task_group() as tasks:
        supervisor = Supervisor(places, proxies, publish)
        supervisor.configure(settings)
        server = ControlServer(supervisor, viewers, over.set)
        await tasks.start(_keep_bound, places, server)
        tasks.start_soon(supervisor.run)
        tasks.start_soon(_end_on_signal, over)
        tasks.start_soon(_end_without_viewers, viewers, over)
        try:
            for spec in specs:
                await supervisor.watch(spec)
            on_ready()
            await over.wait()
        finally:
            server.end()
            with anyio.CancelScope(shield=True):
                await supervisor.release()
                publish(CaptureGone("capture was stopped"))
                # One turn of the loop, so that the last event is sent.
                await anyio.sleep(0.05)
            tasks.cancel_scope.cancel()
        proxies.cancel_scope.cancel()


async def _end_on_signal(over: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async for number in signals:
            log.info("ending on signal %s", signal.Signals(number).name)
            over.set()


async def _end_without_viewers(viewers: Viewers, over: anyio.Event) -> None:
    await viewers.all_gone()
    over.set()


async def _keep_bound(
    places: Places, server: ControlServer, *, task_status: TaskStatus[None]
) -> None:
    """Serve on the control socket; bind it again if somebody removes it."""
    try:
        listener = bind_control(places)
    except OSError as error:
        raise CaptureError(
            f"Cannot bind {places.control_socket}: {error.strerror}",
            hint="Look at the folder's owner and mode.",
        ) from error
    async with anyio.create_task_group() as clients:
        task_status.started()
        while True:
            inode = _inode(places)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.accept, listener, clients)
                while _inode(places) == inode:  # noqa: ASYNC110  # nothing tells of an unlink
                    await anyio.sleep(LOOK_S)
                tasks.cancel_scope.cancel()
            log.warning("%s is gone; binding it again", places.control_socket)
            listener = await _bind_again(places)


async def _bind_again(places: Places) -> socket.socket:
    while True:
        with contextlib.suppress(OSError):
            return bind_control(places)
        await anyio.sleep(LOOK_S)


def _inode(places: Places) -> int:
    with contextlib.suppress(OSError):
        return places.control_socket.lstat().st_ino
    return 0


def unbind_control(places: Places) -> None:
    """Remove the control socket; only for the locks' holder."""
    with contextlib.suppress(OSError):
        places.control_socket.unlink()


def bind_control(places: Places) -> socket.socket:
    """A listener on the control socket, 0600, in place of whatever a crash left there.

    Bound through a descriptor of its folder, so that the path may be longer than
    the 107 bytes an address has room for.

    Raises:
        OSError: the folder is not there or may not be written.
    """
    places.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(places.runtime, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = places.control_socket.name
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        before = os.umask(0o177)
        try:
            listener.bind(f"/proc/self/fd/{folder}/{name}")
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener
