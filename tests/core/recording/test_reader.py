from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecordingError
from core.recording import GenerationReader, RecordingClock
from core.recording.layout import segment_log, segment_timing
from core.recording.reader import MAX_OPEN

from .made import begin, fresh_folder, moment, on_disk, open_descriptors

WRITER = """
import sys
from pathlib import Path
from core.clock import Instant, now
from core.recording import Meta, Recorder
home, total = Path(sys.argv[1]), int(sys.argv[2])
meta = Meta(id="vm1")
recorder = Recorder.begin(home, "vm1", life="one", meta=meta, at=now(), segment_bytes=3000)
print(recorder.folder, flush=True)
sys.stdin.readline()
written = 0
while written < total:
    size = min(1 + written * 7 % 900, total - written)
    recorder.write(bytes((written + i) * 31 % 251 for i in range(size)), now())
    written += size
recorder.close()
"""


def test_an_empty_generation_has_nothing_to_read(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    reader = GenerationReader(recorder.folder)
    assert (reader.start, reader.end, reader.read(0, 10)) == (0, 0, b"")
    assert not reader.refresh()
    recorder.write(b"abc", moment(1))
    assert reader.read(0, 10) == b""
    assert reader.refresh()
    assert not reader.refresh()
    assert (reader.end, reader.read(0, 10), reader.read(1, 1)) == (3, b"abc", b"b")
    recorder.close()
    reader.close()


def test_reading_outside_gives_nothing(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=4)
    for i in range(4):
        recorder.write(b"abcd", moment(i))
    recorder.close()
    reader = GenerationReader(recorder.folder)
    for offset, size in [(-1, 5), (16, 5), (10**18, 5), (0, 0), (0, -5), (-(10**18), 10)]:
        assert reader.read(offset, size) == b""
    assert reader.read(14, 10**12) == b"cd"
    reader.close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as raised:
        GenerationReader(tmp_path / "nothing")
    assert str(tmp_path / "nothing") in str(raised.value)
    with pytest.raises(RecordingError):
        GenerationReader(Path("a\0b"))


def test_a_folder_without_a_log_is_empty_until_there_is_one(tmp_path: Path) -> None:
    reader = GenerationReader(tmp_path)
    assert (reader.start, reader.end) == (0, 0)
    assert not reader.refresh()
    (tmp_path / "console.log").write_bytes(b"hello")
    assert reader.refresh()
    assert reader.read(0, 10) == b"hello"
    reader.close()


def test_the_log_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / segment_log(0)).write_bytes(b"hello ")
    (tmp_path / "console.log").write_bytes(b"world")
    reader = GenerationReader(tmp_path)
    assert reader.read(0, 100) == b"hello world"
    reader.close()


@on_disk
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=50),
            st.sampled_from(["refresh", "open"]),
            st.tuples(st.integers(0, 600), st.integers(1, 200)),
        ),
        max_size=60,
    ),
    st.integers(1, 100),
)
def test_readers_see_the_bytes_in_order_while_they_are_written_and_rotated(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[bytes | str | tuple[int, int]],
    segment_bytes: int,
) -> None:
    recorder = begin(fresh_folder(tmp_path_factory), segment_bytes=segment_bytes)
    written = b""
    readers = [GenerationReader(recorder.folder)]
    known = [0]
    for i, step in enumerate(steps):
        match step:
            case bytes():
                recorder.write(step, moment(i))
                written += step
            case "refresh":
                for at, reader in enumerate(readers):
                    assert reader.refresh() == (len(written) > known[at])
                    known[at] = len(written)
            case "open":
                readers.append(GenerationReader(recorder.folder))
                known.append(len(written))
            case (int(offset), int(size)):
                for at, reader in enumerate(readers):
                    # What is known is read, however the files were renamed meanwhile.
                    assert reader.read(offset, size) == written[: known[at]][offset : offset + size]
    recorder.close()
    for reader in readers:
        reader.refresh()
        assert reader.read(0, len(written)) == written
        reader.close()


def test_a_reader_keeps_up_with_a_writer_that_rotates_all_the_time(tmp_path: Path) -> None:
    total = 400_000
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), str(total)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        folder = Path(writer.stdout.readline().rstrip("\n"))
        reader, clock = GenerationReader(folder), RecordingClock(folder)
        writer.stdin.write("go\n")
        writer.stdin.flush()
        digest = hashlib.sha256()
        at, last = 0, 0.0
        while at < total:
            # A writer that failed would never come to the end.
            assert writer.poll() in (None, 0)
            reader.refresh()
            while data := reader.read(at, 10_000):
                digest.update(data)
                elapsed = clock.elapsed(at)
                if elapsed is not None:
                    assert elapsed >= last
                    last = elapsed
                at += len(data)
        assert writer.wait(timeout=30) == 0
    expected = bytes(i * 31 % 251 for i in range(total))
    assert digest.digest() == hashlib.sha256(expected).digest()
    fresh = GenerationReader(folder)
    assert fresh.read(0, total) == expected
    for opened in (reader, clock, fresh):
        opened.close()


