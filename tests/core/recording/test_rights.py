"""File rights, and what somebody else may have put in a recording's place."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.recording import GenerationReader, Ledger, RecordingClock, read_meta

from .made import begin, log_bytes, moment

FILES = ["console.log", "console.timing", "console.index", "events.jsonl", "meta.json"]
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
def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "state" / "guestwatch" / "recordings"
    recorder = begin(home, segment_bytes=10)
    recorder.write(b"0123456789", moment(1))
    recorder.write(b"abc", moment(2))
    recorder.enter("mark", moment(2))
    recorder.close()
    continued = begin(home, segment_bytes=10, at=3)
    continued.close()
    files = sorted(path.name for path in recorder.folder.iterdir())
    assert files == sorted(
        [*FILES, "console.000000000000000.log", "console.000000000000000.timing"]
    )
    for path in recorder.folder.iterdir():
        assert mode(path) == 0o600, path
    for folder in (recorder.folder, *list(recorder.folder.parents)[:4]):
        assert mode(folder) == 0o700, folder


def test_rights_that_were_widened_are_narrowed_at_the_next_start(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.close()
    recorder.folder.parent.chmod(0o755)
    recorder.folder.chmod(0o755)
    for name in FILES:
        (recorder.folder / name).chmod(0o644)
    begin(tmp_path, at=1).close()
    assert mode(recorder.folder.parent) == mode(recorder.folder) == 0o700
    assert [mode(recorder.folder / name) for name in FILES[:4]] == [0o600] * 4


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


def plant_socket(path: Path, target: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        server.close()
        os.close(here)


Plant = Callable[[Path, Path], None]
PLANTS = [
    plant_link,
    plant_dangling_link,
    plant_second_name,
    plant_fifo,
    plant_folder,
    plant_socket,
]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "somebody's file"
    target.write_bytes(SECRET)
    return target


def assert_untouched(target: Path) -> None:
    assert target.read_bytes() == SECRET
    assert not target.with_name("not there yet").exists()


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", FILES)
def test_something_planted_in_a_files_place_is_refused(
    tmp_path: Path, target: Path, plant: Plant, name: str
) -> None:
    recorder = begin(tmp_path / "home")
    recorder.write(b"before", moment(1))
    recorder.close()
    path = recorder.folder / name
    path.unlink()
    plant(path, target)
    with pytest.raises(RecordingError) as raised:
        begin(tmp_path / "home", at=2)
    assert str(path) in str(raised.value)
    assert "remove" in raised.value.hint
    assert_untouched(target)


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("suffix", ["log", "timing"])
def test_something_planted_where_a_full_segment_goes_is_refused_and_nothing_is_lost(
    tmp_path: Path, target: Path, plant: Plant, suffix: str
) -> None:
    recorder = begin(tmp_path / "home", segment_bytes=10)
    path = recorder.folder / f"console.000000000000000.{suffix}"
    plant(path, target)
    with pytest.raises(RecordingError) as raised:
        recorder.write(b"0123456789", moment(1))
    assert str(path) in str(raised.value)
    assert_untouched(target)
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    recorder.write(b"abcdefghij", moment(2))
    recorder.close()
    assert log_bytes(recorder.folder) == b"0123456789abcdefghij"


@pytest.mark.parametrize("plant", [plant_link, plant_dangling_link, plant_fifo, plant_socket])
def test_something_planted_in_the_sandboxs_place_is_refused(
    tmp_path: Path, target: Path, plant: Plant
) -> None:
    (tmp_path / "home").mkdir()
    plant(tmp_path / "home" / "vm1", target)
    with pytest.raises(RecordingError) as raised:
        begin(tmp_path / "home")
    assert str(tmp_path / "home" / "vm1") in str(raised.value)
    assert "remove" in raised.value.hint
    assert_untouched(target)


def test_a_link_to_a_folder_in_the_sandboxs_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home" / "vm1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordingError, match="symbolic link"):
        begin(tmp_path / "home")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_a_generations_place_is_not_gone_on_with(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "home")
    recorder.write(b"before", moment(1))
    recorder.close()
    moved = tmp_path / "elsewhere"
    recorder.folder.rename(moved)
    recorder.folder.symlink_to(moved)
    other = begin(tmp_path / "home", at=2)
    other.close()
    assert other.folder != recorder.folder
    assert log_bytes(moved) == b"before"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
@pytest.mark.parametrize("what", ["sandbox", "generation", "log"])
def test_what_belongs_to_somebody_else_is_refused(tmp_path: Path, what: str) -> None:
    recorder = begin(tmp_path)
    recorder.close()
    path = {
        "sandbox": recorder.folder.parent,
        "generation": recorder.folder,
        "log": recorder.folder / "console.log",
    }[what]
    os.chown(path, 65534, 65534)
    with pytest.raises(RecordingError, match="belongs to user 65534"):
        begin(tmp_path)


def test_a_file_left_by_a_crash_while_meta_data_were_replaced_is_no_obstacle(
    tmp_path: Path, target: Path
) -> None:
    recorder = begin(tmp_path / "home")
    (recorder.folder / "meta.json.new").symlink_to(target)
    recorder.update_meta(read_meta(recorder.folder))
    recorder.close()
    assert_untouched(target)
    assert not (recorder.folder / "meta.json.new").is_symlink()


@pytest.mark.parametrize("name", FILES)
def test_readers_do_not_follow_a_link_inside_a_recording(
    tmp_path: Path, target: Path, name: str
) -> None:
    recorder = begin(tmp_path / "home")
    recorder.write(b"console text", moment(1))
    recorder.close()
    (recorder.folder / name).unlink()
    (recorder.folder / name).symlink_to(target)
    reader, clock = GenerationReader(recorder.folder), RecordingClock(recorder.folder)
    ledger = Ledger(recorder.folder)
    assert SECRET not in reader.read(0, 1000)
    clock.at(0)
    assert ledger.read_new() == []
    for opened in (reader, clock, ledger):
        opened.close()


def test_readers_do_not_hang_on_a_fifo(tmp_path: Path) -> None:
    for name in FILES:
        os.mkfifo(tmp_path / name)
    reader, clock, ledger = GenerationReader(tmp_path), RecordingClock(tmp_path), Ledger(tmp_path)
    assert (reader.start, reader.end, reader.read(0, 10)) == (0, 0, b"")
    assert clock.at(0) is None
    assert ledger.read_new() == []
    for opened in (reader, clock, ledger):
        opened.close()


# The same attacks on a plain open: each succeeds, so the tests above can fail.


def test_a_plain_open_would_truncate_a_links_target(tmp_path: Path, target: Path) -> None:
    plant_link(tmp_path / "console.log", target)
    (tmp_path / "console.log").open("wb").close()
    assert target.read_bytes() == b""


def test_a_plain_open_would_make_a_dangling_links_target(tmp_path: Path, target: Path) -> None:
    plant_dangling_link(tmp_path / "console.log", target)
    (tmp_path / "console.log").open("ab").close()
    assert target.with_name("not there yet").exists()


def test_a_plain_open_would_append_to_a_second_name(tmp_path: Path, target: Path) -> None:
    plant_second_name(tmp_path / "console.log", target)
    with (tmp_path / "console.log").open("ab") as file:
        file.write(b"!")
    assert target.read_bytes() == SECRET + b"!"


def test_a_plain_open_would_leave_rights_to_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / "console.log").open("wb").close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "console.log") == 0o666
