"""One capture a user."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from core.capture.lock import CaptureLock, read_owner
from core.capture.places import Places
from core.errors import CaptureError, CaptureRunning


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "run").mkdir(mode=0o700)
    return Places(tmp_path / "run", tmp_path / "state")


def test_a_second_capture_is_told_who_runs(places: Places) -> None:
    with CaptureLock(places), pytest.raises(CaptureRunning) as caught, CaptureLock(places):
        pass
    assert str(os.getpid()) in str(caught.value)
    assert str(places.control_socket) in str(caught.value)


def test_the_lock_is_free_again_afterwards(places: Places) -> None:
    with CaptureLock(places):
        pass
    with CaptureLock(places):
        assert read_owner(places.state_lock) == (os.getpid(), str(places.control_socket))


def test_another_runtime_folder_does_not_give_a_second_writer(
    places: Places, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir(mode=0o700)
    other = Places(tmp_path / "other", places.state)
    with CaptureLock(places), pytest.raises(CaptureRunning), CaptureLock(other):
        pass
    with CaptureLock(other):
        assert read_owner(places.state_lock)[1] == str(other.control_socket)


def test_files_and_folders_are_private(places: Places) -> None:
    with CaptureLock(places):
        for path in (places.runtime_lock, places.state_lock):
            assert path.stat().st_mode & 0o777 == 0o600
        assert places.state.stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CaptureError, match="Cannot make") as caught,
        CaptureLock(Places(tmp_path / "run", tmp_path / "file" / "state")),
    ):
        pass
    assert "XDG_STATE_HOME" in caught.value.hint


def test_a_planted_link_is_not_followed(places: Places, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    places.runtime_lock.symlink_to(target)
    with pytest.raises(CaptureError), CaptureLock(places):
        pass
    assert target.read_text() == "precious"


@pytest.mark.parametrize("text", ["", "no json", "[1]", '{"pid": "x"}', "[" * 5000, "\0" * 10])
def test_an_owner_that_makes_no_sense_is_unknown(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "lock"
    lock.write_text(text)
    assert read_owner(lock) == (0, "")


def test_a_disk_without_room_for_the_owners_name_is_told(places: Places) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(CaptureError, match=r"capture\.lock"), CaptureLock(places):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
