"""A demo from its folders to its end: guests in a process of their own, nothing left behind.

It has its own runtime and state folders, so it never meets the user's capture or
recordings.
"""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread

from core.capture.lock import read_owner
from core.capture.places import Places
from core.client import open_client
from core.demo.stage import specs_of
from core.errors import CaptureError, DemoError
from core.sandboxes.model import SandboxSpec
from core.sandboxes.vmm import is_alive

READY_S = 30.0
"""How long the guests may take until their sockets are there; an initramfs is packed first."""

END_S = 5.0


def places_of(folder: Path) -> Places:
    """Where a demo's capture lives."""
    return Places(folder / "run", folder / "state")


def guests_of(folder: Path) -> Path:
    """Where a demo's guests have their sockets."""
    return folder / "guests"


@asynccontextmanager
async def open_demo(kind: str) -> AsyncIterator[tuple[Places, tuple[SandboxSpec, ...]]]:
    """A demo's own places, and the sandboxes in them; its guests run until the block ends.

    Args:
        kind: `replay` for embedded guests, `qemu` for a real one.

    Raises:
        DemoError: the guests could not be started; the hint says what to install.
    """
    # /tmp, not the user's TMPDIR: a socket's path has room for 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="guestwatch-demo-", dir="/tmp"))
    for place in (places_of(folder).runtime, guests_of(folder)):
        place.mkdir(mode=0o700)
    with _guest_process(folder, kind) as process:
        await anyio.to_thread.run_sync(_wait_until_ready, process)
        yield places_of(folder), specs_of(guests_of(folder), kind)


@contextmanager
def _guest_process(folder: Path, kind: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", "core.demo", str(folder), kind]
    with subprocess.Popen(
        command,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            # Now it clears everything away.
            process.stdin.close()
            try:
                process.wait(2 * END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    stdout: IO[bytes] | None = process.stdout
    assert stdout is not None
    told, _, _ = select.select([stdout], [], [], READY_S)
    line = stdout.readline() if told else b""
    if not line:
        raise DemoError("The demo's guests did not start")
    answer = json.loads(line)
    if answer:
        raise DemoError(answer["desc"], hint=answer["hint"])


async def end_capture(places: Places) -> None:
    """End the demo's capture, whatever its viewers wished: its guests go with it."""
    pid, _ = read_owner(places.state_lock)
    with contextlib.suppress(CaptureError):
        async with open_client(places.control_socket, viewer=False) as client:
            await client.shut_down()
    with anyio.move_on_after(END_S):
        while pid and is_alive(pid):  # noqa: ASYNC110  # it is no child of ours to wait for
            await anyio.sleep(0.02)
