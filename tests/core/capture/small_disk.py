"""`python -m tests.core.capture.small_disk FOLDER BACKEND`: a console floods a disk that fills up.

Run where FOLDER is a file system of 12 MB; prints what happened as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import anyio

from core.capture.spool import Spool
from core.clock import now
from core.recording import Gap, GenerationReader, Ledger, Meta, Recorder, RecordingClock

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


if __name__ == "__main__":
    os.umask(0o077)
    print(json.dumps(anyio.run(flood, Path(sys.argv[1]), backend=sys.argv[2])))
