"""One capture a user."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.capture.lock import CaptureLock, is_held, read_heartbeat, read_owner
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


def test_the_next_capture_knows_when_the_last_one_was_alive(places: Places) -> None:
    with CaptureLock(places) as first:
        assert first.previous_alive == 0.0
        os.utime(places.state_lock, (1000.0, 1000.0))
        first.beat()
        assert read_heartbeat(places.state_lock) > 1000.0
    # As if the holder had been killed then.
    os.utime(places.state_lock, (2000.0, 2000.0))
    assert read_heartbeat(places.state_lock) == 2000.0
    with CaptureLock(places) as second:
        assert second.previous_alive == 2000.0


def test_a_clean_end_is_a_last_heartbeat(places: Places) -> None:
    with CaptureLock(places):
        os.utime(places.state_lock, (1000.0, 1000.0))
    assert read_heartbeat(places.state_lock) > 1000.0


def test_the_loser_of_a_race_is_no_heartbeat(places: Places) -> None:
    with CaptureLock(places):
        os.utime(places.state_lock, (1000.0, 1000.0))
        with pytest.raises(CaptureRunning), CaptureLock(places):
            pass
        assert read_heartbeat(places.state_lock) == 1000.0


def test_a_heartbeat_is_never_in_the_future(places: Places) -> None:
    with CaptureLock(places):
        pass
    before = time.time()
    os.utime(places.state_lock, (before + 9000, before + 9000))
    assert before <= read_heartbeat(places.state_lock) <= time.time()


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "link"])
def test_what_was_never_signed_has_no_heartbeat(tmp_path: Path, kind: str) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    other.write_text("signed by somebody else")
    match kind:
        case "empty":
            lock.touch()
        case "folder":
            lock.mkdir()
        case "link":
            lock.symlink_to(other)
    assert read_heartbeat(lock) == 0.0


def test_a_lock_left_by_a_dead_process_is_taken(places: Places) -> None:
    holder = (
        "import os, signal, sys; from pathlib import Path;"
        "from core.capture.lock import CaptureLock; from core.capture.places import Places;"
        "places = Places(Path(sys.argv[1]), Path(sys.argv[2]));"
        "lock = CaptureLock(places); lock.__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", holder, str(places.runtime), str(places.state)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    dead, _socket = read_owner(places.state_lock)
    assert dead not in (0, os.getpid())
    assert not is_held(places.state_lock)
    with CaptureLock(places) as lock:
        assert read_owner(places.state_lock)[0] == os.getpid()
        assert lock.previous_alive > 0


def test_asking_who_holds_a_lock_makes_nothing_and_takes_nothing(places: Places) -> None:
    assert not is_held(places.state_lock)
    assert not places.state.exists()
    with CaptureLock(places):
        assert is_held(places.state_lock)
        assert is_held(places.runtime_lock)
    assert not is_held(places.state_lock)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(places: Places, umask: int) -> None:
    before = os.umask(umask)
    try:
        with CaptureLock(places):
            pass
    finally:
        os.umask(before)
    for path, mode in (
        (places.runtime_lock, 0o600),
        (places.state_lock, 0o600),
        (places.state, 0o700),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode, path


def test_the_lock_of_a_runtime_folder_that_was_removed_is_taken_again(places: Places) -> None:
    with CaptureLock(places) as lock:
        places.runtime_lock.unlink()
        assert not is_held(places.runtime_lock)
        lock.retake()
        assert is_held(places.runtime_lock)
        assert is_held(places.state_lock)
    assert not is_held(places.runtime_lock)


def test_a_runtime_lock_that_somebody_else_took_meanwhile_is_not_taken(
    places: Places, tmp_path: Path
) -> None:
    with CaptureLock(places) as lock:
        places.runtime_lock.unlink()
        with CaptureLock(Places(places.runtime, tmp_path / "another state")):
            with pytest.raises(CaptureRunning):
                lock.retake()
            assert is_held(places.state_lock)
        lock.retake()
