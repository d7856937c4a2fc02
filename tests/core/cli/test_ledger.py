"""`guestwatch ledger` tells a sandbox's account from the files alone."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from core.recording import History, enter_mark
from tests.core.recording.made import begin, moment

from .typed import HOSTILE, home, recordings_below, run, state_below, two_lives, typed

__all__ = ["home"]

TABLE = """\
gen  from                       to  lasted  what
  1  2023-11-14 22:13:20  22:13:23     3 s  heard 29 B
  2  2023-11-14 22:13:23  22:13:30     7 s  GAP   VM restarted
  2  2023-11-14 22:13:30  22:13:33     3 s  heard 9 B
  2  2023-11-14 22:13:33  22:13:35     2 s  GAP   not attached: ␛]0;owned␇\ufffd␊
  2  2023-11-14 22:13:35  22:13:36     1 s  heard 7 B

  2  2023-11-14 22:13:36  alert  panic

heard     7 s; 45 B captured, all of it on disk
gaps      2, 9 s in all; 0 B known to be lost, an unknown amount in 2
alerts    1
repairs   0
last      attached, as far as the files tell
"""


@pytest.fixture
def recorded(home: Path) -> Path:
    two_lives(recordings_below(home))
    return home


def test_people_get_every_stretch_with_its_times_and_the_totals(recorded: Path) -> None:
    done = run(recorded, "ledger", "vm1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == TABLE


def test_times_are_those_of_the_place(recorded: Path) -> None:
    done = run(recorded, "ledger", "vm1", TZ="Asia/Tokyo")
    assert b"2023-11-15 07:13:20  07:13:23" in done.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(
    home: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = begin(recordings_below(home))
    recorder.enter("attached", moment(0))
    facts = {
        "cause": "waiting behind another client",
        "evidence": "a long tale of two readers " * 9,
    }
    recorder.enter("gap", moment(200_000), start=moment(5).wall, end=moment(200_000).wall, **facts)
    recorder.close()
    monkeypatch.setenv("COLUMNS", str(width))
    assert typed("ledger", "vm1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert width - 30 < max(map(len, lines)) <= width
    assert sum(line.count("tale") for line in lines) == 7


def test_programs_get_one_ascii_object_a_line(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("ledger", "vm1", "--json") == 0
    out = capsys.readouterr().out
    assert out.isascii()
    objects = [json.loads(line) for line in out.splitlines()]
    assert [o["type"] for o in objects] == [
        *("heard", "gap", "heard", "gap", "heard"),
        "alert",
        "totals",
    ]
    assert objects[1]["cause"] == "VM restarted"
    assert objects[1]["seconds"] == 7.0
    assert objects[1]["lost_bytes"] is None
    assert (objects[3]["evidence"], objects[3]["entered"]) == (HOSTILE, False)
    assert sum(o["bytes"] for o in objects if o["type"] == "heard") == 45
    assert objects[-1]["captured_bytes"] == 45
    assert objects[-1]["gap_seconds"] == 9.0


def test_every_field_that_is_printed_is_in_the_help(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = recordings_below(recorded) / "vm1"
    ledger = History(sandbox).generations[0].folder / "events.jsonl"
    quota = '{"epoch": 1, "offset": 0, "kind": "gap", "facts": {"cause": "quota", "lost_bytes": 5}}'
    ledger.write_text(ledger.read_text() + quota + "\n")
    enter_mark(ledger.parent, 0, "note", moment(0))
    typed("ledger", "vm1", "--json")
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert typed("ledger", "--help") == 0
    text = capsys.readouterr().out
    assert {o["type"] for o in objects} == {"heard", "gap", "dropped", "alert", "mark", "totals"}
    for name in {name for o in objects for name in o}:
        assert f'"{name}"' in text


def test_marks_and_alerts_are_told_in_order_and_what_is_hostile_is_text(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = History(recordings_below(recorded) / "vm1").generations[0].folder
    enter_mark(folder, 7, "behind", moment(20))
    enter_mark(folder, 0, HOSTILE, moment(21))
    assert typed("ledger", "vm1") == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if " mark " in line)
    assert lines[at].startswith("  1  2023-11-14 22:13:41  mark   ␛")
    assert lines[at + 1] == "  1  2023-11-14 22:13:40  mark   behind"
    assert lines[at + 2] == "  2  2023-11-14 22:13:36  alert  panic"
    assert typed("ledger", "vm1", "--json") == 0
    out = capsys.readouterr().out
    assert out.isascii()
    marks = [o for o in map(json.loads, out.splitlines()) if o["type"] == "mark"]
    assert [(mark["offset"], mark["note"]) for mark in marks] == [(0, HOSTILE), (7, "behind")]
    assert typed("ledger", "vm1", "--generation", "2") == 0
    assert " mark " not in capsys.readouterr().out


def test_people_get_the_newest_of_many_alerts(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = begin(recordings_below(home))
    for i in range(1200):
        recorder.enter("alert", moment(i), kind="oops", title=f"number {i}", start=i)
    recorder.close()
    assert typed("ledger", "vm1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1,000 earlier alerts and marks; --json prints all" in lines
    told = [line for line in lines if "oops" in line]
    assert len(told) == 200
    assert told[-1].endswith("alert  oops: number 1199")
    assert typed("ledger", "vm1", "--json") == 0
    assert capsys.readouterr().out.count('"alert"') == 1200


def test_one_generation_is_told_alone(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("ledger", "vm1", "--generation", "1", "--json") == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [o["type"] for o in objects] == ["heard", "totals"]
    assert objects[-1]["captured_bytes"] == 29


@pytest.mark.parametrize("command", ["ledger", "export"])
def test_a_name_that_was_never_recorded_is_told_with_those_most_like_it(
    recorded: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two_lives(recordings_below(recorded), "nginx-7c9")
    assert typed(command, "nginx-7c8") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "nginx-7c8 was never recorded" in err
    assert "There is nginx-7c9, … (2 in all)." in err


@pytest.mark.parametrize("name", ["a/b", "..", "", "a\x1b[31m", "x" * 300])
def test_a_name_that_no_sandbox_can_have_is_wrong_usage(
    recorded: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("ledger", name) == 2
    err = capsys.readouterr().err
    assert "is not a sandbox id" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "1.5", "²", "9" * 5000])
def test_a_number_that_no_generation_can_have_is_wrong_usage(
    recorded: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("ledger", "vm1", f"--generation={number}") == 2
    assert "--generation" in capsys.readouterr().err


def test_a_generation_that_is_not_there_is_told_with_those_that_are(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("ledger", "vm1", "--generation", "7") == 1
    err = capsys.readouterr().err
    assert "vm1 has no generation 7" in err
    assert "1 to 2" in err


def test_without_any_recording_it_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("ledger", "vm1") == 1
    assert "Nothing was recorded yet" in capsys.readouterr().err


def test_a_link_in_a_sandboxs_place_is_not_followed(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = recordings_below(recorded)
    (recordings / "vm2").symlink_to(recordings / "vm1")
    assert typed("ledger", "vm2") == 1
    assert "vm2 was never recorded" in capsys.readouterr().err


def test_lines_that_are_no_entries_are_counted_and_told(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = recordings_below(recorded) / "vm1"
    with (History(sandbox).generations[0].folder / "events.jsonl").open("ab") as ledger:
        ledger.write(b"\xff\xfe\n{}\n[[[\n")
    assert typed("ledger", "vm1") == 0
    assert "3 lines of the ledgers, which are no entries" in capsys.readouterr().out


def test_a_time_that_no_calendar_holds_is_shown_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = begin(recordings_below(home))
    recorder.close()
    line = '{"epoch": 9e18, "offset": 0, "kind": "attached", "facts": {}}\n'
    early = line.replace("9e18", "0")
    (recorder.folder / "events.jsonl").write_text(early + line)
    assert typed("ledger", "vm1") == 0
    assert "9999-01-01" in capsys.readouterr().out
    assert typed("ledger", "vm1", "--json") == 0


def test_a_reader_that_goes_away_ends_it_in_silence(home: Path) -> None:
    recorder = begin(recordings_below(home))
    for i in range(20_000):
        recorder.enter("attached" if i % 2 else "detached", moment(i), cause="again")
    recorder.close()
    done = run(home, "ledger", "vm1", pipe="| head -n 2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 2


def test_a_full_disk_behind_stdout_is_told(recorded: Path) -> None:
    done = run(recorded, "ledger", "vm1", pipe="> /dev/full")
    assert done.returncode == 1
    assert b"stdout: No space left on device" in done.stderr


def test_without_a_stdout_it_says_so(recorded: Path) -> None:
    done = run(recorded, "ledger", "vm1", pipe=">&-")
    assert done.returncode == 1
    assert b"no stdout" in done.stderr


@pytest.mark.parametrize("no_colour", [True, False])
def test_gaps_stand_out_on_a_terminal_and_nothing_of_a_guest_is_active(
    recorded: Path, no_colour: bool
) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, **state_below(recorded), "COLUMNS": "80"}
    env.pop("NO_COLOR", None)
    if no_colour:
        env["NO_COLOR"] = "1"
    command = [sys.executable, "-m", "tui", "ledger", "vm1"]
    try:
        subprocess.run(command, stdout=theirs, env=env, check=True, timeout=50)
        os.close(theirs)
        shown = os.read(ours, 65_536).decode().replace("\r\n", "\n")
    finally:
        os.close(ours)
    emphasised = "\x1b[1;33mGAP  \x1b[0m"
    assert shown.count(emphasised) == (0 if no_colour else 2)
    assert shown.replace(emphasised, "GAP  ") == TABLE
