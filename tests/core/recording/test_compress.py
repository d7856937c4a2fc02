"""Ended generations are compressed without a moment in which a byte has no good copy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.recording import GenerationReader, RecordingClock
from core.recording.compress import MIN_BYTES, compress_generation
from core.recording.folder import Folder
from core.recording.repair import finish_rotation
from tests.core.recording.made import begin, crashed, moment
from tests.core.recording.test_seekable import console_text
from tests.guests.needed import needed

TEXT = console_text(700_000)
READ = 700
SEGMENT = 200_000


def made(home: Path, text: bytes = TEXT, segment_bytes: int = SEGMENT) -> Path:
    """An ended generation: one read of 700 bytes each 0.01 s."""
    recorder = begin(home, segment_bytes=segment_bytes)
    for number, at in enumerate(range(0, len(text), READ)):
        recorder.write(text[at : at + READ], moment(number / 100))
    recorder.close()
    return recorder.folder


def all_of(folder: Path) -> bytes:
    reader = GenerationReader(folder)
    try:
        return reader.read(reader.start, 1 << 30)
    finally:
        reader.close()


def assert_dated(folder: Path, text: bytes = TEXT) -> None:
    clock = RecordingClock(folder)
    try:
        for number in range(0, len(text) // READ, 97):
            assert clock.elapsed(number * READ) == pytest.approx(number / 100, abs=1e-6)
            assert clock.at(number * READ + READ - 1) == pytest.approx(moment(number / 100))
    finally:
        clock.close()


def compress(folder: Path) -> int:
    """Compress all of it; returns in how many steps."""
    return sum(1 for _ in compress_generation(folder, moment(1000)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_ended_generation_reads_the_same_when_it_is_compressed(tmp_path: Path) -> None:
    folder = made(tmp_path)
    before = sum(path.stat().st_size for path in folder.iterdir())
    compress(folder)
    assert [n for n in names(folder) if ".log" in n] == [
        "console.000000000000000.log.zst",
        "console.000000000200200.log.zst",
        "console.000000000400400.log.zst",
        "console.000000000600600.log.zst",
        "console.log",
    ]
    assert (folder / "console.log").stat().st_size == 0
    assert all_of(folder) == TEXT
    assert_dated(folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) < before / 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


def test_the_zstd_program_plays_it_back(tmp_path: Path) -> None:
    folder = made(tmp_path)
    compress(folder)
    logs = sorted(folder.glob("console.*.log.zst"))
    done = subprocess.run(
        [needed("zstd", "zstd"), "-dc", *map(str, logs)], capture_output=True, check=True
    )
    assert done.stdout == TEXT


def test_wherever_it_is_killed_one_good_copy_is_there(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    steps = compress_generation(folder, moment(1000))
    for number, _ in enumerate(steps):
        copy = crashed(folder, tmp_path / f"b{number}")
        assert all_of(copy) == TEXT
        assert_dated(copy)
        compress(copy)
        assert all_of(copy) == TEXT
        assert not [name for name in names(copy) if name.endswith(".new")]
        assert names(copy) == names_when_compressed(tmp_path)
    assert number > 10


def names_when_compressed(tmp_path: Path) -> list[str]:
    folder = tmp_path / "done"
    if not folder.exists():
        compress(made(folder))
    return names(next((folder / "vm1").iterdir()))


def test_killed_between_the_last_two_steps_a_segment_is_there_twice_and_read_once(
    tmp_path: Path,
) -> None:
    folder = made(tmp_path / "a")
    plain = crashed(folder, tmp_path / "b")
    compress(folder)
    for suffix in ("log", "timing"):
        name = f"console.000000000000000.{suffix}"
        shutil.copy(plain / name, folder / name)
    assert all_of(folder) == TEXT
    assert_dated(folder)
    compress(folder)
    assert names(folder) == names_when_compressed(tmp_path)
    assert all_of(folder) == TEXT


def test_given_up_in_between_it_leaves_no_file_behind(tmp_path: Path) -> None:
    folder = made(tmp_path)
    steps = compress_generation(folder, moment(1000))
    for _ in range(2):
        next(steps)
    assert [name for name in names(folder) if name.endswith(".new")]
    steps.close()
    assert not [name for name in names(folder) if name.endswith(".new")]
    assert all_of(folder) == TEXT


def test_who_reads_while_it_is_compressed_reads_on(tmp_path: Path) -> None:
    folder = made(tmp_path)
    reader, clock = GenerationReader(folder), RecordingClock(folder)
    assert reader.read(0, 10) == TEXT[:10]
    for _ in compress_generation(folder, moment(1000)):
        reader.refresh()
        assert reader.read(0, 1 << 30) == TEXT
        assert clock.elapsed(350_000) == pytest.approx(5.0, abs=1e-6)
    assert reader.read(0, 1 << 30) == TEXT
    reader.refresh()
    assert reader.read(0, 1 << 30) == TEXT
    reader.close()
    clock.close()


def test_a_compressed_generation_goes_on_behind_what_was_compressed(tmp_path: Path) -> None:
    folder = made(tmp_path)
    compress(folder)
    recorder = begin(tmp_path, at=2000, segment_bytes=SEGMENT)
    assert (recorder.folder, recorder.size) == (folder, len(TEXT))
    recorder.write(b"and on", moment(2000))
    recorder.close()
    assert all_of(folder) == TEXT + b"and on"
    assert_dated(folder)
    clock = RecordingClock(folder)
    assert clock.elapsed(len(TEXT)) == pytest.approx(2000.0)
    clock.close()
    compress(folder)
    assert all_of(folder) == TEXT + b"and on"


def test_a_lost_index_is_made_again_from_compressed_times(tmp_path: Path) -> None:
    folder = made(tmp_path)
    compress(folder)
    (folder / "console.index").unlink()
    assert_dated_without_walls(folder)
    recorder = begin(tmp_path, at=2000, segment_bytes=SEGMENT)
    recorder.write(b"!", moment(2000))
    recorder.close()
    assert (folder / "console.index").stat().st_size > 0
    assert_dated_without_walls(folder)


def assert_dated_without_walls(folder: Path) -> None:
    clock = RecordingClock(folder)
    for number in range(0, len(TEXT) // READ, 97):
        assert clock.elapsed(number * READ) == pytest.approx(number / 100, abs=1e-6)
    clock.close()


def test_what_is_written_is_left_alone(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=SEGMENT)
    recorder.write(TEXT, moment(0))
    before = names(recorder.folder)
    assert compress(recorder.folder) == 0
    assert names(recorder.folder) == before
    recorder.close()


def test_what_goes_on_while_it_is_compressed_keeps_its_files(tmp_path: Path) -> None:
    folder = made(tmp_path)
    steps = compress_generation(folder, moment(1000))
    next(steps)
    recorder = begin(tmp_path, at=2000, segment_bytes=SEGMENT)
    for _ in steps:
        recorder.write(b"more", moment(2001))
    recorder.close()
    assert all_of(folder).startswith(TEXT + b"more")
    assert (folder / "console.000000000000000.log").exists()


def test_of_what_goes_on_no_more_than_one_file_is_compressed_in_vain(tmp_path: Path) -> None:
    folder = made(tmp_path)
    steps = compress_generation(folder, moment(1000))
    next(steps)
    recorder = begin(tmp_path, at=2000, segment_bytes=SEGMENT)
    fresh = {name for _ in steps for name in names(folder) if name.endswith(".new")}
    recorder.close()
    assert fresh == {"console.000000000000000.log.zst.new"}


def test_a_crashed_generation_is_made_whole_before_it_is_compressed(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "a", segment_bytes=SEGMENT)
    recorder.write(TEXT[:150_000], moment(0))
    recorder.flush()
    recorder.write(TEXT[150_000:190_000], moment(1))
    folder = crashed(recorder.folder, tmp_path / "b")
    recorder.close()
    compress(folder)
    clock = RecordingClock(folder)
    assert clock.elapsed(189_999) is not None
    clock.close()
    assert all_of(folder) == TEXT[:190_000]


def test_what_is_hardly_worth_it_is_left_as_it_is(tmp_path: Path) -> None:
    folder = made(tmp_path, text=TEXT[: MIN_BYTES - 1])
    compress(folder)
    assert "console.000000000000000.log" in names(folder)
    assert all_of(folder) == TEXT[: MIN_BYTES - 1]


def test_what_is_none_of_ours_is_refused_and_not_touched(tmp_path: Path) -> None:
    folder = made(tmp_path)
    target = tmp_path / "target"
    target.write_text("somebody's")
    (folder / "console.000000000000000.log.zst.new").symlink_to(target)
    with pytest.raises(RecordingError, match="symbolic link"):
        compress(folder)
    assert target.read_text() == "somebody's"
    assert all_of(folder) == TEXT


def test_damage_to_one_segment_is_an_error_there_and_nowhere_else(tmp_path: Path) -> None:
    folder = made(tmp_path)
    compress(folder)
    path = folder / "console.000000000200200.log.zst"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    reader = GenerationReader(folder)
    assert reader.read(0, 200_200) == TEXT[:200_200]
    with pytest.raises(RecordingError, match="damaged"):
        reader.read(200_200, 10)
    assert reader.read(400_400, 1 << 30) == TEXT[400_400:]
    reader.close()


def test_a_rotation_that_a_crash_left_half_done_is_finished_beside_compressed_ones(
    tmp_path: Path,
) -> None:
    folder = made(tmp_path)
    compress(folder)
    (folder / "console.log").unlink()
    with Folder.open(folder) as opened:
        finish_rotation(opened)
    assert all_of(folder) == TEXT
    assert_dated(folder)