def rotated(home: Path, segments: int) -> Path:
    recorder = begin(home, segment_bytes=10)
    for i in range(segments):
        recorder.write(b"%010d" % i, moment(i))
    recorder.write(b"tail", moment(segments))
    recorder.close()
    return recorder.folder


def drop(folder: Path, start: int) -> None:
    (folder / segment_log(start)).unlink()
    (folder / segment_timing(start)).unlink()


def test_a_hundred_segments_do_not_take_a_hundred_descriptors(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 100)
    before = open_descriptors()
    reader = GenerationReader(folder)
    everything = b"".join(b"%010d" % i for i in range(100)) + b"tail"
    assert reader.read(0, 10_000) == everything
    for offset in (0, 500, 990, 3, 777):
        assert reader.read(offset, 30) == everything[offset : offset + 30]
    # The folder, the log that grows, and a few full ones.
    assert open_descriptors() - before <= MAX_OPEN + 2
    reader.close()
    reader.close()
    assert open_descriptors() == before


def test_when_a_segment_is_dropped_the_start_moves_forward(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 5)
    reader, late = GenerationReader(folder), GenerationReader(folder)
    drop(folder, 0)
    drop(folder, 10)
    assert not reader.refresh()
    assert (reader.start, reader.end) == (20, 54)
    assert reader.read(0, 10) == b""
    assert reader.read(20, 10) == b"%010d" % 2
    # One that has not looked yet finds out by reading.
    assert late.read(5, 10) == b""
    assert late.start == 10
    assert late.read(10, 10) == b""
    assert late.start == 20
    reader.close()
    late.close()


def test_what_is_being_read_stays_readable_when_it_is_dropped(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 3)
    reader = GenerationReader(folder)
    assert reader.read(0, 3) == b"000"
    held = open_descriptors()
    drop(folder, 0)
    assert reader.read(3, 7) == b"0000000"
    reader.refresh()
    assert reader.start == 10
    # Its space on the disk is not held on to.
    assert open_descriptors() == held - 1
    reader.close()


def test_when_all_full_segments_are_dropped_offsets_stay_what_they_were(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 3)
    for start in (0, 10, 20):
        drop(folder, start)
    reader = GenerationReader(folder)
    assert (reader.start, reader.end) == (30, 34)
    assert reader.read(30, 10) == b"tail"
    reader.close()
    recorder = begin(tmp_path, at=10)
    assert recorder.size == 34
    recorder.write(b"more", moment(11))
    recorder.close()
    reader, clock = GenerationReader(folder), RecordingClock(folder)
    assert reader.read(30, 100) == b"tailmore"
    assert clock.elapsed(29) is None
    assert clock.elapsed(30) == 3.0
    assert clock.elapsed(37) == 11.0
    reader.close()
    clock.close()


def test_before_a_hole_nothing_is_read(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 4)
    log = folder / segment_log(10)
    log.write_bytes(log.read_bytes()[:4])
    reader = GenerationReader(folder)
    assert (reader.start, reader.end) == (20, 44)
    reader.close()


def test_a_recording_that_is_removed_under_a_reader_is_just_gone(tmp_path: Path) -> None:
    folder = rotated(tmp_path, 2)
    reader, clock = GenerationReader(folder), RecordingClock(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert not reader.refresh()
    assert (reader.start, reader.end, reader.read(0, 10)) == (0, 0, b"")
    assert clock.at(0) is None
    reader.close()
    clock.close()


@pytest.mark.parametrize(
    "names",
    [
        ["console.999999999999999.log"],
        ["console.000000000000005.log", "console.999999999999990.log"],
        ["console.000000000000000.log", "console.000000000000001.log", "console.log"],
        ["console.999999999999999.log", "console.log"],
    ],
)
def test_hostile_segments_are_read_within_their_bounds(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"x" * 20)
    (tmp_path / "console.index").write_bytes(b"9" * 500)
    reader, clock = GenerationReader(tmp_path), RecordingClock(tmp_path)
    assert 0 <= reader.start <= reader.end <= 10**15
    assert len(reader.read(reader.start, 10**6)) == reader.end - reader.start <= 60
    clock.at(reader.start)
    reader.close()
    clock.close()
