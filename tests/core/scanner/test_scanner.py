"""The scanner as a process: what it is told, what it says, and when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.scanner.messages import (
    Behind,
    Finish,
    Finished,
    Follow,
    Found,
    FromScanner,
    Grown,
    Patterns,
    ToScanner,
)
from core.settings import AlertPattern
from tests.core.recording.made import begin, moment

decoder: msgspec.json.Decoder[FromScanner] = msgspec.json.Decoder(FromScanner)

PANIC = b"[    1.000000] Kernel panic - not syncing: x\n[    1.000001] ---[ end Kernel panic\n"


class Process:
    """A scanner with this test in capture's place."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child

    def tell(self, *messages: ToScanner) -> None:
        assert self.child.stdin is not None
        for message in messages:
            self.child.stdin.write(msgspec.json.encode(message) + b"\n")
        self.child.stdin.flush()

    def hear(self) -> FromScanner:
        """The next thing it says; the test's own deadline ends the wait."""
        assert self.child.stdout is not None
        return decoder.decode(self.child.stdout.readline())


@contextmanager
def scanner() -> Iterator[Process]:
    with subprocess.Popen(
        [sys.executable, "-m", "core.scanner"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        yield Process(child)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 0


def test_it_tells_of_an_alert_and_of_the_end(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(PANIC, moment(1))
    recorder.close()
    with scanner() as process:
        process.tell(Follow("k", str(recorder.folder), 0), Finish("k", recorder.size))
        found = process.hear()
        assert isinstance(found, Found)
        assert found.alert.kind == "panic"
        assert found.resume == recorder.size
        assert process.hear() == Finished("k")


def test_it_begins_where_it_is_told(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(PANIC + PANIC, moment(1))
    recorder.close()
    with scanner() as process:
        process.tell(Follow("k", str(recorder.folder), len(PANIC)), Finish("k", recorder.size))
        found = process.hear()
        assert isinstance(found, Found)
        assert found.alert.start == len(PANIC)
        assert process.hear() == Finished("k")


def test_a_report_that_stands_still_is_told_without_more_to_come(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"[    1.000000] BUG: unable to handle page fault\n", moment(1))
    with scanner() as process:
        process.tell(Follow("k", str(recorder.folder), 0), Grown({"k": recorder.size}))
        found = process.hear()
        assert isinstance(found, Found)
        assert found.alert.kind == "oops"
    recorder.close()


def test_patterns_count_from_when_they_are_told(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    with scanner() as process:
        process.tell(Follow("k", str(recorder.folder), 0))
        process.tell(Patterns((AlertPattern(name="own", pattern="mydrv"),)))
        recorder.write(b"mydrv: here\n", moment(1))
        process.tell(Grown({"k": recorder.size}))
        found = process.hear()
        assert isinstance(found, Found)
        assert (found.alert.kind, found.alert.title) == ("own", "mydrv: here")
    recorder.close()


def test_how_far_it_is_behind_is_told(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"x\n" * 400_000, moment(1))
    with scanner() as process:
        # Each line is looked at for a pattern that says how it begins and ends.
        slow = (AlertPattern(name="own", pattern=r"\Ay+\z"),)
        start = Follow("k", str(recorder.folder), 0)
        process.tell(Patterns(slow), start, Grown({"k": recorder.size}))
        behind = process.hear()
        assert isinstance(behind, Behind)
        assert 0 < behind.lags["k"] <= recorder.size
        while isinstance(behind, Behind) and behind.lags["k"]:
            behind = process.hear()
        assert behind == Behind({"k": 0})
    recorder.close()


def test_a_generation_that_cannot_be_read_harms_no_other(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(PANIC, moment(1))
    recorder.close()
    with scanner() as process:
        process.tell(Follow("gone", str(tmp_path / "none"), 0), Finish("gone", 5))
        process.tell(Follow("k", str(recorder.folder), 0), Finish("k", recorder.size))
        heard = [process.hear() for _ in range(3)]
        assert heard.count(Finished("gone")) == 1
        assert heard.count(Finished("k")) == 1


def test_it_is_nicer_than_whoever_reads(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    with scanner() as process:
        process.tell(Follow("k", str(recorder.folder), 0), Finish("k", 0))
        assert process.hear() == Finished("k")
        assert os.getpriority(os.PRIO_PROCESS, process.child.pid) >= 10
    recorder.close()
