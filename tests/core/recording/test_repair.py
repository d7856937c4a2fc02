from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import Ledger, RecordingClock, index
from core.recording.folder import Folder
from core.recording.layout import segment_log, segment_timing

from .made import (
    WALL,
    assert_consistent,
    begin,
    crashed,
    fresh_folder,
    log_bytes,
    logs,
    moment,
    on_disk,
    records,
)

Chunks = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 15_000)), min_size=1, max_size=40)
"""Sizes, and the milliseconds before each."""


def recorded(home: Path, chunks: list[tuple[int, int]], segment_bytes: int) -> tuple[Path, float]:
    recorder = begin(home, segment_bytes=segment_bytes)
    seconds = 0.0
    for i, (size, gap_ms) in enumerate(chunks):
        seconds += gap_ms / 1000
        recorder.write(bytes([i % 251]) * size, moment(seconds))
        date_logs(recorder.folder, seconds)
    recorder.enter("mark", moment(seconds))
    recorder.close()
    return recorder.folder, seconds


def date_logs(folder: Path, seconds: float) -> None:
    """Give the logs that were just written the date of the recording's own clock."""
    for log in logs(folder):
        if log.stat().st_mtime > WALL + 10**7:
            os.utime(log, (WALL + seconds, WALL + seconds))


def repaired(home: Path, at: float, segment_bytes: int) -> Path:
    recorder = begin(home, at=at, segment_bytes=segment_bytes)
    recorder.close()
    return recorder.folder


def dates(folder: Path) -> list[float | None]:
    """The seconds of each byte of a recording without holes."""
    clock = RecordingClock(folder)
    found = [clock.elapsed(offset) for offset in range(len(log_bytes(folder)))]
    clock.close()
    return found


def starts(folder: Path) -> list[tuple[int, Path]]:
    """Where each log begins; where the growing one does, the index knows best."""
    found = [(int(log.name.split(".")[1]), log) for log in logs(folder)[:-1]]
    end = found[-1][0] + found[-1][1].stat().st_size if found else 0
    with Folder.open(folder) as opened:
        indexed = index.last_segment_start(opened) or 0
    return [*found, (max(end, indexed), folder / "console.log")]


def assert_whole(folder: Path, until: float) -> None:
    """Timing and index agree with the log, and time goes forward, up to `until` seconds."""
    assert_consistent(folder)
    known: list[float] = []
    clock = RecordingClock(folder)
    for start, log in starts(folder):
        for offset in range(start, start + log.stat().st_size):
            seconds = clock.elapsed(offset)
            assert seconds is not None
            known.append(seconds)
    clock.close()
    assert known == sorted(known)
    assert all(0 <= seconds <= until + 1e-5 for seconds in known)
    with Folder.open(folder) as opened:
        entries, is_whole = index.load(opened)
    assert is_whole
    for entry in entries:
        assert_leads_to_its_record(folder, entry)


def assert_leads_to_its_record(folder: Path, entry: index.Entry) -> None:
    start, log = [found for found in starts(folder) if found[0] <= entry.offset][-1]
    timing = log.with_suffix(".timing").read_bytes()
    before = timing[: entry.timing_offset]
    assert before == b"" or before.endswith(b"\n")
    assert start + sum(int(line.split()[2]) for line in before.splitlines()) == entry.offset
    assert entry.timing_offset < len(timing)


@on_disk
@given(Chunks, st.integers(20, 400), st.data())
def test_whatever_file_is_cut_wherever_it_is_made_whole_again(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[tuple[int, int]],
    segment_bytes: int,
    data: st.DataObject,
) -> None:
    home = fresh_folder(tmp_path_factory)
    folder, seconds = recorded(home, chunks, segment_bytes)
    victim = data.draw(st.sampled_from(sorted(folder.glob("console.*"))))
    cut = data.draw(st.integers(0, victim.stat().st_size))
    os.truncate(victim, cut)
    before = [log.read_bytes() for log in logs(folder)]

    repaired(home, seconds + 1, segment_bytes)

    assert [log.read_bytes() for log in logs(folder)] == before
    assert_whole(folder, seconds + 1)


@on_disk
@given(Chunks, st.integers(20, 400), st.data())
def test_whatever_file_is_missing_it_is_made_whole_again(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[tuple[int, int]],
    segment_bytes: int,
    data: st.DataObject,
) -> None:
    home = fresh_folder(tmp_path_factory)
    folder, seconds = recorded(home, chunks, segment_bytes)
    names = sorted([*folder.glob("console.*timing"), *folder.glob("console.index")])
    for victim in data.draw(st.sets(st.sampled_from(names), min_size=1)):
        victim.unlink()
    before = log_bytes(folder)

    repaired(home, seconds + 1, segment_bytes)

    assert log_bytes(folder) == before
    assert_whole(folder, seconds + 1)


@on_disk
@given(Chunks, st.integers(20, 400), st.data())
def test_noise_at_the_end_of_a_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[tuple[int, int]],
    segment_bytes: int,
    data: st.DataObject,
) -> None:
    home = fresh_folder(tmp_path_factory)
    folder, seconds = recorded(home, chunks, segment_bytes)
    names = sorted([*folder.glob("console.*timing"), *folder.glob("console.index")])
    noise = data.draw(st.binary(min_size=1) | st.just(b"\0" * 4096))
    with data.draw(st.sampled_from(names)).open("ab") as file:
        file.write(noise)
    before = log_bytes(folder)
    repaired(home, seconds + 1, segment_bytes)
    assert log_bytes(folder) == before
    assert_whole(folder, seconds + 1)


