"""The state folder and capture's own files in it: ours alone, whoever was there first."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.capture.state import make_private, open_own
from core.errors import CaptureError

SECRET = b"not to be touched"


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    # The test's own folder is made before.
    assert tmp_path.is_dir()
    assert isinstance(request.param, int)
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_state_folder_and_all_that_is_made_above_it_are_private(tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "guestwatch"
    make_private(state)
    os.close(open_own(state / "capture.log", os.O_WRONLY))
    assert [mode(path) for path in (state, *list(state.parents)[:2])] == [0o700] * 3
    assert mode(state / "capture.log") == 0o600


def test_a_folder_made_the_usual_way_would_be_open_under_that_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / ".local" / "state").mkdir(mode=0o700, parents=True)
    finally:
        os.umask(before)
    assert mode(tmp_path / ".local") == 0o777


@pytest.mark.parametrize("open_to", [0o770, 0o707, 0o777])
def test_a_state_folder_that_others_may_write_is_refused(tmp_path: Path, open_to: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(open_to)
    with pytest.raises(CaptureError, match=f"open to other users: mode 0{open_to:o}") as caught:
        make_private(state)
    assert f"chmod 700 {state}" in caught.value.hint
    assert mode(state) == open_to


@pytest.mark.parametrize("fine", [0o700, 0o750, 0o755])
def test_a_state_folder_that_others_may_only_read_is_used_as_it_is(
    tmp_path: Path, fine: int
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(fine)
    make_private(state)
    assert mode(state) == fine


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
@pytest.mark.parametrize("is_linked", [False, True])
def test_a_state_folder_of_somebody_else_is_refused(tmp_path: Path, is_linked: bool) -> None:
    real = tmp_path / "theirs"
    real.mkdir(mode=0o700)
    os.chown(real, 65534, 65534)
    state = tmp_path / "state" if is_linked else real
    if is_linked:
        state.symlink_to(real)
    with pytest.raises(CaptureError, match="belongs to user 65534") as caught:
        make_private(state)
    assert "XDG_STATE_HOME" in caught.value.hint
    assert list(real.iterdir()) == []


def test_a_link_to_a_folder_of_ours_is_followed(tmp_path: Path) -> None:
    """Whoever has a larger disk elsewhere makes one."""
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "state").symlink_to("disk")
    make_private(tmp_path / "state")
    os.close(open_own(tmp_path / "state" / "capture.log", os.O_WRONLY))
    assert (tmp_path / "disk" / "capture.log").is_file()


def test_a_link_to_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk").chmod(0o777)
    (tmp_path / "state").symlink_to("disk")
    with pytest.raises(CaptureError, match="open to other users"):
        make_private(tmp_path / "state")


def plant_link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def plant_dangling_link(path: Path, target: Path) -> None:
    path.symlink_to(target.with_name("not there yet"))


def plant_second_name(path: Path, target: Path) -> None:
    path.hardlink_to(target)


def plant_fifo(path: Path, target: Path) -> None:
    os.mkfifo(path)


def plant_folder(path: Path, target: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_WRONLY | os.O_APPEND])
@pytest.mark.parametrize(
    "plant", [plant_link, plant_dangling_link, plant_second_name, plant_fifo, plant_folder]
)
def test_what_is_planted_in_a_files_place_is_refused_and_not_touched(
    tmp_path: Path, plant: Callable[[Path, Path], None], flags: int
) -> None:
    target = tmp_path / "somebody's file"
    target.write_bytes(SECRET)
    target.chmod(0o640)
    path = tmp_path / "capture.log"
    plant(path, target)
    with pytest.raises(CaptureError, match=r"capture\.log") as caught:
        open_own(path, flags)
    assert caught.value.hint
    assert (target.read_bytes(), mode(target)) == (SECRET, 0o640)
    assert not target.with_name("not there yet").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "capture.log"
    path.touch()
    os.chown(path, 65534, 65534)
    with pytest.raises(CaptureError, match="belongs to user 65534"):
        open_own(path, os.O_WRONLY)


def test_rights_that_were_widened_are_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "capture.log"
    path.touch()
    path.chmod(0o666)
    os.close(open_own(path, os.O_WRONLY))
    assert mode(path) == 0o600
