"""What writing and reading a recording costs, beside the bare system calls it cannot do without.

    python -m tests.bench.bench_recording

prints `name value budget ok|SHORT`. Ratios are of the medians of five runs each, on the
same bytes, in turns; the figures with units are this machine's.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from core.clock import Instant, now
from core.recording import GenerationReader, Meta, Recorder, RecordingClock

RUNS = 5
CHUNK = 64 * 1024
FLOOD_BYTES = 256 * 1024 * 1024
SMALL = 60
SMALL_WRITES = 100_000
LONG_BYTES = 1024 * 1024 * 1024


class Result(NamedTuple):
    """One figure and what it should be."""

    name: str
    value: float
    budget: float
    is_at_most: bool

    def __str__(self) -> str:
        ok = self.value <= self.budget if self.is_at_most else self.value >= self.budget
        return f"{self.name} {self.value:.3f} {self.budget:g} {'ok' if ok else 'SHORT'}"


def _begin(home: Path, at: Instant) -> Recorder:
    return Recorder.begin(home, "vm1", life="", meta=Meta(id="vm1"), at=at)


def _remove_logs(folder: Path) -> None:
    for log in folder.glob("console*.log"):
        log.unlink()


def _time_bare(home: Path, chunk: bytes, count: int) -> float:
    """Seconds for writing the chunks and asking the time for each, as capture must anyway."""
    path = home / "bare"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        begun = time.perf_counter()
        for _ in range(count):
            at = now()
            os.write(fd, chunk)
        took = time.perf_counter() - begun
        assert at.boot
        return took
    finally:
        os.close(fd)
        path.unlink()


def _time_recorder(home: Path, chunk: bytes, count: int) -> float:
    recorder = _begin(home, now())
    begun = time.perf_counter()
    for _ in range(count):
        recorder.write(chunk, now())
    took = time.perf_counter() - begun
    recorder.close()
    _remove_logs(recorder.folder)
    return took


def _in_turns(*measures: Callable[[], float]) -> list[float]:
    """The median of each after `RUNS` rounds; the first round, which only warms up, not counted."""
    rounds = [[measure() for measure in measures] for _ in range(RUNS + 1)][1:]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def _flood(home: Path) -> Iterator[Result]:
    chunk = os.urandom(CHUNK)
    count = FLOOD_BYTES // CHUNK
    bare, recorded = _in_turns(
        lambda: _time_bare(home, chunk, count), lambda: _time_recorder(home, chunk, count)
    )
    yield Result("recording_flood_vs_bare_write", bare / recorded, 0.85, is_at_most=False)
    yield Result("recording_flood_gb_per_s", FLOOD_BYTES / recorded / 1e9, 1.5, is_at_most=False)


def _trickle(home: Path) -> Iterator[Result]:
    chunk = b"x" * SMALL
    bare, recorded = _in_turns(
        lambda: _time_bare(home, chunk, SMALL_WRITES),
        lambda: _time_recorder(home, chunk, SMALL_WRITES),
    )
    yield Result("recording_small_vs_bare_write", recorded / bare, 2.0, is_at_most=True)
    yield Result("recording_small_us", recorded / SMALL_WRITES * 1e6, 6.0, is_at_most=True)


def _sparse(home: Path) -> Iterator[Result]:
    """Every write with a record of its own: the most that timing and index can cost."""
    chunk = b"x" * SMALL

    def spaced() -> float:
        recorder = _begin(home, Instant(1e9, 0.0))
        moments = [Instant(1e9 + i * 0.005, i * 0.005) for i in range(SMALL_WRITES)]
        begun = time.perf_counter()
        for at in moments:
            recorder.write(chunk, at)
        took = time.perf_counter() - begun
        recorder.close()
        return took

    (took,) = _in_turns(spaced)
    yield Result("recording_small_own_record_us", took / SMALL_WRITES * 1e6, 12.0, is_at_most=True)


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text("ascii").split()[1])


def _long(home: Path) -> Iterator[Result]:
    """A 1 GB console that printed 1 KB every 5 ms: its end dated, a page dated, all of it read."""
    recorder = _begin(home, Instant(1e9, 0.0))
    line = b"x" * 1023 + b"\n"
    for i in range(LONG_BYTES // len(line)):
        recorder.write(line, Instant(1e9 + i * 0.005, i * 0.005))
    recorder.close()
    clock = RecordingClock(recorder.folder)
    before, begun = _bytes_read(), time.perf_counter()
    assert clock.at(LONG_BYTES - 1) is not None
    took, count = time.perf_counter() - begun, _bytes_read() - before
    yield Result("recording_1GB_date_end_KiB", count / 1024, 1024, is_at_most=True)
    yield Result("recording_1GB_date_end_ms", took * 1e3, 50, is_at_most=True)
    (page,) = _in_turns(lambda: _time_page(clock, LONG_BYTES - 50 * len(line), len(line)))
    yield Result("recording_date_50_rows_ms", page * 1e3, 1, is_at_most=True)
    clock.close()
    yield from _read(recorder.folder)


def _time_page(clock: RecordingClock, offset: int, row: int) -> float:
    begun = time.perf_counter()
    for i in range(50):
        clock.at(offset + i * row)
    return time.perf_counter() - begun


def _read(folder: Path) -> Iterator[Result]:
    def bare() -> float:
        begun = time.perf_counter()
        for log in sorted(folder.glob("console*.log")):
            with log.open("rb", buffering=0) as file:
                at = 0
                while data := os.pread(file.fileno(), CHUNK, at):
                    at += len(data)
        return time.perf_counter() - begun

    def read() -> float:
        reader = GenerationReader(folder)
        begun = time.perf_counter()
        at = 0
        while data := reader.read(at, CHUNK):
            at += len(data)
        took = time.perf_counter() - begun
        assert at == reader.end
        reader.close()
        return took

    plain, through = _in_turns(bare, read)
    yield Result("recording_read_vs_bare_pread", plain / through, 0.8, is_at_most=False)


def main() -> None:
    """Measure and print."""
    memory = Path("/dev/shm")
    for part in (_flood, _trickle, _sparse, _long):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
            for result in part(Path(name)):
                print(result, flush=True)


if __name__ == "__main__":
    main()
