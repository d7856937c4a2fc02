"""Finding the capture that runs, without ever starting one, and waiting for its end."""

from __future__ import annotations

from pathlib import Path

import anyio

from core.capture.lock import is_held, read_owner
from core.capture.places import Places
from core.errors import CaptureError, CaptureUnreachable

END_S = 60.0
"""How long a capture may take to let its consoles go: a slow disk is waited for."""

_LOOK_S = 0.05


def is_running(places: Places) -> bool:
    """Whether a capture holds a lock of this user's places."""
    return is_held(places.state_lock) or is_held(places.runtime_lock)


def running_socket(places: Places) -> Path:
    """Where the capture that runs is reached, also when it has another runtime folder.

    A capture that cron, sudo or a service manager started may not share ours; its
    recordings' lock names the socket.
    """
    _pid, named = read_owner(places.state_lock)
    if named and is_held(places.state_lock) and not is_held(places.runtime_lock):
        return Path(named)
    return places.control_socket


def silent(places: Places, trouble: CaptureUnreachable) -> CaptureError:
    """The error about a capture that holds its locks and does not answer."""
    pid, _socket = read_owner(places.state_lock)
    if not pid:
        return trouble
    return CaptureUnreachable(
        f"A capture runs (process {pid}), but it cannot be reached: {trouble}",
        hint=f"kill {pid} ends it; nothing that was recorded is lost. Its log: {places.log}",
    )


async def wait_until_over(places: Places) -> None:
    """Return once no capture holds the locks.

    Raises:
        CaptureError: one still does after `END_S`.
    """
    with anyio.move_on_after(END_S):
        while is_running(places):  # noqa: ASYNC110  # nothing tells of a lock that is let go
            await anyio.sleep(_LOOK_S)
        return
    pid, _socket = read_owner(places.state_lock)
    raise CaptureError(
        f"Capture (process {pid}) was asked to end and still runs after {END_S:.0f} s",
        hint=f"It may be waiting for a disk. Its log: {places.log}",
    )
