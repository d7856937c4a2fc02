"""A child that is run as QEMU is: in its own session, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.demo.qemu import QemuProcess
from core.errors import DemoError
from tests.guests import ROOT
from tests.guests.client import until


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_child_has_a_session_of_its_own_and_is_ended(tmp_path: Path) -> None:
    with QemuProcess(["sleep", "100"], log=tmp_path / "log") as child:
        until(lambda: os.getsid(child.pid) == child.pid)
        assert child.exit_code is None
    assert child.exit_code == -signal.SIGTERM


def test_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    words = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]
    with QemuProcess(words, log=tmp_path / "log") as child:
        until(lambda: child.last_words == "ready")
    assert child.exit_code == -signal.SIGKILL


def test_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from core.demo.qemu import QemuProcess\n"
        "child = QemuProcess(['sleep', '100'], log=Path(sys.argv[1]))\n"
        "print(child.pid, flush=True); time.sleep(100)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log")], cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        comm = Path(f"/proc/{pid}/comm")
        until(lambda: comm.read_text() == "sleep\n")
        parent.kill()
    until(lambda: is_gone(pid))


def test_child_that_says_why_it_failed_is_quoted(tmp_path: Path) -> None:
    words = ["sh", "-c", "echo first; echo no such accelerator >&2; exit 1"]
    with QemuProcess(words, log=tmp_path / "log") as child:
        assert child.wait(10) == 1
        assert child.last_words == "no such accelerator"


def test_program_that_is_not_there_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoError, match="qemu-none"):
        QemuProcess(["qemu-none"], log=tmp_path / "log")
