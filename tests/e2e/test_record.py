"""`guestwatch record`, `status` and `shutdown`: real processes, real signals."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.capture.lock import CaptureLock
from core.capture.places import Places
from tests.e2e.conftest import Home
from tests.e2e.terminal import guestwatch
from tests.guests.client import until
from tests.guests.serve import GuestProcess, Kind, pieces

pytestmark = pytest.mark.timeout(120)

SIZE = 640_000


def run(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        guestwatch(*arguments),
        env={**os.environ, **home.env},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


class Recording:
    """A `guestwatch record` that runs."""

    def __init__(self, home: Home, process: subprocess.Popen[str]) -> None:
        self._home = home
        self.process = process

    def has(self, sandbox_id: str, size: int) -> bool:
        # Folder by folder and file by file it comes into being.
        with contextlib.suppress(FileNotFoundError, IndexError):
            return len(self._home.log(sandbox_id)) >= size
        return False

    def ended(self) -> str:
        """What it said on stderr by the time it has ended."""
        _out, told = self.process.communicate(timeout=60)
        assert "Traceback" not in told
        return told


@contextmanager
def recording(home: Home, *arguments: str, **env: str) -> Iterator[Recording]:
    with subprocess.Popen(
        guestwatch("record", *arguments),
        env={**os.environ, **home.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Recording(home, process)
        finally:
            process.kill()


def write_config(home: Home, text: str) -> None:
    folder = home.folder / "config" / "guestwatch"
    folder.mkdir()
    (folder / "config.toml").write_text(text)


@pytest.mark.parametrize("numbers", [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGTERM", "SIGINT"]])
def test_a_signal_ends_it_cleanly_to_the_last_byte(
    home: Home, short_folder: Path, numbers: Sequence[str]
) -> None:
    console = short_folder / "vm1.sock"
    with GuestProcess(console, Kind.LINES, SIZE), recording(home, f"vm1={console}") as record:
        until(lambda: record.has("vm1", SIZE))
        for name in numbers:
            record.process.send_signal(signal.Signals[name])
        told = record.ended()
    assert record.process.returncode == 0
    # The console was there before it was named: a gap of some milliseconds.
    assert f"ended: 1 sandbox, {SIZE} bytes, 1 gap" in told
    assert home.log("vm1") == b"".join(pieces(Kind.LINES, SIZE))
    ledger = (home.generations("vm1")[-1] / "events.jsonl").read_text()
    assert "detached" in ledger


def test_a_storm_of_signals_leaves_no_traceback(home: Home, short_folder: Path) -> None:
    console = short_folder / "vm1.sock"
    with GuestProcess(console, Kind.LINES, SIZE), recording(home, f"vm1={console}") as record:
        until(lambda: record.has("vm1", SIZE))
        while record.process.poll() is None:
            record.process.send_signal(signal.SIGINT)
            record.process.send_signal(signal.SIGTERM)
        told = record.ended()
    assert record.process.returncode == 0, told
    assert told.count("ended: 1 sandbox") == 1


def test_those_that_are_named_are_recorded_and_only_those(home: Home, short_folder: Path) -> None:
    named, other = short_folder / "named.sock", short_folder / "other.sock"
    write_config(home, f'[[sandbox]]\nname = "other"\nconsole = "unix:{other}"\n')
    with (
        GuestProcess(named, Kind.LINES, 640),
        GuestProcess(other, Kind.LINES, 640),
        recording(home, f"named={named}") as record,
    ):
        until(lambda: record.has("named", 640))
        assert run(home, "shutdown").returncode == 0
        record.ended()
    assert [path.name for path in (home.state / "recordings").iterdir()] == ["named"]


def test_without_names_all_that_the_config_names_are_recorded(
    home: Home, short_folder: Path
) -> None:
    consoles = [short_folder / "a.sock", short_folder / "b.sock"]
    text = "".join(f'[[sandbox]]\nname = "{c.stem}"\nconsole = "unix:{c}"\n' for c in consoles)
    write_config(home, text)
    with (
        GuestProcess(consoles[0], Kind.LINES, 640),
        GuestProcess(consoles[1], Kind.LINES, 1280),
        recording(home) as record,
    ):
        until(lambda: record.has("a", 640) and record.has("b", 1280))
        record.process.terminate()
        assert "ended: 2 sandboxes, 1920 bytes, 2 gaps" in record.ended()


def test_a_restart_goes_on_and_counts_the_gap(home: Home, short_folder: Path) -> None:
    console = short_folder / "vm1.sock"
    with GuestProcess(console, Kind.LINES, 640):
        with recording(home, f"vm1={console}") as record:
            until(lambda: record.has("vm1", 640))
            record.process.kill()
            record.process.wait()
        with recording(home, f"vm1={console}") as record:
            until(lambda: record.has("vm1", 1280))
            record.process.terminate()
            assert "ended: 1 sandbox, 640 bytes, 1 gap" in record.ended()


def test_nothing_to_record_exits_2_in_words(home: Home) -> None:
    done = run(home, "record")
    assert done.returncode == 2
    assert "nothing to record" in done.stderr
    assert not home.state.exists()


def test_a_capture_that_runs_already_is_named_with_what_to_do(home: Home) -> None:
    runtime = home.folder / "run" / "guestwatch"
    runtime.mkdir(mode=0o700)
    with CaptureLock(Places(runtime, home.state)):
        done = run(home, "record", "vm1=/nowhere")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    assert "guestwatch shutdown" in done.stderr


def test_more_consoles_than_descriptors_are_told_at_the_start(
    home: Home, short_folder: Path
) -> None:
    names = [f"vm{number}={short_folder}/{number}.sock" for number in range(30)]
    command = ["prlimit", "--nofile=300:300", *guestwatch("record", *names)]
    with subprocess.Popen(
        command, env={**os.environ, **home.env}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            told = ""
            while "30 consoles need about 340 descriptors; the hard limit is 300" not in told:
                line = process.stderr.readline()
                assert line, told
                told += line
            assert any("descriptors" in w for w in status(home)["capture"]["warnings"])
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_service_manager_is_told(home: Home, short_folder: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(short_folder / "notify"))
        manager.settimeout(60)
        with recording(
            home, f"vm1={short_folder}/none", NOTIFY_SOCKET=str(short_folder / "notify")
        ) as record:
            assert manager.recv(4096) == b"READY=1"
            assert manager.recv(4096).startswith(b"STATUS=0 of 1 consoles connected")
            assert status(home)["capture"]["started_by"] == "service"
            record.process.terminate()
            assert manager.recv(4096) == b"STOPPING=1"
            record.ended()


def status(home: Home) -> dict[str, Any]:
    done = run(home, "status", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def test_without_a_capture_status_says_so_and_starts_none(home: Home) -> None:
    done = run(home, "status")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no capture runs" in done.stderr
    done = run(home, "status", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (3, {"running": False})
    done = run(home, "shutdown")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no capture runs" in done.stderr
    assert not home.state.exists()


def test_status_tells_of_capture_and_every_sandbox(home: Home, short_folder: Path) -> None:
    console = short_folder / "vm1.sock"
    absent = f"{short_folder}/\x1b[31mabsent\u202e.sock"
    with (
        GuestProcess(console, Kind.LINES, 640),
        recording(home, f"vm1={console}", f"gone={absent}") as record,
    ):
        until(lambda: record.has("vm1", 640))
        told = run(home, "status")
        assert told.returncode == 0
        assert all(line.isprintable() for line in told.stdout.splitlines())
        assert f"process {record.process.pid}" in told.stdout
        assert "guestwatch record; stays until it is told to end" in told.stdout
        (row,) = (line for line in told.stdout.splitlines() if line.startswith("vm1 "))
        assert row.split()[:4] == ["vm1", "connected", "640", "B"]
        (row,) = (line for line in told.stdout.splitlines() if line.startswith("gone "))
        assert "absent" in row
        assert "does not exist" in row
        answer = status(home)
        assert [facts["spec"]["id"] for facts in answer["sandboxes"]] == ["vm1", "gone"]
        assert run(home, "shutdown").returncode == 0
        assert record.process.wait(60) == 0
        assert run(home, "status").returncode == 3


def test_a_reader_that_has_seen_enough_gets_no_traceback(home: Home) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        guestwatch("status", "--json"),
        env={**os.environ, **home.env},
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_a_status_that_cannot_be_written_is_told(
    home: Home, short_folder: Path, options: tuple[str, ...]
) -> None:
    with recording(home, f"vm1={short_folder}/none"), Path("/dev/full").open("wb") as full:
        until(lambda: run(home, "status").returncode == 0)
        done = subprocess.run(
            guestwatch("status", *options),
            env={**os.environ, **home.env},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("guestwatch: stdout: No space left on device")


def test_a_capture_that_does_not_answer_is_named(home: Home) -> None:
    runtime = home.folder / "run" / "guestwatch"
    runtime.mkdir(mode=0o700)
    with CaptureLock(Places(runtime, home.state)):
        for command in ("status", "shutdown"):
            done = run(home, command)
            assert done.returncode == 1
            assert f"process {os.getpid()}" in done.stderr
            assert f"kill {os.getpid()}" in done.stderr


def test_a_capture_with_another_runtime_folder_is_found(home: Home, short_folder: Path) -> None:
    elsewhere = home.folder / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    with recording(home, f"vm1={short_folder}/none", XDG_RUNTIME_DIR=str(elsewhere)) as record:
        until(lambda: (elsewhere / "guestwatch" / "control.sock").exists())
        done = run(home, "status")
        assert (done.returncode, f"{elsewhere}/guestwatch" in done.stdout) == (0, True)
        assert run(home, "shutdown").returncode == 0
        assert record.process.wait(60) == 0
