from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Instant
from core.errors import InvalidSandboxId, RecordingError, WriteFailed
from core.recording import Ledger, Meta, Recorder, read_meta

from .made import (
    BOOT,
    WALL,
    assert_consistent,
    begin,
    crashed,
    file_size_limit,
    fresh_folder,
    log_bytes,
    moment,
    on_disk,
    open_descriptors,
    records,
)


def test_bytes_are_kept_exactly_as_they_were_read(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    chunks = [b"", bytes(range(256)), b"\r\n\0\x1b[2J", b"\xff\xfe", b"x" * 100_000]
    for i, chunk in enumerate(chunks):
        recorder.write(chunk, moment(i))
    assert recorder.size == sum(map(len, chunks))
    recorder.close()
    assert log_bytes(recorder.folder) == b"".join(chunks)
    assert_consistent(recorder.folder)


def test_a_generation_is_named_by_number_and_time(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "state" / "recordings", at=0.5)
    recorder.close()
    assert recorder.generation == "000001-20231114T221320.500Z"
    assert recorder.folder == tmp_path / "state" / "recordings" / "vm1" / recorder.generation


def test_the_first_delta_counts_from_the_generations_start(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"abc", moment(1.25))
    recorder.write(b"d", moment(2.0))
    recorder.close()
    assert records(recorder.folder / "console.log") == [(1_250_000, 3), (750_000, 1)]


def test_reads_within_four_milliseconds_share_a_record_dated_by_the_first(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    for ms in (1000, 1001, 1003.9, 1004, 1005, 1008.1):
        recorder.write(b"x", moment(ms / 1000))
    recorder.close()
    assert records(recorder.folder / "console.log") == [(1_000_000, 3), (4_000, 2), (4_100, 1)]


def test_a_record_waits_for_more_until_it_is_flushed(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    needed = [recorder.needs_flush]
    recorder.write(b"abc", moment(1))
    needed.append(recorder.needs_flush)
    assert records(recorder.folder / "console.log") == []
    recorder.flush()
    needed.append(recorder.needs_flush)
    assert needed == [False, True, False]
    assert records(recorder.folder / "console.log") == [(1_000_000, 3)]
    recorder.flush()
    recorder.close()
    assert records(recorder.folder / "console.log") == [(1_000_000, 3)]


@on_disk
@given(st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=300))
def test_printed_deltas_never_drift_from_the_clock(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[float]
) -> None:
    recorder = begin(fresh_folder(tmp_path_factory))
    seconds = 0.0
    for gap in gaps:
        seconds += 0.004001 + gap / 3
        recorder.write(b"x", moment(seconds))
    recorder.close()
    deltas = [delta for delta, _ in records(recorder.folder / "console.log")]
    assert len(deltas) == len(gaps)
    # Exactly the clock's microseconds, however many deltas were rounded on the way.
    assert sum(deltas) == round(moment(seconds).boot * 1e6) - round(BOOT * 1e6)


def test_time_never_goes_backwards(tmp_path: Path) -> None:
    recorder = begin(tmp_path, at=10)
    for seconds in (11, 5, 12):
        recorder.write(b"x", moment(seconds))
        recorder.flush()
    recorder.close()
    assert records(recorder.folder / "console.log") == [(1_000_000, 1), (0, 1), (1_000_000, 1)]


def test_the_wall_clock_may_jump_without_a_trace_in_the_deltas(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"x", Instant(WALL - 86_400, BOOT + 1))
    recorder.write(b"x", Instant(WALL + 86_400, BOOT + 2))
    recorder.close()
    assert records(recorder.folder / "console.log") == [(1_000_000, 1), (1_000_000, 1)]


def test_the_same_life_is_continued_and_the_delta_spans_the_gap(tmp_path: Path) -> None:
    first = begin(tmp_path)
    first.write(b"before", moment(1))
    first.close()
    second = begin(tmp_path, at=100)
    assert second.folder == first.folder
    assert second.size == 6
    second.write(b"after", moment(101.5))
    second.close()
    assert log_bytes(second.folder) == b"beforeafter"
    assert records(second.folder / "console.log") == [(1_000_000, 6), (100_500_000, 5)]
    assert read_meta(second.folder).started == moment(0)


def test_after_another_boot_the_wall_clock_tells_the_gap(tmp_path: Path) -> None:
    first = begin(tmp_path, boot_id="a boot")
    first.write(b"before", moment(1))
    first.close()
    meta = Meta(id="vm1", boot_id="another boot")
    at = Instant(WALL + 61, 7.0)
    second = Recorder.begin(tmp_path, "vm1", life="one", meta=meta, at=at)
    second.write(b"after", Instant(WALL + 62, 8.0))
    second.close()
    assert second.folder == first.folder
    assert records(second.folder / "console.log") == [(1_000_000, 6), (61_000_000, 5)]


def test_after_another_boot_a_wall_clock_that_went_back_counts_as_no_gap(tmp_path: Path) -> None:
    first = begin(tmp_path, boot_id="a boot")
    first.write(b"before", moment(1))
    first.close()
    meta = Meta(id="vm1", boot_id="another boot")
    second = Recorder.begin(tmp_path, "vm1", life="one", meta=meta, at=Instant(WALL - 500, 7.0))
    second.write(b"after", Instant(WALL - 499, 8.0))
    second.close()
    assert records(second.folder / "console.log") == [(1_000_000, 6), (1_000_000, 5)]


@pytest.mark.parametrize("lives", [("one", "two"), ("", "")])
def test_another_life_is_another_generation(tmp_path: Path, lives: tuple[str, str]) -> None:
    folders = []
    for i, life in enumerate(lives):
        recorder = begin(tmp_path, life=life, at=i)
        recorder.write(life.encode() + b"!", moment(i))
        recorder.close()
        folders.append(recorder.folder)
    assert [folder.name[:6] for folder in folders] == ["000001", "000002"]
    assert [log_bytes(folder) for folder in folders] == [life.encode() + b"!" for life in lives]


def test_only_the_newest_generation_is_continued(tmp_path: Path) -> None:
    for life in ("one", "two", "one"):
        begin(tmp_path, life=life).close()
    assert len(list((tmp_path / "vm1").iterdir())) == 3


def test_numbers_are_not_given_twice(tmp_path: Path) -> None:
    first = begin(tmp_path, life="one")
    first.close()
    (tmp_path / "vm1" / "000041-20231114T221320.500Z").write_bytes(b"not even a folder")
    second = begin(tmp_path, life="two")
    second.close()
    assert second.generation.startswith("000042-")


def test_when_the_numbers_are_used_up_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "vm1" / "999999-20231114T221320.500Z").mkdir(parents=True)
    with pytest.raises(RecordingError, match="no number left"):
        begin(tmp_path)


@pytest.mark.parametrize(
    "sandbox_id", ["", ".", "..", "../x", "/etc", "a/b", "a\n", "é", "x" * 129]
)
def test_an_id_that_leads_elsewhere_is_refused(tmp_path: Path, sandbox_id: str) -> None:
    with pytest.raises(InvalidSandboxId):
        begin(tmp_path / "home", sandbox_id=sandbox_id)
    assert list(tmp_path.iterdir()) == []


def test_a_generation_has_one_writer(tmp_path: Path) -> None:
    first = begin(tmp_path)
    with pytest.raises(RecordingError, match="written already") as raised:
        begin(tmp_path)
    assert raised.value.hint
    first.close()
    begin(tmp_path).close()


def test_closing_again_is_harmless_and_leaves_nothing_open(tmp_path: Path) -> None:
    before = open_descriptors()
    recorder = begin(tmp_path)
    recorder.write(b"abc", moment(1))
    recorder.close()
    recorder.close()
    assert open_descriptors() == before
    assert records(recorder.folder / "console.log") == [(1_000_000, 3)]
    with pytest.raises(WriteFailed) as raised:
        recorder.write(b"x", moment(2))
    assert raised.value.written == 0


def test_entries_stand_at_the_offset_they_were_made_at(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0), pid=5, accepted=True)
    recorder.write(b"abc", moment(1))
    recorder.enter("ended", moment(1))
    recorder.close()
    ledger = Ledger(recorder.folder)
    entries = ledger.read_new()
    ledger.close()
    assert [(e.kind, e.offset, dict(e.facts)) for e in entries] == [
        ("attached", 0, {"pid": 5, "accepted": True}),
        ("ended", 3, {}),
    ]


