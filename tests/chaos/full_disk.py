"""`python -m tests.chaos.full_disk FOLDER`: a capture whose disk fills up under its consoles.

Run where FOLDER is a file system of its own, of `DISK_BYTES`. Checks everything itself and
prints what was lost as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import anyio
import anyio.to_thread

from core.capture.places import Places
from core.capture.spawn import open_capture
from core.capture.writing.spool import QUEUE_BYTES
from core.client import Client
from core.recording import Cause
from core.sandboxes.named import sandbox_spec
from tests.chaos.evidence import check_account, check_losses, gaps_of, size_of, whole
from tests.guests.client import until
from tests.guests.kit import QemuQueue, Seeded

CONSOLES = 3
DISK_BYTES = 192 << 20
ENDLESS = 1 << 40
PATIENCE_S = 120.0
STEP = 1_000_000


def grown(guests: dict[str, QemuQueue], recordings: Path, by: int) -> None:
    """Return once so much more of each is recorded."""
    before = {name: size_of(recordings / name) for name in guests}
    until(
        lambda: all(size_of(recordings / name) >= before[name] + by for name in guests),
        timeout_s=PATIENCE_S,
    )


def fill(ballast: Path) -> None:
    """Leave no room at all."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def overflow(guests: dict[str, QemuQueue]) -> None:
    """Return once each has said more than there is memory for."""
    wanted = {name: guest.said + 2 * QUEUE_BYTES for name, guest in guests.items()}
    until(
        lambda: all(guest.said >= wanted[name] for name, guest in guests.items()),
        timeout_s=PATIENCE_S,
    )


async def caught_up(client: Client) -> None:
    """Return once nothing waits for the disk any more."""
    with anyio.fail_after(PATIENCE_S):
        while any(facts.recording_trouble for facts in await client.sandboxes()):
            await anyio.sleep(0.05)


async def run(folder: Path, guests: dict[str, QemuQueue]) -> dict[str, int]:
    (folder / "run").mkdir(mode=0o700)
    places = Places(folder / "run", folder / "state")
    ballast = folder / "ballast"
    in_thread = anyio.to_thread.run_sync
    async with open_capture(places) as client:
        for name, guest in guests.items():
            await client.watch(sandbox_spec(name, f"unix:{guest.path}"))
        await in_thread(grown, guests, places.recordings, STEP)
        await in_thread(fill, ballast)
        await in_thread(overflow, guests)
        ballast.unlink()
        await in_thread(grown, guests, places.recordings, STEP)
        await caught_up(client)
        for guest in guests.values():
            guest.freeze()
        await client.shut_down()
    await in_thread(lambda: until(lambda: not places.control_socket.exists()))
    return {name: check(places.recordings / name, guest) for name, guest in guests.items()}


def check(sandbox: Path, guest: QemuQueue) -> int:
    """How many bytes are lost, each of which is told."""
    (folder,) = sorted(path for path in sandbox.iterdir() if path.is_dir())
    record, gaps = whole(folder), gaps_of(folder)
    assert {gap.cause for _, gap in gaps} == {Cause.DISK}, gaps
    lost = check_losses(record, guest.lives[0], gaps)
    account = check_account(sandbox, captured=len(record))
    assert account.lost_bytes == lost
    assert account.captured_bytes + account.lost_bytes == guest.lives[0].said
    return lost


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as sockets,
        contextlib.ExitStack() as stack,
    ):
        guests = {
            f"vm{number}": stack.enter_context(
                QemuQueue(
                    Path(sockets, f"{number}.sock"),
                    say=Seeded(90 + number, size=ENDLESS),
                    wait=True,
                    every_ms=10,
                    piece=48 * 1024,
                )
            )
            for number in range(CONSOLES)
        }
        lost = anyio.run(run, Path(sys.argv[1]), guests)
    print(json.dumps(lost))


if __name__ == "__main__":
    os.umask(0o077)
    main()
