"""The account as it is read off real files, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecordingError
from core.recording import Cause, History, read_account
from core.recording.ledger import Fact, format_entry

from .made import begin, fresh_folder, moment, on_disk, open_descriptors


def record(home: Path) -> Path:
    """Two lives of a console, the second of which is still written; the sandbox's folder."""
    recorder = begin(home, life="one")
    recorder.enter("attached", moment(0), pid=1)
    recorder.write(b"x" * 100, moment(1))
    recorder.enter("alert", moment(2), title="panic")
    recorder.enter("ended", moment(3))
    recorder.close()
    recorder = begin(home, life="two", at=10)
    facts: dict[str, Fact] = {
        "cause": "VM restarted",
        "start": moment(3).wall,
        "end": moment(10).wall,
    }
    recorder.enter("gap", moment(10), **facts)
    recorder.enter("attached", moment(10), pid=2)
    recorder.write(b"y" * 50, moment(12))
    recorder.flush()
    recorder.close()
    return home / "vm1"


def test_a_whole_life_is_told_from_its_files(tmp_path: Path) -> None:
    before = open_descriptors()
    account = read_account(record(tmp_path))
    assert [(s.generation, s.bytes) for s in account.stretches] == [(1, 100), (2, 0), (2, 50)]
    assert [s.seconds for s in account.stretches] == pytest.approx([3, 7, 2], abs=0.01)
    assert (account.generations, account.captured_bytes, account.disk_bytes) == (2, 150, 150)
    assert (account.alerts, account.repairs, account.skipped_lines) == (1, 0, 0)
    assert [gap.cause for gap in account.gaps] == [Cause.RESTARTED]
    assert (account.lost_bytes, account.gaps_of_unknown_loss) == (0, 1)
    assert account.heard_seconds == pytest.approx(5, abs=0.01)
    assert account.gap_seconds == pytest.approx(7, abs=0.01)
    assert account.is_attached
    assert account.troubles == ()
    assert open_descriptors() == before


def test_one_generation_has_an_account_of_its_own(tmp_path: Path) -> None:
    folder = record(tmp_path)
    account = read_account(folder, generation=History(folder).generations[0])
    assert [s.bytes for s in account.stretches] == [100]
    assert account.captured_bytes == 100
    assert not account.is_attached


def test_it_grows_as_the_recording_does(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0))
    for i in range(1, 4):
        recorder.write(b"abc", moment(i))
        recorder.flush()
        account = read_account(tmp_path / "vm1")
        assert account.captured_bytes == 3 * i
        assert account.stretches[-1].last == 3 * i
        assert account.stretches[-1].seconds == pytest.approx(i, abs=0.001)
    recorder.close()


def test_dropped_segments_were_captured_all_the_same(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=100)
    recorder.enter("attached", moment(0))
    for i in range(5):
        recorder.write(b"x" * 100, moment(i))
    for name in ("console.000000000000000.log", "console.000000000000000.timing"):
        (recorder.folder / name).unlink()
    recorder.enter("gap", moment(6), cause="quota", lost_bytes=100)
    recorder.close()
    account = read_account(tmp_path / "vm1")
    assert (account.captured_bytes, account.disk_bytes) == (500, 400)
    assert [gap.lost_bytes for gap in account.dropped] == [100]
    assert account.gaps == ()


@pytest.mark.parametrize("is_gone", [True, False])
def test_the_sandboxs_own_ledger_knows_of_generations_that_are_gone(
    tmp_path: Path, is_gone: bool
) -> None:
    folder = record(tmp_path)
    generation = "000009-20231114T211320.500Z" if is_gone else History(folder).generations[0].name
    facts: dict[str, Fact] = {"cause": "quota", "lost_bytes": 1_000, "generation": generation}
    (folder / "events.jsonl").write_bytes(format_entry("gap", moment(5), 0, facts))
    account = read_account(folder)
    assert account.captured_bytes == (1_150 if is_gone else 150)
    assert len(account.dropped) == 1
    assert account.disk_bytes == 150


def test_what_happened_while_no_generation_was_written_is_merged_by_time(tmp_path: Path) -> None:
    folder = record(tmp_path)
    facts: dict[str, Fact] = {
        "cause": "no capture ran",
        "start": moment(4).wall,
        "end": moment(8).wall,
    }
    (folder / "events.jsonl").write_bytes(format_entry("gap", moment(8), 0, facts))
    causes = [gap.cause for gap in read_account(folder).gaps]
    assert causes == [Cause.RESTARTED, Cause.NO_CAPTURE, Cause.RESTARTED]


def test_garbage_of_any_length_between_entries_is_counted_and_passed_over(tmp_path: Path) -> None:
    folder = record(tmp_path)
    ledger = History(folder).generations[0].folder / "events.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0] + b"no entry\n" * 300_000 + b"".join(lines[1:]) + b'{"torn')
    account = read_account(folder)
    assert account.skipped_lines == 300_000
    assert account.alerts == 1
    assert [s.bytes for s in account.stretches] == [100, 0, 50]


@on_disk
@given(data=st.binary(max_size=300), name=st.sampled_from(["events.jsonl", "console.timing"]))
def test_a_damaged_file_is_no_traceback_and_hides_no_byte(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = record(fresh_folder(tmp_path_factory))
    (History(folder).generations[0].folder / name).write_bytes(data)
    account = read_account(folder)
    assert account.captured_bytes == 150
    assert sum(s.bytes for s in account.stretches) == 150


def test_a_generation_whose_log_is_no_file_hides_no_other(
    tmp_path: Path,
) -> None:
    folder = record(tmp_path)
    generation = History(folder).generations[0].folder
    (generation / "console.log").unlink()
    (generation / "console.log").mkdir()
    account = read_account(folder)
    assert account.captured_bytes == 50


def test_a_sandbox_without_generations_has_an_empty_account(tmp_path: Path) -> None:
    account = read_account(tmp_path)
    assert account.stretches == ()
    assert (account.captured_bytes, account.generations, account.troubles) == (0, 0, ())


def test_a_folder_that_cannot_be_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        read_account(tmp_path / ("x" * 1000))
