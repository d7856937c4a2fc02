"""Recordings made from a seed, and what crashes, full disks and other people do to them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from core.recording import Recorder
from core.recording.compress import compress_generation
from core.recording.gaps import Cause, Gap
from tests.core.recording.export.exported import HOSTILE, LINES
from tests.core.recording.made import begin, moment
from tests.fuzz.mutation import mutated

LIFE = "one"


def recorded(rng: random.Random, home: Path) -> Path:
    """A generation that a capture wrote; left as it is at a kill, or closed."""
    recorder = begin(home, life=LIFE, segment_bytes=rng.choice((1 << 25, 20_000, 5_000, 700)))
    at = 0.0
    recorder.enter("attached", moment(at))
    for _ in range(rng.randrange(25)):
        at += rng.choice((0.0, 0.001, 0.5, 12.0, -3.0))
        recorder.write(a_chunk(rng), moment(at))
        match rng.randrange(12):
            case 0:
                recorder.flush()
            case 1:
                recorder.enter("detached", moment(at), cause="the proxy was stopped")
            case 2:
                lost = rng.choice((None, 77))
                gap = Gap(rng.choice(list(Cause)), moment(at).wall - 1, moment(at).wall, "x", lost)
                recorder.enter_gap(gap, moment(at))
                recorder.enter("attached", moment(at))
    return ended(rng, recorder, home)


def a_chunk(rng: random.Random) -> bytes:
    match rng.randrange(6):
        case 0:
            return rng.randbytes(rng.randint(1, 3000))
        case 1:
            return HOSTILE
        case _:
            return rng.choice(LINES)


def ended(rng: random.Random, recorder: Recorder, home: Path) -> Path:
    """As a SIGKILL leaves it, or an orderly end; now and then compressed."""
    folder = recorder.folder
    if rng.randrange(2):
        copy = home / "killed"
        shutil.copytree(folder, copy)
        recorder.close()
        shutil.rmtree(folder)
        copy.rename(folder)
        return folder
    recorder.close()
    if rng.randrange(3) == 0:
        for _ in compress_generation(folder, moment(500)):
            pass
    return folder


def damage(rng: random.Random, folder: Path) -> None:
    """Do to some files of a generation what should not be done to them."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in rng.sample(files, min(len(files), rng.randrange(4))):
        data = path.read_bytes()
        match rng.randrange(6):
            case 0:
                path.write_bytes(data[: rng.randrange(len(data) + 1)])
            case 1:
                path.write_bytes(data + rng.randbytes(rng.randint(1, 100)))
            case 2:
                path.unlink()
            case 3:
                path.write_bytes(b"")
            case 4:
                other = rng.choice(files)
                path.write_bytes(other.read_bytes() if other.is_file() else b"\0" * 100)
            case _:
                path.write_bytes(mutated(rng, data))