@on_disk
@given(Chunks, st.integers(20, 400))
def test_a_crash_at_any_moment_loses_no_byte_and_no_order(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[int, int]], segment_bytes: int
) -> None:
    base = fresh_folder(tmp_path_factory)
    recorder = begin(base / "live", segment_bytes=segment_bytes)
    seconds, written = 0.0, b""
    copies = []
    for i, (size, gap_ms) in enumerate(chunks):
        seconds += gap_ms / 1000
        recorder.write(bytes([i % 251]) * size, moment(seconds))
        written += bytes([i % 251]) * size
        if i % 7 == 3:
            home = base / f"crash {i}"
            copies.append((home, crashed(recorder.folder, home), len(written), seconds))
    recorder.close()
    for home, folder, size, came in copies:
        again = begin(home, at=came + 1, segment_bytes=segment_bytes)
        again.write(b"after", moment(came + 2))
        again.close()
        assert log_bytes(folder) == written[:size] + b"after"
        assert_whole(folder, came + 2)


def test_a_recording_that_is_whole_is_left_as_it_is(tmp_path: Path) -> None:
    folder, _ = recorded(tmp_path, [(10, 500)] * 100, 90)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    repaired(tmp_path, 1000, 90)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_orphaned_tail_is_dated_by_the_logs_last_write(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "live")
    recorder.write(b"abc", moment(1))
    recorder.write(b"tail", moment(2))
    folder = crashed(recorder.folder, tmp_path / "home")
    recorder.close()
    os.utime(folder / "console.log", (WALL + 2.5, WALL + 2.5))
    again = begin(tmp_path / "home", at=100)
    again.write(b"!", moment(101))
    again.close()
    assert records(folder / "console.log") == [(1_000_000, 3), (1_500_000, 4), (98_500_000, 1)]


@pytest.mark.parametrize("written", [WALL - 1e6, WALL + 1e6])
def test_a_logs_impossible_date_is_not_believed(tmp_path: Path, written: float) -> None:
    recorder = begin(tmp_path / "live")
    recorder.write(b"abc", moment(1))
    recorder.write(b"tail", moment(2))
    folder = crashed(recorder.folder, tmp_path / "home")
    recorder.close()
    os.utime(folder / "console.log", (written, written))
    repaired(tmp_path / "home", 100, 10**9)
    assert records(folder / "console.log")[1] in [(0, 4), (99_000_000, 4)]


def test_a_timing_longer_than_its_log_is_cut_back(tmp_path: Path) -> None:
    folder, _ = recorded(tmp_path, [(10, 1000)] * 5, 10**9)
    os.truncate(folder / "console.log", 34)
    again = begin(tmp_path, at=50, segment_bytes=10**9)
    assert again.size == 34
    again.close()
    assert [size for _, size in records(folder / "console.log")] == [10, 10, 10, 4]
    assert dates(folder)[33] == 4.0


def test_the_lost_end_of_a_full_segments_timing_is_dated_by_the_next_segment(
    tmp_path: Path,
) -> None:
    folder, _ = recorded(tmp_path, [(10, 1000)] * 12, 40)
    os.truncate(folder / segment_timing(40), 20)
    repaired(tmp_path, 1000, 40)
    assert_whole(folder, 1000)
    found = dates(folder)
    assert [found[offset] for offset in (40, 50, 79, 80, 119)] == [5.0, 8.0, 8.0, 9.0, 12.0]


def test_an_index_is_made_again_from_the_timing(tmp_path: Path) -> None:
    chunks = [(100, 1000)] * 100
    folder, _ = recorded(tmp_path, chunks, 3000)
    before = (folder / "console.index").read_bytes()
    (folder / "console.index").unlink()
    repaired(tmp_path, 1000, 3000)
    assert (folder / "console.index").read_bytes() == before


def test_what_was_repaired_is_entered_into_the_ledger(tmp_path: Path) -> None:
    folder, _ = recorded(tmp_path, [(10, 1000)] * 5, 10**9)
    size = (folder / "console.timing").stat().st_size
    os.truncate(folder / "console.timing", size - 3)
    repaired(tmp_path, 50, 10**9)
    ledger = Ledger(folder)
    entries = ledger.read_new()
    ledger.close()
    assert [(entry.kind, entry.offset) for entry in entries] == [("mark", 50), ("repaired", 50)]
    assert entries[1].facts == {"orphaned_bytes": 10, "cut_timing_bytes": 11}


@on_disk
@given(
    st.dictionaries(
        st.sampled_from(["console.log", "console.timing", "console.index", "events.jsonl"])
        | st.integers(0, 300).map(segment_log)
        | st.integers(0, 300).map(segment_timing),
        st.binary(max_size=200)
        | st.just(b"O 1.000000 7\n" * 9)
        | st.just(index.format_entry(index.Entry(0, 0, 5, 5, 5)) * 2),
    )
)
def test_whatever_lies_in_a_generation_it_can_be_gone_on_with(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    home = fresh_folder(tmp_path_factory)
    folder, _ = recorded(home, [(10, 1000)] * 3, 10**9)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    before = {log.name: log.read_bytes() for log in logs(folder)}
    recorder = begin(home, at=100)
    recorder.write(b"after", moment(101))
    recorder.close()
    before["console.log"] = before.get("console.log", b"") + b"after"
    assert {log.name: log.read_bytes() for log in logs(folder)} == before
    clock = RecordingClock(folder)
    at = clock.at(recorder.size - 1)
    clock.close()
    assert at is not None
    # Exactly, whatever else is wrong: both clocks were entered with the new bytes.
    assert at.boot == pytest.approx(moment(101).boot, abs=1e-5)
