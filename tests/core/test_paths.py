"""Where the runtime, state and config folders are, and what is refused there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.errors import RuntimeDirError, UsageError
from core.paths import choose_runtime_dir, config_file, ensure_private, runtime_dir, state_dir
from tests.core.endpoints.sites import open_descriptors, without_root

US = os.geteuid()
SOMEBODY = US + 1


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A login session's runtime folder."""
    folder = tmp_path / "session"
    folder.mkdir(mode=0o700)
    return folder


def test_session_folder_that_is_ours_alone_is_used(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    before = open_descriptors()
    for _ in range(2):
        folder = runtime_dir()
        assert folder == session / "guestwatch"
        assert mode_of(folder) == 0o700
        assert folder.stat().st_uid == US
    assert open_descriptors() == before


@pytest.mark.parametrize("uid", [0, 1000])
def test_without_a_session_root_and_others_have_places_of_their_own(uid: int) -> None:
    folder, reason = choose_runtime_dir({}, uid)
    assert str(folder) == {0: "/run/guestwatch", 1000: "/tmp/guestwatch-1000"}[uid]
    assert "XDG_RUNTIME_DIR is not set" in reason


@pytest.mark.parametrize(
    ("temp", "expected"),
    [("/var/tmp", "/var/tmp/guestwatch-7"), ("", "/tmp/guestwatch-7"), ("x", "/tmp/guestwatch-7")],
)
def test_temp_folder_is_the_users_when_it_is_absolute(temp: str, expected: str) -> None:
    assert str(choose_runtime_dir({"TMPDIR": temp}, 7)[0]) == expected


def test_session_folder_of_another_user_is_passed_over_with_the_reason(session: Path) -> None:
    folder, reason = choose_runtime_dir({"XDG_RUNTIME_DIR": str(session)}, SOMEBODY)
    assert str(folder) == f"/tmp/guestwatch-{SOMEBODY}"
    assert f"belongs to user {US}" in reason
    assert "sudo" in reason


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o500, 0o701])
def test_session_folder_with_another_mode_is_passed_over(session: Path, mode: int) -> None:
    session.chmod(mode)
    folder, reason = choose_runtime_dir({"XDG_RUNTIME_DIR": str(session)}, US)
    assert session not in folder.parents
    assert f"mode {mode:04o}" in reason


@pytest.mark.parametrize("value", ["relative", "/no/such/folder", "/dev/null", "/a\0b"])
def test_session_folder_that_is_none_is_passed_over(value: str) -> None:
    folder, reason = choose_runtime_dir({"XDG_RUNTIME_DIR": value}, 1000)
    assert str(folder) == "/tmp/guestwatch-1000"
    assert "XDG_RUNTIME_DIR" in reason


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o177, 0o277, 0o777], ids=oct)
def test_folder_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        ensure_private(tmp_path / "run", US)
    assert mode_of(tmp_path / "run") == 0o700


@pytest.mark.parametrize("mask", [0, 0o777], ids=oct)
def test_user_without_privileges_gets_a_folder_in_the_temp_directory(
    mask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as temp:
        Path(temp).chmod(0o1777)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        monkeypatch.setenv("TMPDIR", temp)
        with without_root(), umask(mask):
            folder = runtime_dir()
            assert folder == Path(temp) / f"guestwatch-{os.geteuid()}"
            assert mode_of(folder) == 0o700
            assert runtime_dir() == folder


def test_folder_of_another_user_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    before = open_descriptors()
    with pytest.raises(RuntimeDirError, match=f"belongs to user {US}, not to user {SOMEBODY}") as e:
        ensure_private(tmp_path / "run", SOMEBODY)
    assert "XDG_RUNTIME_DIR" in e.value.hint
    assert open_descriptors() == before


def test_folder_given_to_another_user_is_refused(tmp_path: Path) -> None:
    if US:
        pytest.skip("only root can give a folder away")
    (tmp_path / "run").mkdir(mode=0o700)
    os.chown(tmp_path / "run", 4001, 4001)
    with pytest.raises(RuntimeDirError, match="belongs to user 4001, not to user 0"):
        ensure_private(tmp_path / "run", 0)


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o777, 0o720])
def test_folder_open_to_others_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(mode)
    with pytest.raises(RuntimeDirError, match=f"mode {mode:04o}") as caught:
        ensure_private(tmp_path / "run", US)
    assert f"chmod 700 {tmp_path}/run" in caught.value.hint
    assert mode_of(tmp_path / "run") == mode


def link_to_private_folder(path: Path) -> None:
    (path.parent / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(path.parent / "elsewhere")


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize("plant", [link_to_private_folder, dangling_link, Path.touch, os.mkfifo])
def test_planted_thing_in_the_folders_place_is_refused(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    plant(tmp_path / "run")
    with pytest.raises(RuntimeDirError) as caught:
        ensure_private(tmp_path / "run", US)
    assert str(tmp_path / "run") in str(caught.value)
    assert "Remove it" in caught.value.hint


def test_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeDirError, match="No such file") as caught:
        ensure_private(tmp_path / "no" / "run", US)
    assert "XDG_RUNTIME_DIR" in caught.value.hint


def test_error_tells_why_the_session_folder_was_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    with without_root(), pytest.raises(RuntimeDirError) as caught:
        runtime_dir()
    assert "XDG_RUNTIME_DIR is not an absolute path" in caught.value.hint


def test_state_and_config_follow_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert state_dir() == tmp_path / "state" / "guestwatch"
    assert config_file() == tmp_path / "config" / "guestwatch" / "config.toml"
    assert list(tmp_path.iterdir()) == []


def test_state_and_config_are_below_home_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir() == tmp_path / ".local" / "state" / "guestwatch"
    assert config_file() == tmp_path / ".config" / "guestwatch" / "config.toml"


def test_relative_xdg_folder_never_gives_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    for place in (state_dir, config_file):
        with suppress(UsageError):  # older releases of platformdirs take it as it is
            assert place().is_absolute()


def test_asking_for_the_runtime_folder_costs_no_platformdirs() -> None:
    code = "import sys, core.paths; core.paths.runtime_dir; sys.exit('platformdirs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
