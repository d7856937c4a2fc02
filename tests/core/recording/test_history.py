from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.recording import Cause, Gap, GenerationReader, History, enter_late, last_heard

from .made import begin, moment, open_descriptors


def test_a_sandbox_that_was_never_recorded_has_no_generations(tmp_path: Path) -> None:
    history = History(tmp_path / "vm1")
    assert history.generations == ()
    assert not history.refresh()


def test_generations_come_oldest_first_with_their_beginnings(tmp_path: Path) -> None:
    for i in range(3):
        recorder = begin(tmp_path, life=f"life {i}", at=i)
        recorder.write(b"generation %d" % i, moment(i))
        recorder.close()
    generations = History(tmp_path / "vm1").generations
    assert [g.sequence for g in generations] == [1, 2, 3]
    assert [g.started_wall for g in generations] == [moment(i).wall for i in range(3)]
    assert [g.folder.name for g in generations] == [g.name for g in generations]
    for i, generation in enumerate(generations):
        reader = GenerationReader(generation.folder)
        assert reader.read(0, 100) == b"generation %d" % i
        reader.close()


def test_a_new_generation_and_one_that_went_away_are_noticed(tmp_path: Path) -> None:
    history = History(tmp_path / "vm1")
    first = begin(tmp_path, life="one")
    assert history.refresh()
    assert not history.refresh()
    first.write(b"growth is no news", moment(1))
    assert not history.refresh()
    first.close()
    begin(tmp_path, life="two").close()
    assert history.refresh()
    assert len(history.generations) == 2
    for path in first.folder.iterdir():
        path.unlink()
    first.folder.rmdir()
    assert history.refresh()
    assert [g.sequence for g in history.generations] == [2]


def test_only_folders_with_a_generations_name_count(tmp_path: Path) -> None:
    name = "20231114T221320.500Z"
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "vm1"
    folder.mkdir()
    (folder / f"000001-{name}").write_bytes(b"a file")
    (folder / f"000002-{name}").symlink_to(tmp_path / "elsewhere")
    (folder / f"000003-{name}").mkdir()
    (folder / "notes").mkdir()
    (folder / "000004-20239914T221320.500Z").mkdir()
    assert [g.sequence for g in History(folder).generations] == [3]


def test_a_number_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    for hour in ("23", "21", "22"):
        (tmp_path / f"000001-20231114T{hour}1320.500Z").mkdir()
    assert [g.name for g in History(tmp_path).generations] == ["000001-20231114T211320.500Z"]


def test_a_file_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "vm1").write_bytes(b"")
    assert History(tmp_path / "vm1").generations == ()


def test_a_path_that_cannot_be_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        History(tmp_path / ("x" * 1000))


def test_no_descriptor_is_held(tmp_path: Path) -> None:
    begin(tmp_path).close()
    before = open_descriptors()
    history = History(tmp_path / "vm1")
    history.refresh()
    assert open_descriptors() == before


def test_what_is_entered_after_an_end_is_not_when_the_guest_was_last_heard(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0))
    recorder.write(b"x" * 100, moment(5))
    recorder.enter("ended", moment(6))
    recorder.close()
    # As compression leaves it: nothing tells by its own time.
    os.utime(recorder.folder / "console.log", (0, 0))
    enter_late(recorder.folder, "alert", moment(500), 100, title="panic")
    gap = Gap(Cause.QUOTA, moment(0).wall, moment(5).wall, "dropped", 10)
    enter_late(recorder.folder, "gap", moment(900), 100, **gap.facts())
    assert last_heard(tmp_path, "vm1") == pytest.approx(moment(6).wall, abs=0.001)


def test_the_last_bytes_time_says_when_the_guest_was_heard_where_capture_was_killed(
    tmp_path: Path,
) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0))
    recorder.write(b"x" * 100, moment(50))
    recorder.close()
    os.utime(recorder.folder / "console.log", (0, 0))
    assert last_heard(tmp_path, "vm1") == pytest.approx(moment(50).wall, abs=0.001)
