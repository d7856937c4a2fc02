"""Recordings made for tests, and what can be read off them without the code under test."""

from __future__ import annotations

import contextlib
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from core.clock import Instant
from core.recording import SEGMENT_BYTES, Meta, Recorder

on_disk = settings(deadline=None)
"""For properties whose every example writes files: a slow disk is no failure."""

WALL = 1_700_000_000.0
BOOT = 5_000.0


def fresh_folder(factory: pytest.TempPathFactory) -> Path:
    """An empty folder for one example of a property; removed with the test session's."""
    return Path(tempfile.mkdtemp(dir=factory.getbasetemp()))


def moment(seconds: float) -> Instant:
    """So many seconds after the recordings of the tests begin, on both clocks."""
    return Instant(WALL + seconds, BOOT + seconds)


def begin(
    home: Path,
    *,
    life: str = "one",
    at: float = 0.0,
    sandbox_id: str = "vm1",
    boot_id: str = "this-boot",
    segment_bytes: int = SEGMENT_BYTES,
) -> Recorder:
    """A recorder for `sandbox_id` below `home`."""
    meta = Meta(id=sandbox_id, name="a name", boot_id=boot_id)
    return Recorder.begin(
        home, sandbox_id, life=life, meta=meta, at=moment(at), segment_bytes=segment_bytes
    )


def crashed(folder: Path, home: Path) -> Path:
    """A copy of a generation as it lies on disk now, below another `home`: as after SIGKILL."""
    copy = home / folder.parent.name / folder.name
    shutil.copytree(folder, copy)
    return copy


def logs(folder: Path) -> list[Path]:
    """A generation's logs, oldest first."""
    found = [*sorted(folder.glob("console.[0-9]*.log")), folder / "console.log"]
    return [log for log in found if log.is_file()]


def log_bytes(folder: Path) -> bytes:
    """All that is in a generation's logs."""
    return b"".join(log.read_bytes() for log in logs(folder))


def timing_lines(log: Path) -> list[str]:
    """The lines of the timing that belongs to a log."""
    text = log.with_suffix(".timing").read_text("ascii")
    assert text == "" or text.endswith("\n")
    return text.splitlines()


def records(log: Path) -> list[tuple[int, int]]:
    """The records of a log's timing: microseconds and bytes."""
    parsed = []
    for line in timing_lines(log):
        kind, delta, size = line.split(" ")
        seconds, _, decimals = delta.partition(".")
        assert kind == "O"
        assert len(decimals) == 6
        parsed.append((int(seconds) * 1_000_000 + int(decimals), int(size)))
    return parsed


def assert_consistent(folder: Path) -> None:
    """Every log's timing accounts for its bytes, record by record."""
    for log in logs(folder):
        sizes = [size for _, size in records(log)]
        assert sum(sizes) == log.stat().st_size, log
        assert all(size > 0 for size in sizes), log


@contextlib.contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """No file of this process grows beyond `limit` bytes: a write up to it is cut short.

    What a full disk does, without one. Python ignores SIGXFSZ.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