# A disk that is full.


def test_a_log_cut_short_says_how_much_of_it_is_there(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"a" * 1000, moment(1))
    with file_size_limit(1500), pytest.raises(WriteFailed) as raised:
        recorder.write(b"b" * 1000, moment(2))
    assert raised.value.written == 500
    assert raised.value.path == str(recorder.folder / "console.log")
    assert recorder.size == 1500
    # Whoever writes the rest again writes it once.
    recorder.write(b"b" * 500, moment(3))
    recorder.close()
    assert log_bytes(recorder.folder) == b"a" * 1000 + b"b" * 1000
    assert_consistent(recorder.folder)


def test_what_a_full_disk_took_is_accounted_for_even_if_nothing_follows(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    with file_size_limit(300), pytest.raises(WriteFailed):
        recorder.write(b"b" * 1000, moment(2))
    recorder.close()
    assert log_bytes(recorder.folder) == b"b" * 300
    assert_consistent(recorder.folder)


@pytest.mark.parametrize("room", range(14))
def test_a_torn_timing_line_is_completed_later(tmp_path: Path, room: int) -> None:
    recorder = begin(tmp_path)
    for i in range(100):
        recorder.write(b"x", moment(i))
    recorder.flush()
    size = (recorder.folder / "console.timing").stat().st_size
    recorder.write(b"y", moment(200))
    with file_size_limit(size + room):
        # The byte is in the log; only the record of the one before cannot be written.
        with pytest.raises(WriteFailed) as raised:
            recorder.write(b"z", moment(300))
        assert raised.value.written == 1
        assert recorder.needs_flush
        with pytest.raises(WriteFailed) as again:
            recorder.write(b"not taken", moment(301))
        assert again.value.written == 0
        with pytest.raises(WriteFailed):
            recorder.flush()
    recorder.flush()
    recorder.close()
    assert log_bytes(recorder.folder) == b"x" * 100 + b"yz"
    assert_consistent(recorder.folder)
    assert [delta for delta, _ in records(recorder.folder / "console.log")][-2:] == [
        101_000_000,
        100_000_000,
    ]


@on_disk
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=40), st.data())
def test_whatever_a_full_disk_refuses_log_and_timing_agree(
    tmp_path_factory: pytest.TempPathFactory,
    writes: list[tuple[int, int]],
    data: st.DataObject,
) -> None:
    recorder = begin(fresh_folder(tmp_path_factory), segment_bytes=200)
    expected = bytearray()
    for i, (size, room) in enumerate(writes):
        chunk = bytes([i % 251]) * size
        rest = chunk
        limit = max(path.stat().st_size for path in recorder.folder.iterdir()) + room
        with file_size_limit(limit if data.draw(st.booleans()) else 10**6):
            try:
                recorder.write(chunk, moment(i))
            except WriteFailed as error:
                rest = chunk[error.written :]
                expected += chunk[: error.written]
            else:
                rest = b""
                expected += chunk
        if rest and data.draw(st.booleans()):
            recorder.write(rest, moment(i))
            expected += rest
        assert recorder.size == len(expected)
    recorder.close()
    assert log_bytes(recorder.folder) == expected
    assert_consistent(recorder.folder)


