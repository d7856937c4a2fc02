"""Bad input gets a clear message and the right exit code; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.capture.lock import CaptureLock
from core.capture.places import Places
from tests.e2e.conftest import Home
from tests.e2e.terminal import Terminal, guestwatch
from tests.guests.serve import GuestProcess, Kind

pytestmark = pytest.mark.timeout(120)


def run(home: Home, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        guestwatch(*arguments),
        env={**os.environ, **home.env, **env},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


CONSOLE = "/nowhere/console.sock"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["watch", f"a/b={CONSOLE}"], "a/b"),
        (["watch", f"..={CONSOLE}"], ".."),
        (["watch", f"{'x' * 300}={CONSOLE}"], "xxx"),
        (["watch", f"a\x1b[31mb={CONSOLE}"], "U+001B"),
        (["watch", f"a={CONSOLE}", "--\x1b[31m"], "␛[31m"),
        (["watch", "vm1"], "names no console"),
        (["watch", "vm1=ftp:/x"], "unknown console proto ftp"),
        (["watch", "vm1=/a", "vm2=tcp:host"], "vm2: tcp:host: "),
        (["export", "vm1", "--generation", "newest"], "nor all"),
        (["watch", "vm1=unix:"], "names no path"),
        (["watch", "vm1=/a", "vm1=/b"], "vm1 is named twice"),
        (["watch"], "NAME=URL"),
        (["dance"], "dance"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: there is no such file"),
        (["--theme", "pink"], "pink"),
    ],
    ids=lambda value: (
        None if isinstance(value, list) else value.replace("/", ".").replace("␛", "ESC")
    ),
)
def test_wrong_usage_exits_2_and_names_the_thing(
    home: Home, arguments: Sequence[str], words: str
) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[sandbox", "config.toml:1: is not TOML"),
        ('[[sandbox]]\nname="a"\nconsol="/x"', "config.toml:3: sandbox.consol"),
        ('[[sandbox]]\nname="a"\ndebug="x"', "config.toml:3: sandbox.debug"),
        ('[[sandbox]]\nname="a"\n[[sandbox]]\nname="a"', "a is named twice"),
    ],
    ids=["no-toml", "unknown-key", "wrong-type", "twice"],
)
def test_a_wrong_config_exits_2_with_file_and_line(home: Home, text: str, words: str) -> None:
    config = home.folder / "config" / "guestwatch"
    config.mkdir()
    (config / "config.toml").write_text(text)
    done = run(home)
    assert done.returncode == 2
    assert words in done.stderr


def test_without_a_terminal_the_dashboard_says_so(home: Home) -> None:
    done = run(home, "watch", f"vm1={CONSOLE}")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_a_state_folder_that_cannot_be_written_exits_1(home: Home) -> None:
    (home.folder / "file").write_text("")
    done = run(home, "record", "vm1=/nowhere", XDG_STATE_HOME=str(home.folder / "file"))
    assert done.returncode == 1
    assert "XDG_STATE_HOME" in done.stderr


def test_a_second_record_names_the_first(home: Home) -> None:
    runtime = home.folder / "run" / "guestwatch"
    runtime.mkdir(mode=0o700)
    with CaptureLock(Places(runtime, home.state)):
        done = run(home, "record", "vm1=/nowhere")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr


def test_a_runtime_folder_that_is_open_to_others_is_refused(home: Home) -> None:
    runtime = home.folder / "run" / "guestwatch"
    runtime.mkdir(mode=0o777)
    runtime.chmod(0o777)
    done = run(home, "record", "vm1=/nowhere")
    assert done.returncode == 1
    assert str(runtime) in done.stderr


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_path_that_is_no_console_is_told_in_its_pane_while_others_go_on(
    home: Home, short_folder: Path, size: tuple[int, int]
) -> None:
    socket = short_folder / "good.sock"
    plain = short_folder / "plain"
    plain.mkdir()
    with (
        GuestProcess(socket, Kind.LINES, 640),
        Terminal(
            guestwatch("watch", f"bad={plain}", f"good={socket}"), size=size, env=home.env
        ) as terminal,
    ):
        terminal.wait_for("000000000009")
        terminal.wait_for("failed")
        terminal.wait_for("directory")
        terminal.press("q")
        terminal.wait_for("exit code 0")


def test_a_console_behind_a_very_long_path_is_reached(home: Home, short_folder: Path) -> None:
    folder = short_folder / ("long" * 40)
    folder.mkdir()
    socket = short_folder / "s.sock"
    with GuestProcess(socket, Kind.LINES, 640):
        socket.rename(folder / "console.sock")
        with Terminal(guestwatch("watch", f"vm1={folder}/console.sock"), env=home.env) as terminal:
            terminal.wait_for("000000000009")
            terminal.press("q")
            terminal.wait_for("exit code 0")
        (folder / "console.sock").rename(socket)


def test_two_dashboards_share_one_capture(home: Home, short_folder: Path) -> None:
    socket = short_folder / "vm1.sock"
    command = guestwatch("watch", f"vm1={socket}")
    with (
        GuestProcess(socket, Kind.LINES, 640),
        Terminal(command, env=home.env) as one,
        Terminal(command, env=home.env) as two,
    ):
        for terminal in (one, two):
            terminal.wait_for("000000000009")
        one.press("q")
        one.wait_for("exit code 0")
        two.press("1")
        two.press("g")
        two.wait_for("000000000000")
        two.press("q")
        two.wait_for("exit code 0")
    home.wait_until_capture_is_gone()


def test_big_q_leaves_capture_running(home: Home, short_folder: Path) -> None:
    socket = short_folder / "vm1.sock"
    with GuestProcess(socket, Kind.LINES, 640):
        with Terminal(guestwatch("watch", f"vm1={socket}"), env=home.env) as terminal:
            terminal.wait_for("000000000009")
            terminal.press("Q")
            terminal.wait_for("exit code 0")
        pid = home.capture_pid
        with Terminal(guestwatch(), env=home.env) as terminal:
            terminal.wait_for("000000000009")
            assert home.capture_pid == pid
            terminal.press("q")
            terminal.wait_for("exit code 0")
    os.kill(pid, 15)
    home.wait_until_capture_is_gone()


def test_the_version_is_told(home: Home) -> None:
    done = run(home, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("guestwatch ")
    assert sys.version_info >= (3, 11)
