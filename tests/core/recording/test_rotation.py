from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WriteFailed
from core.recording import GenerationReader, RecordingClock
from core.recording.layout import segment_log

from .made import (
    assert_consistent,
    begin,
    crashed,
    fresh_folder,
    log_bytes,
    logs,
    moment,
    on_disk,
    open_descriptors,
    records,
)


def test_a_full_log_is_renamed_with_its_timing_on_a_read_boundary(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    recorder.write(b"0123456", moment(1))
    recorder.write(b"789abcdef", moment(2))
    recorder.write(b"next", moment(3))
    recorder.close()
    first = recorder.folder / "console.000000000000000.log"
    assert first.read_bytes() == b"0123456789abcdef"
    assert records(first) == [(1_000_000, 7), (1_000_000, 9)]
    assert (recorder.folder / "console.log").read_bytes() == b"next"
    # Deltas go on over the seam.
    assert records(recorder.folder / "console.log") == [(1_000_000, 4)]


def test_a_segment_is_named_by_its_first_offset(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=1000)
    for i in range(5):
        recorder.write(b"x" * 1001, moment(i))
    recorder.close()
    assert [path.name for path in logs(recorder.folder)] == [
        *(segment_log(i * 1001) for i in range(5)),
        "console.log",
    ]


def test_a_continued_recording_goes_on_rotating_where_it_was(tmp_path: Path) -> None:
    expected = b""
    for i in range(20):
        recorder = begin(tmp_path, segment_bytes=25, at=i)
        recorder.write(b"%010d" % i, moment(i + 0.5))
        expected += b"%010d" % i
        recorder.close()
    assert log_bytes(recorder.folder) == expected
    assert [log.stat().st_size for log in logs(recorder.folder)] == [30] * 6 + [20]
    assert_consistent(recorder.folder)


@pytest.mark.parametrize("segment_bytes", [0, -1, 1])
def test_tiny_limits_do_no_harm(tmp_path: Path, segment_bytes: int) -> None:
    recorder = begin(tmp_path, segment_bytes=segment_bytes)
    for i in range(10):
        recorder.write(b"%d" % i, moment(i))
    recorder.close()
    assert log_bytes(recorder.folder) == b"0123456789"
    assert_consistent(recorder.folder)


@on_disk
@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=60), st.integers(0, 30_000)), max_size=60),
    st.integers(1, 200),
    st.sets(st.integers(0, 60)),
)
def test_whatever_is_written_however_it_is_cut_it_is_read_back_and_dated(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[tuple[bytes, int]],
    segment_bytes: int,
    restarts: set[int],
) -> None:
    home = fresh_folder(tmp_path_factory)
    recorder = begin(home, segment_bytes=segment_bytes)
    seconds, dated, expected = 0.0, [], b""
    for i, (chunk, gap_ms) in enumerate(chunks):
        seconds += gap_ms / 1000
        if i in restarts:
            recorder.close()
            recorder = begin(home, segment_bytes=segment_bytes, at=seconds)
        recorder.write(chunk, moment(seconds))
        dated.append((len(expected), seconds))
        expected += chunk
    recorder.close()
    assert_consistent(recorder.folder)
    reader = GenerationReader(recorder.folder)
    assert (reader.start, reader.end) == (0, len(expected))
    assert reader.read(0, len(expected) + 1) == expected
    reader.close()
    clock = RecordingClock(recorder.folder)
    for offset, came in dated:
        at = clock.at(offset)
        assert at is not None
        # A merged record is dated by its first read, at most 4 ms before.
        assert -0.00401 <= at.boot - moment(came).boot <= 0.00001
        assert -0.00401 <= at.wall - moment(came).wall <= 0.00001
    clock.close()


# Every moment at which a crash can interrupt a rotation.

STEPS = ["log renamed", "timing renamed", "timing begun", "log begun"]


def interrupted(folder: Path, step: str) -> None:
    """Take a generation that was just rotated at offset 0 back to a step of the rotation."""
    steps = STEPS.index(step)
    if steps < 3:
        (folder / "console.log").unlink()
    if steps < 2:
        (folder / "console.timing").unlink()
    if steps < 1:
        (folder / "console.000000000000000.timing").rename(folder / "console.timing")


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_during_rotation_is_survived_by_readers_and_repaired(
    tmp_path: Path, step: str
) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    recorder.write(b"0123456789", moment(1))
    recorder.close()
    interrupted(recorder.folder, step)

    reader, clock = GenerationReader(recorder.folder), RecordingClock(recorder.folder)
    assert reader.read(0, 100) == b"0123456789"
    assert clock.elapsed(9) == 1.0

    recorder = begin(tmp_path, segment_bytes=10, at=2)
    assert recorder.size == 10
    recorder.write(b"abc", moment(3))
    recorder.close()
    assert log_bytes(recorder.folder) == b"0123456789abc"
    assert [log.name for log in logs(recorder.folder)] == [segment_log(0), "console.log"]
    assert_consistent(recorder.folder)

    assert reader.refresh()
    assert reader.read(5, 100) == b"56789abc"
    assert clock.elapsed(11) == 3.0
    reader.close()
    clock.close()


@pytest.mark.parametrize("blocked", ["log", "timing"])
def test_a_rotation_that_fails_is_gone_on_with_later_and_nothing_is_lost(
    tmp_path: Path, blocked: str
) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    reader, clock = GenerationReader(recorder.folder), RecordingClock(recorder.folder)
    obstacle = recorder.folder / f"console.000000000000000.{blocked}"
    obstacle.mkdir()
    with pytest.raises(WriteFailed) as raised:
        recorder.write(b"0123456789", moment(1))
    assert raised.value.written == 10
    # It is written on as it is, and read as it is.
    recorder.write(b"abc", moment(2))
    reader.refresh()
    assert reader.read(0, 100) == b"0123456789abc"
    recorder.flush()
    assert clock.elapsed(11) == 2.0
    copy = crashed(recorder.folder, tmp_path / "crashed")
    obstacle.rmdir()
    recorder.write(b"defghijklm", moment(3))
    recorder.write(b"n", moment(4))
    recorder.close()
    reader.refresh()
    assert reader.read(0, 100) == b"0123456789abcdefghijklmn"
    assert clock.elapsed(23) == 4.0
    assert [log.name for log in logs(recorder.folder)] == [segment_log(0), "console.log"]
    assert_consistent(recorder.folder)
    assert log_bytes(copy) == b"0123456789abc"
    reader.close()
    clock.close()


def test_rotation_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    before = open_descriptors()
    for i in range(50):
        recorder.write(b"x" * 10, moment(i))
    recorder.flush()
    assert open_descriptors() == before
    recorder.close()
    assert len(list(recorder.folder.iterdir())) == 2 * 50 + 5
