"""The control socket itself: bound by the locks' holder, and again when it is removed."""

from __future__ import annotations

import contextlib
import logging
import os
import socket

import anyio
from anyio.abc import TaskStatus

from core.capture.control.server import ControlServer
from core.capture.lock import CaptureLock
from core.capture.places import Places
from core.errors import CaptureError
from core.paths import ensure_private, make_folders

log = logging.getLogger("guestwatch.control")

LOOK_S = 1.0
"""How often capture looks whether its socket is still there."""

_BACKLOG = 128


async def keep_bound(
    places: Places, lock: CaptureLock, server: ControlServer, *, task_status: TaskStatus[None]
) -> None:
    """Serve on the control socket; bind it again if somebody removes it.

    Raises:
        CaptureError: it cannot be bound at the start.
    """
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
            listener = await _bind_again(places, lock)


async def _bind_again(places: Places, lock: CaptureLock) -> socket.socket:
    told = ""
    while True:
        try:
            make_runtime(places)
            lock.retake()
            return bind_control(places)
        except (OSError, CaptureError) as error:
            if str(error) != told:
                told = str(error)
                log.warning("cannot bind the control socket: %s", error)
        await anyio.sleep(LOOK_S)


def _inode(places: Places) -> int:
    with contextlib.suppress(OSError):
        return places.control_socket.lstat().st_ino
    return 0


def unbind_control(places: Places) -> None:
    """Remove the control socket; only for the locks' holder."""
    with contextlib.suppress(OSError):
        places.control_socket.unlink()


def make_runtime(places: Places) -> None:
    """Make the runtime folder if it is missing, and check that it is ours alone.

    Raises:
        RuntimeDirError: it cannot be had so.
        OSError: the folders above it cannot be made.
    """
    make_folders(places.runtime.parent)
    ensure_private(places.runtime, os.geteuid())


def bind_control(places: Places) -> socket.socket:
    """A listener on the control socket, 0600, in place of whatever a crash left there.

    Bound through a descriptor of its folder, so that the path may be longer than
    the 107 bytes an address has room for.

    Raises:
        RuntimeDirError: the folder is not ours alone.
        OSError: the folder may not be written.
    """
    make_runtime(places)
    folder = os.open(places.runtime, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = places.control_socket.name
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        listener.bind(f"/proc/self/fd/{folder}/{name}")
        # Whatever the umask, which belongs to all threads and is left alone. Nobody can
        # connect before it listens.
        os.chmod(name, 0o600, dir_fd=folder)  # relative to the checked folder
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener
