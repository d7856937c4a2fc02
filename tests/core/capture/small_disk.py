"""`python -m tests.core.capture.small_disk FOLDER BACKEND WAY`: a disk that is or becomes full.

Run where FOLDER is a file system of 12 MB; prints what happened as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

import anyio

from core.capture.places import Places
from core.capture.writing.spool import Spool
from core.clock import now
from core.errors import RecordingError
from core.recording import Gap, GenerationReader, Ledger, Meta, Recorder, RecordingClock
from core.recording.trouble import is_full
from tests.core.capture.conftest import Chardev, facts_when, recorded, running_capture

CHUNK = 64 * 1024
CHUNKS = 160
"""10 MB, of which half find no room beside the ballast."""

BALLAST = 8 * 1024 * 1024
QUEUE = 2 * 1024 * 1024
PACE_S = 0.0065
"""10 MB/s."""


def printed(number: int) -> bytes:
    """The chunk of this number: each of its 16-byte lines says where it belongs."""
    start = number * CHUNK
    return b"".join(b"%015d\n" % at for at in range(start, start + CHUNK, 16))


async def flood(folder: Path) -> dict[str, object]:
    told: list[str] = []
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(BALLAST))
    at = now()
    async with anyio.create_task_group() as tasks:
        recorder = Recorder.begin(
            folder / "recordings", "vm1", life="one", meta=Meta(id="vm1"), at=at
        )
        spool = Spool(recorder, tasks, told.append, queue_bytes=QUEUE)
        for number in range(CHUNKS):
            spool.write(printed(number), now())
            await anyio.sleep(PACE_S)
        kept_in_memory = spool.memory
        with anyio.fail_after(20):
            while not any("dropped" in text for text in told):
                await anyio.sleep(0.01)
        ballast.unlink()
        with anyio.fail_after(20):
            while spool.is_behind:
                await anyio.sleep(0.01)
        for number in range(CHUNKS, CHUNKS + 4):
            spool.write(printed(number), now())
        await spool.aclose()
    return {"told": told, "memory": kept_in_memory, **look(recorder.folder)}


def look(folder: Path) -> dict[str, object]:
    """The recording against what was printed."""
    reader, clock, ledger = GenerationReader(folder), RecordingClock(folder), Ledger(folder)
    found = reader.read(0, 1 << 30)
    gaps = [(entry.offset, gap) for entry in ledger.read_new() if (gap := Gap.of(entry))]
    sent = b"".join(map(printed, range(CHUNKS + 4)))
    (offset, gap), *more = gaps
    lost = gap.lost_bytes or 0
    undated = [at for at in range(0, len(found), CHUNK) if clock.at(at) is None]
    return {
        "gaps": 1 + len(more),
        "lost": lost,
        "offset": offset,
        "evidence": gap.evidence,
        "cause": str(gap.cause),
        "lasted": gap.seconds,
        "is_exact": found == sent[:offset] + sent[offset + lost :],
        "undated": undated,
        "accounted": len(found) + lost == len(sent),
    }


async def open_late(folder: Path) -> dict[str, object]:
    """A VM that appears while the disk is full."""
    told: list[str] = []
    opened: list[Recorder] = []
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass

    def begin() -> Recorder:
        return Recorder.begin(
            folder / "recordings", "vm1", life="one", meta=Meta(id="vm1"), at=now()
        )

    async with anyio.create_task_group() as tasks:
        try:
            begin()
        except RecordingError as error:
            is_told_apart = is_full(error)
            spool = Spool.pending(begin, error, tasks, told.append, on_open=opened.append)
        spool.enter("attached", now())
        for number in range(16):
            spool.write(printed(number), now())
            await anyio.sleep(PACE_S)
        was_open = spool.is_open
        ballast.unlink()
        with anyio.fail_after(20):
            while spool.is_behind:
                await anyio.sleep(0.01)
        await spool.aclose()
    recorder = opened[0]
    reader, ledger = GenerationReader(recorder.folder), Ledger(recorder.folder)
    return {
        "is_told_apart": is_told_apart,
        "was_open": was_open,
        "is_exact": reader.read(0, 1 << 30) == b"".join(map(printed, range(16))),
        "entries": [(entry.kind, entry.offset) for entry in ledger.read_new()],
        "generations": len(list(recorder.folder.parent.iterdir())),
        "told": told,
    }


async def watch_late(folder: Path) -> dict[str, object]:
    """A whole capture that is shown a VM while the disk is full."""
    (folder / "run").mkdir(mode=0o700)
    places, ballast = Places(folder / "run", folder / "state"), folder / "ballast"
    guest = Chardev(folder / "run" / "vm1.sock")
    async with running_capture(places) as client:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        await client.watch(guest.spec)
        await guest.accept()
        await guest.write(b"first words")
        facts = await facts_when(client, lambda f: f.recording_trouble)
        state, generation = facts.console.state, facts.generation
        ballast.unlink()
        facts = await facts_when(client, lambda f: f.generation and not f.recording_trouble)
        data = await recorded(facts, 11)
    guest.exit()
    with contextlib.closing(Ledger(Path(facts.recordings, facts.generation))) as ledger:
        kinds = [entry.kind for entry in ledger.read_all()]
    return {
        "state": str(state),
        "generation": generation,
        "data": data.decode(),
        "kinds": kinds,
        "has_facts": facts.traffic.bytes,
    }


if __name__ == "__main__":
    WAYS = {"flood": flood, "late": open_late, "watch": watch_late}
    os.umask(0o077)
    print(json.dumps(anyio.run(WAYS[sys.argv[3]], Path(sys.argv[1]), backend=sys.argv[2])))
