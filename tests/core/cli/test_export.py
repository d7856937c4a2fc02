"""`guestwatch export` writes a recording in the format of another program."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.recording import History
from tests.core.recording.made import begin, file_size_limit, moment

from .typed import home, recordings_below, run, state_below, two_lives, typed

__all__ = ["home"]

NEWEST = """\
-- gap 7 s: VM restarted --
booting
-- gap 2 s: not attached: ␛]0;owned␇\ufffd␊ --
login: \n"""


@pytest.fixture
def recorded(home: Path) -> Path:
    two_lives(recordings_below(home))
    return home


def test_the_newest_life_goes_to_stdout_as_text(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1") == 0
    assert capsys.readouterr() == (NEWEST, "")


def test_another_life_or_all_of_them_can_be_had(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1", "--generation", "1") == 0
    first = capsys.readouterr().out
    assert first == "first\nsecond\nred\n"
    assert typed("export", "vm1", "--generation", "all") == 0
    assert capsys.readouterr().out == f"-- generation 1 --\n{first}-- generation 2 --\n{NEWEST}"


@pytest.mark.parametrize("form", ["text", "jsonl", "cast", "typescript"])
@pytest.mark.parametrize("raw", [True, False])
def test_a_folder_gets_new_files_for_their_owners_eyes(
    recorded: Path, form: str, raw: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recorded / "out"
    folder.mkdir()
    umask = os.umask(0)
    try:
        command = ["export", "vm1", "--format", form, "--output", str(folder)]
        assert typed(*command, *(["--raw"] if raw else [])) == 0
    finally:
        os.umask(umask)
    out, err = capsys.readouterr()
    assert out == ""
    name = History(recordings_below(recorded) / "vm1").generations[-1].name
    files = sorted(folder.iterdir())
    assert len(files) == (2 if form == "typescript" else 1)
    for file in files:
        assert file.name.startswith(f"vm1-{name}.")
        assert str(file) in err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size > 0


def test_a_typescript_is_two_files_of_the_name_that_was_given(recorded: Path) -> None:
    assert typed("export", "vm1", "--format", "typescript", "--output", str(recorded / "boot")) == 0
    assert (recorded / "boot.typescript").read_bytes().endswith(b"\nbooting\r\nlogin: ")
    assert (recorded / "boot.timing").read_text() == "2.000000 9\n4.000000 7\n"


@pytest.mark.parametrize("planted", ["file", "link", "dangling"])
def test_nothing_is_overwritten(
    recorded: Path, planted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, target = recorded / "boot.txt", recorded / "target"
    if planted == "file":
        path.write_text("mine")
    else:
        path.symlink_to(target)
        if planted == "link":
            target.write_text("mine")
    assert typed("export", "vm1", "--output", str(path)) == 1
    err = capsys.readouterr().err
    assert f"{path}: File exists" in err
    assert "Nothing is ever overwritten" in err
    assert target.exists() == (planted == "link")
    if planted != "dangling":
        assert path.read_text() == "mine"


def test_a_typescript_whose_timing_is_there_leaves_nothing_behind(recorded: Path) -> None:
    (recorded / "boot.timing").write_text("mine")
    assert typed("export", "vm1", "--format", "typescript", "--output", str(recorded / "boot")) == 1
    assert not (recorded / "boot.typescript").exists()
    assert (recorded / "boot.timing").read_text() == "mine"


@pytest.mark.parametrize("form", ["text", "typescript"])
def test_a_full_disk_leaves_nothing_behind(
    home: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = begin(recordings_below(home))
    recorder.write(b"a line\n" * 100_000, moment(0))
    recorder.close()
    folder = home / "out"
    folder.mkdir()
    path = folder / f"boot.{'typescript' if form == 'typescript' else 'txt'}"
    with file_size_limit(100_000):
        assert typed("export", "vm1", "--format", form, "--output", str(path)) == 1
    assert f"{path}: File too large" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_paths_that_cannot_be_are_explained(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1", "--output", str(recorded / ("x" * 1000))) == 1
    assert "File name too long" in capsys.readouterr().err
    monkeypatch.setenv("XDG_STATE_HOME", str(recorded / ("x" * 1000)))
    for command in ("export", "ledger"):
        assert typed(command, "vm1") == 1
        assert "File name too long" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "typescript"], "two files"),
        (["--format", "cast", "--times"], "--times is for text"),
        (["--times", "--raw"], "Choose one"),
        (["--format", "pdf"], "pdf"),
        (["--generation", "none"], "--generation"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    recorded: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_a_folder_that_is_missing_is_told(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1", "--output", str(recorded / "no" / "boot.txt")) == 1
    assert "Make its folder first" in capsys.readouterr().err


def test_a_sandbox_without_generations_says_so(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recordings_below(recorded) / "vm2").mkdir()
    for number in ("all", "1"):
        assert typed("export", "vm2", "--generation", number) == 1
        assert "No generation of vm2 is left" in capsys.readouterr().err


def test_raw_bytes_go_through_a_pipe_as_they_came(recorded: Path) -> None:
    done = run(recorded, "export", "vm1", "--generation", "1", "--raw")
    assert done.returncode == 0
    assert done.stdout == b"first\r\nsecond\r\n\x1b[31mred\x1b[0m\r\n"


def test_raw_bytes_never_reach_a_terminal(recorded: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "export", "vm1", "--raw"],
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={**os.environ, **state_below(recorded)},
            timeout=50,
            check=False,
        )
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert b"could do anything to this terminal" in done.stderr


def test_a_reader_that_goes_away_ends_it_in_silence(home: Path) -> None:
    recorder = begin(recordings_below(home))
    recorder.write(b"a line\n" * 100_000, moment(0))
    recorder.close()
    for form in ("text", "jsonl", "cast"):
        done = run(home, "export", "vm1", "--format", form, pipe="| head -n 2")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") == 2


def test_the_fields_of_json_lines_are_those_of_the_help(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("export", "vm1", "--format", "jsonl", "--generation", "all") == 0
    names = {name for line in capsys.readouterr().out.splitlines() for name in json.loads(line)}
    assert typed("export", "--help") == 0
    text = capsys.readouterr().out
    assert names == {
        *("time", "generation", "elapsed", "offset", "text"),
        *("gap", "seconds", "lost_bytes", "evidence", "notice"),
    }
    for name in names:
        assert f'"{name}"' in text
