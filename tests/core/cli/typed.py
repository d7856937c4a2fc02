"""Commands as they are typed, on recordings made for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.command import ScreenRequest
from core.cli.main import main
from tests.core.recording.made import begin, moment

HOSTILE = "\x1b]0;owned\x07\u202e\n"
"""What would retitle a terminal, turn text around and forge a line."""


def state_below(folder: Path) -> dict[str, str]:
    """The variables that lead the program to a state folder of its own."""
    return {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "TZ": "UTC"}


def recordings_below(folder: Path) -> Path:
    """The folder of all recordings there."""
    return folder / "state" / "guestwatch" / "recordings"


def typed(*arguments: str) -> int:
    """The exit code of what was typed; what argparse refuses exits as well."""

    def refuse(request: ScreenRequest) -> int:
        raise AssertionError("the dashboard must not open")

    try:
        return main(arguments, dashboard=refuse)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else -1


def run(
    folder: Path, *arguments: str, pipe: str = "", **env: str
) -> subprocess.CompletedProcess[bytes]:
    """The real program, its stdout through a shell's `pipe` when there is one."""
    command = [sys.executable, "-m", "tui", *arguments]
    if pipe:
        command = ["bash", "-c", f'"$@" {pipe}; exit "${{PIPESTATUS[0]}}"', "bash", *command]
    done = subprocess.run(
        command,
        env={**os.environ, **state_below(folder), **env},
        capture_output=True,
        timeout=50,
        stdin=subprocess.DEVNULL,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert b"Traceback" not in done.stderr
    return done


def two_lives(home: Path, sandbox_id: str = "vm1") -> None:
    """Two generations: three lines, a restart of 7 s, a hostile gap of 2 s, and a prompt."""
    recorder = begin(home, life="one", sandbox_id=sandbox_id)
    recorder.enter("attached", moment(0), pid=1)
    recorder.write(b"first\r\nsecond\r\n", moment(1))
    recorder.write(b"\x1b[31mred\x1b[0m\r\n", moment(2))
    recorder.enter("ended", moment(3))
    recorder.close()
    recorder = begin(home, life="two", at=10, sandbox_id=sandbox_id)
    recorder.enter(
        "gap", moment(10), cause="VM restarted", start=moment(3).wall, end=moment(10).wall
    )
    recorder.enter("attached", moment(10), pid=2)
    recorder.write(b"booting\r\n", moment(12))
    recorder.enter("detached", moment(13), cause=HOSTILE)
    recorder.enter("attached", moment(15), pid=2)
    recorder.write(b"login: ", moment(16))
    recorder.enter("alert", moment(16), title="panic")
    recorder.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, with this process's variables leading to it."""
    for name, value in state_below(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path
