"""How a viewer comes by a capture: the one that runs, or one that it starts."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import anyio.to_thread

from core.capture.places import Places
from core.client import Client, open_client
from core.errors import CaptureError, CaptureUnreachable, CommandRefused

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
    async with AsyncExitStack() as stack:
        give_up_at = anyio.current_time() + CONNECT_S
        while True:
            await ensure_capture(places)
            try:
                client = await stack.enter_async_context(
                    open_client(places.control_socket, viewer=True)
                )
                break
            except CaptureError as error:
                # The one that just answered may be ending: its last viewer has left.
                is_ending = isinstance(error, CaptureUnreachable) or (
                    isinstance(error, CommandRefused) and error.kind == "CaptureEnding"
                )
                if not is_ending or anyio.current_time() > give_up_at:
                    raise
            await anyio.sleep(_RETRY_S)
        yield client


async def ensure_capture(places: Places) -> None:
    """Make sure that a capture answers on the control socket.

    Raises:
        CaptureError: none could be started, or the one that runs does not answer.
    """
    give_up_at = anyio.current_time() + CONNECT_S
    while not await _answers(places):
        trouble = await anyio.to_thread.run_sync(_spawn, places)
        is_over = anyio.current_time() > give_up_at
        # The one that holds the locks may be about to answer, or about to end.
        if trouble is not None and (trouble[0] != "CaptureRunning" or is_over):
            raise CaptureError(trouble[1], hint=trouble[2])
        if trouble is None and is_over:
            raise CaptureUnreachable(
                f"Capture was started but does not answer on {places.control_socket}",
                hint=f"Its log: {places.log}",
            )
        await anyio.sleep(_RETRY_S if trouble is not None else 0)


async def _answers(places: Places) -> bool:
    try:
        async with open_client(places.control_socket, viewer=False):
            return True
    except CaptureUnreachable:
        return False


def _spawn(places: Places) -> tuple[str, str, str] | None:
    """Start a capture and wait until it is ready; the error's class, text and hint if not."""
    try:
        line = _start_and_listen(places)
    except OSError as error:
        return "CaptureError", f"Cannot start the capture process: {error.strerror}", ""
    except subprocess.TimeoutExpired:
        return "CaptureError", f"The capture process was not ready in {READY_S:.0f} s", ""
    if not line:
        return "CaptureError", "The capture process ended at once", f"Its log: {places.log}"
    answer = json.loads(line)
    return (answer["class"], answer["desc"], answer["hint"]) if answer else None


def _start_and_listen(places: Places) -> bytes:
    """What a capture that is started here says once it is ready; empty when it ends instead.

    Raises:
        OSError: it could not be started.
        subprocess.TimeoutExpired: it is not ready in time.
    """
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
        if not answered:
            raise subprocess.TimeoutExpired(command, READY_S)
        return ready.readline(64 * 1024)
