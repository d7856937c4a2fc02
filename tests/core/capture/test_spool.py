"""A disk that is slow or full holds up no reading, and what is lost is told to the byte."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.capture.writing.spool import HUNG_WRITE_S, SLOW_WRITE_S, Spool
from core.capture.writing.spools import Spools
from core.clock import Instant, now
from core.errors import RecordingError
from core.recording import Cause, Gap, Ledger, LedgerEntry, Meta, Recorder

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


def moment(seconds: float) -> Instant:
    return Instant(1_700_000_000.0 + seconds, 5_000.0 + seconds)


def begin(home: Path, sandbox_id: str = "vm1") -> Recorder:
    meta = Meta(id=sandbox_id, life="one")
    return Recorder.begin(home, sandbox_id, life="one", meta=meta, at=moment(0))


def entries_of(spool: Spool) -> list[LedgerEntry]:
    ledger = Ledger(spool.recorder.folder)
    try:
        return ledger.read_new()
    finally:
        ledger.close()


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


async def test_a_queue_that_is_full_forgets_its_oldest_bytes_and_says_so(tmp_path: Path) -> None:
    told: list[str] = []
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, told.append, queue_bytes=30 * KB)
        with full_disk(5 * KB):
            spool.write(b"a" * 10 * KB, moment(0))
            spool.enter("mark", moment(1))
            spool.write(b"b" * 20 * KB, moment(2))
            spool.write(b"c" * 20 * KB, moment(3))
            with anyio.fail_after(20):
                while not any("dropped" in text for text in told):
                    await anyio.sleep(0.01)
        await until_written(spool)
        assert log_of(spool) == b"a" * 5 * KB + b"c" * 20 * KB
        assert told[-1] == ""
        await spool.aclose()
    assert any("20480 bytes wait in memory, 25600 bytes were dropped" in text for text in told)
    mark, *gaps = entries_of(spool)
    assert (mark.kind, mark.offset) == ("mark", 5 * KB)
    assert [gap.offset for gap in gaps] == [5 * KB] * len(gaps)
    holes = [Gap.of(gap) for gap in gaps]
    assert sum(hole.lost_bytes or 0 for hole in holes if hole) == 25 * KB
    first, last = holes[0], holes[-1]
    assert first is not None
    assert last is not None
    assert (first.cause, first.evidence) == (Cause.DISK, "File too large")
    assert (first.start, last.end) == (moment(0).wall, moment(2).wall)


async def test_a_recording_that_cannot_be_opened_yet_waits_in_memory(tmp_path: Path) -> None:
    told: list[str] = []
    opened: list[Recorder] = []
    home = tmp_path / "home"
    home.write_text("in the way")
    async with anyio.create_task_group() as tasks:
        with pytest.raises(RecordingError) as refused:
            begin(home)
        spool = Spool.pending(
            lambda: begin(home), refused.value, tasks, told.append, on_open=opened.append
        )
        spool.enter("attached", now())
        spool.write(b"early ", now())
        assert (spool.is_open, spool.size, spool.folder) == (False, 0, None)
        await anyio.lowlevel.checkpoint()
        spool.write(b"and late", now())
        home.unlink()
        await until_written(spool)
        assert opened == [spool.recorder]
        spool.write(b", and direct", now())
        assert log_of(spool) == b"early and late, and direct"
        assert await spool.aclose() == 0
    assert [entry.kind for entry in entries_of(spool)] == ["attached"]
    assert told[-1] == ""


async def test_what_no_recording_was_ever_opened_for_is_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("in the way")
    async with anyio.create_task_group() as tasks:
        spool = Spool.pending(
            lambda: begin(home),
            RecordingError("no room"),
            tasks,
            lambda _: None,
            on_open=lambda _: None,
        )
        spool.write(b"never heard of again", now())
        with anyio.fail_after(20):
            assert await spool.aclose() == 20


async def test_all_consoles_together_keep_to_a_limit_and_the_largest_gives(tmp_path: Path) -> None:
    spools = Spools(limit_bytes=64 * KB)
    async with anyio.create_task_group() as tasks:
        large, small = (
            Spool(begin(tmp_path, name), tasks, lambda _: None, spools=spools)
            for name in ("vm1", "vm2")
        )
        with full_disk(1 * KB):
            small.write(b"s" * 11 * KB, now())
            for second in range(20):
                large.write(bytes([65 + second]) * 10 * KB, moment(second))
            assert spools.memory <= 64 * KB
        await until_written(large)
        await until_written(small)
        await large.aclose()
        await small.aclose()
        assert spools.memory == 0
        assert spools.writing() == {}
    assert log_of(small) == b"s" * 11 * KB
    assert log_of(large)[1 * KB :] == b"".join(bytes([65 + n]) * 10 * KB for n in range(15, 20))
    assert [entry.kind for entry in entries_of(small)] == []


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
        start = moment(0)
        with full_disk(4 * KB):
            for second in range(4):
                spool.write(b"x" * 2 * KB, Instant(start.wall + second, start.boot + second))
        await until_written(spool)
        await spool.aclose()
    timing = (spool.recorder.folder / "console.timing").read_text().splitlines()
    deltas = [float(line.split()[1]) for line in timing]
    assert sum(int(line.split()[2]) for line in timing) == 8 * KB
    assert deltas[1:] == pytest.approx([1.0, 1.0, 1.0], abs=0.01)


class LateRecorder(Recorder):
    """A recorder whose every write takes a while, in the way that `linger` does."""

    linger: Callable[[], None]

    def write(self, data: bytes, at: Instant) -> None:
        super().write(data, at)
        self.linger()


def compute() -> None:
    end = time.thread_time() + 2 * SLOW_WRITE_S
    while time.thread_time() < end:
        pass


def block() -> None:
    time.sleep(2 * SLOW_WRITE_S)


def hang() -> None:
    time.sleep(2 * HUNG_WRITE_S)


def late(home: Path, linger: Callable[[], None]) -> LateRecorder:
    meta = Meta(id="vm1", life="one")
    recorder = LateRecorder.begin(home, "vm1", life="one", meta=meta, at=moment(0))
    assert isinstance(recorder, LateRecorder)
    recorder.linger = linger
    return recorder


@pytest.mark.parametrize("size", [1, KB])
async def test_the_second_write_that_waits_for_the_disk_moves_the_console_to_the_queue(
    tmp_path: Path, size: int
) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(late(tmp_path, block), tasks, lambda _: None)
        behind = []
        for _ in range(2):
            spool.write(b"x" * size, now())
            behind.append(spool.is_behind)
        assert behind == [False, True]
        await spool.aclose()


async def test_a_write_that_hangs_moves_the_console_to_the_queue_at_once(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        spool = Spool(late(tmp_path, hang), tasks, lambda _: None)
        spool.write(b"x" * KB, now())
        assert spool.is_behind
        await spool.aclose()


async def test_a_write_that_only_waits_for_the_processor_does_not(tmp_path: Path) -> None:
    """A busy machine is no slow disk: a queue that a starved thread empties would overflow."""
    async with anyio.create_task_group() as tasks:
        spool = Spool(late(tmp_path, compute), tasks, lambda _: None)
        for _ in range(3):
            spool.write(b"x" * KB, now())
        assert not spool.is_behind
        await spool.aclose()
