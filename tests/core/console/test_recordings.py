"""Real guests' output: every line is safe, and reads as it did on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.console import Role, Style, Transcript, render_line, safe_text
from tests.core.console.checks import check_line
from tests.core.console.memory import Memory

FOLDER = Path(__file__).parents[3] / "core" / "demo" / "data"
RECORDINGS = sorted(FOLDER.glob("*.log"))


def lines_of(name: str) -> list[str]:
    data = (FOLDER / f"{name}.log").read_bytes()
    return [render_line(row).text for row in data.split(b"\n")]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("raw", [False, True])
def test_every_line_of_a_recording_is_safe(path: Path, raw: bool) -> None:
    data = path.read_bytes()
    for row in data.split(b"\n"):
        check_line(render_line(row, raw=raw))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_reads_the_same_from_both_ends(path: Path) -> None:
    data = path.read_bytes()
    transcript = Transcript([(1, Memory(data), safe_text(""))])
    rows = transcript.forward(transcript.first, 100_000)
    assert rows == transcript.backward(transcript.last, 100_000)
    assert [row.row.data for row in rows if row.row] == data.removesuffix(b"\n").split(b"\n")


def test_a_boot_of_systemd_shows_its_states_in_their_colours() -> None:
    data = (FOLDER / "debian12-systemd-boot.log").read_bytes()
    lines = [render_line(row) for row in data.split(b"\n")]
    started = [line for line in lines if line.text.startswith("[  OK  ] ")]
    assert len(started) > 20
    assert all(line.runs[1] == (6, Style(fg=2), Role.OK) for line in started)


@pytest.mark.parametrize("name", ["debian12-systemd-boot", "linux61-initramfs-panic"])
def test_a_panic_is_the_one_alarm_of_its_recording(name: str) -> None:
    data = (FOLDER / f"{name}.log").read_bytes()
    alarms = [
        line.text
        for line in map(render_line, data.split(b"\n"))
        if any(run.role is Role.ALARM for run in line.runs)
    ]
    assert len(alarms) == 1
    assert alarms[0].endswith("] Kernel panic - not syncing: sysrq triggered crash")


def test_most_lines_of_a_boot_have_a_stamp() -> None:
    data = (FOLDER / "linux61-initramfs-panic.log").read_bytes()
    lines = list(map(render_line, data.split(b"\n")))
    stamped = [line for line in lines if line.runs and line.runs[0].role is Role.STAMP]
    assert len(stamped) > 0.8 * len(lines)


def test_an_agents_lines_are_read_out() -> None:
    lines = lines_of("kata-agent-style-boot")
    assert not [line for line in lines if line.startswith("{")]
    assert "INFO  sandbox  sandbox set up  +1 field" in lines
    assert "ERRO  rpc  read_stdout failed  error=EOF +1 field" in lines


def test_a_screen_that_top_painted_shows_no_leftovers() -> None:
    lines = lines_of("debian12-systemd-boot")
    assert any(line.startswith("Tasks:  72 total,") for line in lines)
    assert not [line for line in lines if "␏" in line]
