"""How a viewer comes by a capture: the one that runs, or one that it starts."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

from core.capture.places import Places
from core.client import Client, open_client
from core.errors import CaptureError, CaptureUnreachable

READY_S = 20.0
"""How long a new capture may take until it is ready."""

CONNECT_S = 5.0
"""How long the loser of a race goes on trying to reach the winner."""

_RETRY_S = 0.05


@asynccontextmanager
async def open_capture(places: Places) -> AsyncIterator[Client]:
    """A viewer's client of this user's capture, which is started if there is none.

    Raises:
        CaptureError: it could not be started or reached.
    """
    await ensure_capture(places)
    async with open_client(places.control_socket, viewer=True) as client:
        yield client


async def ensure_capture(places: Places) -> None:
    """Make sure that a capture answers on the control socket.

    Raises:
        CaptureError: none could be started, or the one that runs does not answer.
    """
    if await _answers(places):
        return
    trouble = await anyio.to_thread.run_sync(_spawn, places)
    if trouble is not None and trouble[0] != "CaptureRunning":
        raise CaptureError(trouble[1], hint=trouble[2])
    give_up_at = anyio.current_time() + CONNECT_S
    while not await _answers(places):
        if anyio.current_time() > give_up_at:
            if trouble is not None:
                raise CaptureError(trouble[1], hint=trouble[2])
            raise CaptureUnreachable(
                f"Capture was started but does not answer on {places.control_socket}",
                hint=f"Its log: {places.log}",
            )
        await anyio.sleep(_RETRY_S)


async def _answers(places: Places) -> bool:
    try:
        async with open_client(places.control_socket, viewer=False):
            return True
    except CaptureUnreachable:
        return False


def _spawn(places: Places) -> tuple[str, str, str] | None:
    """Start a capture and wait until it is ready; the error's class, text and hint if not."""
    readable, writable = os.pipe()
    command = [sys.executable, "-P", "-m", "core.capture"]
    command += ["--runtime", str(places.runtime), "--state", str(places.state)]
    command += ["--ready-fd", str(writable)]
    with os.fdopen(readable, "rb") as ready:
        try:
            # Its own session and `/`: a capture outlives the terminal that started it.
            subprocess.run(
                command,
                cwd="/",
                pass_fds=[writable],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=READY_S,
                check=False,
            )
        finally:
            os.close(writable)
        answered, _, _ = select.select([ready], [], [], READY_S)
        line = ready.readline(64 * 1024) if answered else b""
    if not line:
        return "CaptureError", "The capture process ended at once", f"Its log: {places.log}"
    answer = json.loads(line)
    return (answer["class"], answer["desc"], answer["hint"]) if answer else None
