"""Files a person asks for: new, theirs alone, whole or not there at all."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import OutputFailed, RecordingError
from core.saving import Saving, free_path, generation_text, wanted_path
from tests.tui.panes import Guest


def finished(saving: Saving) -> bytes:
    while not saving.step(0.0):
        pass
    return saving.path.read_bytes()


def test_a_file_is_written_a_slice_at_a_time_for_its_owner_alone(tmp_path: Path) -> None:
    os.umask(0)
    try:
        saving = Saving(tmp_path / "vm1.txt", (b"%d\n" % n for n in range(5)))
        assert not saving.step(0.0)
        assert finished(saving) == b"0\n1\n2\n3\n4\n"
    finally:
        os.umask(0o022)
    assert saving.bytes_written == 10
    assert stat.S_IMODE(saving.path.stat().st_mode) == 0o600
    saving.cancel()
    assert saving.path.exists()


def test_nothing_is_overwritten_and_no_link_followed(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (there, link):
        with pytest.raises(OutputFailed) as caught:
            Saving(path, [b"x"])
        assert "Nothing is ever overwritten" in caught.value.hint
    assert there.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_left_is_removed(tmp_path: Path) -> None:
    closed = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    saving = Saving(tmp_path / "vm1.txt", pieces())
    saving.step(0.0)
    saving.cancel()
    saving.cancel()
    assert not saving.path.exists()
    assert closed == [True]


def test_a_recording_that_cannot_be_read_leaves_no_half_a_file(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise RecordingError("the disk says no")

    saving = Saving(tmp_path / "vm1.txt", pieces())
    with pytest.raises(RecordingError):
        finished(saving)
    assert not saving.path.exists()


def test_a_disk_that_takes_no_more_is_said_and_leaves_no_half_a_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    saving = Saving(tmp_path / "vm1.txt", (b"x" * 4096 for _ in range(100)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(OutputFailed, match="File too large"):
            finished(saving)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not saving.path.exists()


@pytest.mark.parametrize("typed", ["no/such/folder/x", "a\0b", "x" * 1000, "/proc/x"])
def test_no_path_is_too_bad_to_be_explained(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputFailed):
        Saving(free_path(wanted_path(typed, "vm1.txt")), [b"x"])


def test_a_path_may_be_a_folder_or_begin_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    assert wanted_path("out", "vm1.txt") == tmp_path / "out" / "vm1.txt"
    assert wanted_path("x.txt", "vm1.txt") == tmp_path / "x.txt"
    assert wanted_path("~/x.txt", "vm1.txt") == tmp_path / "home" / "x.txt"
    for nothing in ("", "  "):
        with pytest.raises(OutputFailed, match="No file"):
            wanted_path(nothing, "vm1.txt")
    with pytest.raises(OutputFailed):
        wanted_path("~nobody-of-that-name/x", "vm1.txt")


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "vm1.txt"
    assert free_path(path) == path
    path.write_text("")
    assert free_path(path) == tmp_path / "vm1-2.txt"
    (tmp_path / "vm1-2.txt").symlink_to("nowhere")
    assert free_path(path) == tmp_path / "vm1-3.txt"


def test_a_generation_is_written_as_an_export_writes_it(tmp_path: Path) -> None:
    guest = Guest(tmp_path / "recordings")
    guest.boot(b"old\n")
    guest.boot(b"new \x1b]52;c;UFdORUQ=\x07 \xc3\xa9\xff\n")
    guest.close()
    folder = tmp_path / "recordings" / "vm1"
    assert b"".join(generation_text(folder, 1)) == b"old\n"
    assert b"".join(generation_text(folder, 2)) == "new  é\ufffd\n".encode()
    with pytest.raises(RecordingError, match="generation 3 is gone"):
        list(generation_text(folder, 3))