def test_a_file_that_cannot_be_closed_keeps_none_of_the_others_open(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"x", moment(0))
    (log,) = (fd for fd, path in _open_below(tmp_path) if path.endswith("console.log"))
    # As close(2) of a network file system fails: the descriptor is gone all the same.
    os.close(log)
    recorder.close()
    assert list(_open_below(tmp_path)) == []


def _open_below(folder: Path) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            path = str(entry.readlink())
            if path.startswith(str(folder)):
                yield int(entry.name), path


def test_without_descriptors_left_a_recording_is_not_begun(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    (tmp_path / "vm1").mkdir()
    refused = 0
    for limit in range(3, 1000):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        trouble: RecordingError | None = None
        try:
            begin(tmp_path).close()
        except RecordingError as error:
            trouble = error
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if trouble is None:
            break
        refused += 1
        assert "open files" in str(trouble)
        assert "ulimit" in trouble.hint
        # Not even an empty one.
        assert list((tmp_path / "vm1").iterdir()) == []
    # One for each file and folder that a recording needs at once, at least.
    assert refused >= 8
    assert len(list((tmp_path / "vm1").iterdir())) == 1


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be written: not even by root, who is nobody meanwhile."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o500)
    uid = os.geteuid()
    if uid == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(uid)
    folder.chmod(0o700)


def test_a_state_folder_that_may_not_be_written_is_named_with_a_remedy(read_only: Path) -> None:
    with pytest.raises(RecordingError) as raised:
        begin(read_only / "recordings")
    assert raised.value.errno == errno.EACCES
    assert str(read_only / "recordings") in str(raised.value)
    assert "XDG_STATE_HOME" in raised.value.hint


def test_a_file_in_the_place_of_the_state_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(RecordingError) as raised:
        begin(tmp_path / "state" / "recordings")
    assert str(tmp_path / "state") in str(raised.value)
    assert raised.value.hint


def test_after_a_crash_only_the_pending_record_is_missing(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "live")
    recorder.write(b"abc", moment(1))
    recorder.write(b"def", moment(2))
    copy = crashed(recorder.folder, tmp_path / "crashed")
    recorder.close()
    assert log_bytes(copy) == b"abcdef"
    assert records(copy / "console.log") == [(1_000_000, 3)]
