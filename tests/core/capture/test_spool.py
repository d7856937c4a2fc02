"""A disk that is slow or full holds up no reading, and nothing is lost while there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.capture.spool import Spool, SpoolOverflow
from core.clock import Instant, now
from core.recording import Meta, Recorder

pytestmark = pytest.mark.anyio

KB = 1024


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """Files may not grow beyond `limit_bytes`: the kernel refuses as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def begin(home: Path) -> Recorder:
    at = now()
    meta = Meta(id="vm1", life="one", started_wall=at.wall, started_boot=at.boot)
    return Recorder.begin(home, "vm1", life="one", meta=meta, at=at)


def log_of(spool: Spool) -> bytes:
    return (spool.recorder.folder / "console.log").read_bytes()


async def until_written(spool: Spool) -> None:
    with anyio.fail_after(20):
        while spool.is_behind:
            await anyio.sleep(0.01)


async def test_bytes_and_events_go_straight_to_the_disk(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, lambda _: None)
        spool.write(b"hello", now())
        spool.enter("mark", now())
        assert not spool.is_behind
        assert log_of(spool) == b"hello"
        await spool.aclose()


async def test_what_a_full_disk_refused_is_written_when_there_is_room(tmp_path: Path) -> None:
    told: list[str] = []
    pieces = [bytes([65 + n]) * (10 * KB) for n in range(6)]
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, told.append)
        with full_disk(25 * KB):
            for piece in pieces:
                spool.write(piece, now())
                await anyio.lowlevel.checkpoint()
            assert spool.is_behind
            spool.enter("mark", now())
            with anyio.fail_after(20):
                while not told:
                    await anyio.sleep(0.01)
            assert "console.log" in told[0]
        await until_written(spool)
        assert log_of(spool) == b"".join(pieces)
        assert told[-1] == ""
        await spool.aclose()
    ledger = (spool.recorder.folder / "events.jsonl").read_text()
    assert '"mark"' in ledger


async def test_a_queue_that_is_full_says_so_and_keeps_what_it_took(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, lambda _: None, queue_bytes=30 * KB)
        with full_disk(5 * KB):
            spool.write(b"a" * 10 * KB, now())
            spool.write(b"b" * 20 * KB, now())
            with pytest.raises(SpoolOverflow, match="wait for the disk"):
                spool.write(b"c" * 20 * KB, now())
        await until_written(spool)
        assert log_of(spool) == b"a" * 10 * KB + b"b" * 20 * KB
        await spool.aclose()


async def test_closing_gives_a_disk_that_stays_full_one_more_chance(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, lambda _: None)
        with full_disk(5 * KB):
            spool.write(b"a" * 10 * KB, now())
            with anyio.fail_after(20):
                await spool.aclose()
        assert log_of(spool) == b"a" * 5 * KB


async def test_arrival_times_survive_the_queue(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, lambda _: None)
        start = now()
        with full_disk(4 * KB):
            for second in range(4):
                spool.write(b"x" * 2 * KB, Instant(start.wall + second, start.boot + second))
        await until_written(spool)
        await spool.aclose()
    timing = (spool.recorder.folder / "console.timing").read_text().splitlines()
    deltas = [float(line.split()[1]) for line in timing]
    assert sum(int(line.split()[2]) for line in timing) == 8 * KB
    assert deltas[1:] == pytest.approx([1.0, 1.0, 1.0], abs=0.01)
