"""A recording holds few descriptors while nothing comes, and opens the others with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import RecordingError
from tests.core.recording.made import begin, moment, open_descriptors


def test_a_quiet_recording_holds_three_descriptors(tmp_path: Path) -> None:
    before = open_descriptors()
    recorder = begin(tmp_path)
    assert open_descriptors() - before == 3
    recorder.enter("mark", moment(0))
    recorder.write(b"x", moment(1))
    recorder.flush()
    assert open_descriptors() - before == 3
    recorder.enter("mark", moment(2))
    assert recorder.folder.joinpath("events.jsonl").read_bytes().count(b"mark") == 2
    assert recorder.folder.joinpath("console.index").stat().st_size > 0
    recorder.close()
    assert open_descriptors() == before


def test_a_ledger_that_became_something_else_meanwhile_is_refused(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    target = tmp_path / "target"
    target.write_text("somebody's")
    ledger = recorder.folder / "events.jsonl"
    ledger.unlink()
    ledger.symlink_to(target)
    with pytest.raises(RecordingError, match="symbolic link"):
        recorder.enter("mark", moment(0))
    recorder.write(b"and the bytes go on", moment(1))
    recorder.close()
    assert target.read_text() == "somebody's"
