"""What FILE or NAME means, and how everything else is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.cli.command import ScreenRequest, ViewRequest
from core.cli.main import main
from core.cli.viewed import RecordedView
from core.console.place import AtLine
from core.plain_log import PlainLog
from tests.core.cli.typed import HOSTILE, home, recordings_below, run, two_lives, typed

__all__ = ["home"]


def viewed(*arguments: str) -> ViewRequest:
    """What would be opened."""
    asked: list[ScreenRequest] = []

    def take(request: ScreenRequest) -> int:
        asked.append(request)
        return 0

    assert main(["view", *arguments], dashboard=take) == 0
    (request,) = asked
    assert isinstance(request, ViewRequest)
    if isinstance(request.what, PlainLog):
        request.what.close()
    return request


def recording(*arguments: str) -> RecordedView:
    what = viewed(*arguments).what
    assert isinstance(what, RecordedView)
    return what


def test_a_name_is_a_recording_with_all_its_lives(home: Path) -> None:
    folder = recordings_below(home) / "vm1"
    two_lives(recordings_below(home))
    assert recording("vm1") == RecordedView("vm1", folder)
    only = recording("vm1", "--generation", "1").only
    assert only is not None
    assert only.sequence == 1


def test_a_name_is_looked_for_where_one_says(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "copied"
    two_lives(other, "vm2")
    assert recording("vm2", "--recordings", str(other)).folder == other / "vm2"


def test_a_path_leads_to_a_sandboxs_folder_or_to_one_life_of_it(home: Path) -> None:
    folder = recordings_below(home) / "vm1"
    two_lives(recordings_below(home))
    assert recording(str(folder)) == recording(f"{folder}/../vm1/")
    assert recording(str(folder)).only is None
    newest = sorted(folder.iterdir())[-1]
    alone = recording(str(newest))
    assert alone.only is not None
    assert (alone.name, alone.only.sequence, alone.only.folder) == ("vm1", 2, newest)
    moved = home / "of a bug report"
    newest.rename(moved)
    alone = recording(str(moved))
    assert alone.only is not None
    assert (alone.name, alone.only.sequence, alone.only.folder) == ("vm1", 1, moved)


def test_the_current_folder_is_a_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_lives(recordings_below(home))
    monkeypatch.chdir(recordings_below(home) / "vm1")
    assert recording(".").name == "vm1"


def test_a_file_is_a_file_with_a_slash_or_where_no_recording_has_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    two_lives(recordings_below(home))
    for name in ("vm1", "boot.log", "with space.txt"):
        (home / name).write_bytes(b"text\n")
    assert isinstance(viewed("vm1").what, RecordedView)
    for text in ("./vm1", "boot.log", "with space.txt", str(home / "vm1")):
        assert isinstance(viewed(text).what, PlainLog)


def test_theme_and_place_are_passed_on(home: Path) -> None:
    two_lives(recordings_below(home))
    request = viewed("vm1", "--theme", "light", "--at", "12")
    assert (request.theme, request.at) == ("light", AtLine(12))


@pytest.mark.parametrize(
    ("arguments", "code", "why", "remedy"),
    [
        (["nothing"], 1, "nothing was never recorded", "There is vm1."),
        (["vm2"], 1, "nor is there a file vm2", "There is vm1."),
        (["no such.log"], 1, "There is no file no such.log", ""),
        (["./gone.log"], 1, "gone.log: No such file or directory", ""),
        (["empty/"], 1, "empty holds no recording", "Name a sandbox"),
        (["state/guestwatch/recordings"], 1, "holds recordings, of 1 sandbox", "vm1"),
        (["fifo"], 1, "fifo is a FIFO", "cat it into a file"),
        (["-"], 2, "stdin cannot do", "Save it first"),
        ([""], 2, "stdin cannot do", "Save it first"),
        (["vm1", "--at", "soon"], 2, "“soon” is no place", "12:04:31 a time"),
        (["vm1", "--at", "101%"], 2, "more than all of it", "0% to 100%"),
        (["vm1", "--generation", "7"], 1, "vm1 has no generation 7", "It has 1 to 2."),
        (["vm1", "--generation", "x"], 2, "is not a generation's number", ""),
        (["./a.log", "--generation", "1"], 2, "has no generations", "Leave it out"),
        ([], 2, "FILE|NAME", ""),
        (["none/left"], 1, "holds no recording", ""),
    ],
)
def test_what_cannot_be_viewed_is_explained(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    why: str,
    remedy: str,
) -> None:
    monkeypatch.chdir(home)
    two_lives(recordings_below(home))
    (home / "empty").mkdir()
    (home / "none" / "left").mkdir(parents=True)
    os.mkfifo(home / "fifo")
    (home / "a.log").write_bytes(b"")
    assert typed("view", *arguments) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert why in told.err
    assert remedy in told.err


def test_a_sandbox_of_which_nothing_is_left_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recordings_below(home) / "vm1").mkdir(parents=True)
    assert typed("view", "vm1") == 1
    assert "No generation of vm1 is left" in capsys.readouterr().err


def test_hostile_names_reach_no_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("view", f"./{HOSTILE}") == 1
    assert typed("view", os.fsdecode(b"a\xff")) == 1
    assert typed("view", "--at", HOSTILE, "vm1") == 2
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_a_current_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert typed("view", "./x.log") == 1
    assert typed("view", ".") == 1
    assert "Traceback" not in capsys.readouterr().err


def test_without_a_terminal_it_says_so_and_exits_2(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"text\n")
    done = run(tmp_path, "view", str(log))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"a view needs a terminal, but stdin is none" in done.stderr
    assert b"guestwatch export NAME" in done.stderr
