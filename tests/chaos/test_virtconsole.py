"""A virtconsole drops what is not read in time, and tells nobody: so it is always read in time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.demo.initramfs import ConsoleDevice
from tests.chaos import numbered
from tests.chaos.dashboard import dashboard
from tests.chaos.evidence import check_account, size_of, whole
from tests.e2e.conftest import Home
from tests.guests.client import until
from tests.guests.kit import Kind, QemuQueue, Speech
from tests.guests.qemu import BootGuest

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(240)]

SEED = 271828
BURSTS = 40
PATIENCE_S = 120.0
STEP = 4 * numbered.BURST * 19
"""Four bursts."""


def test_no_line_of_a_virtconsole_is_lost_whatever_becomes_of_the_dashboard(
    home: Home, short_folder: Path, qemu_guest: BootGuest
) -> None:
    guest = qemu_guest(
        paused=True,
        body=numbered.body(SEED, BURSTS, pause_s=0.25),
        device=ConsoleDevice.VIRTCONSOLE,
    )
    busy = QemuQueue(
        short_folder / "busy.sock",
        say=Speech(Kind.LINES, 1 << 40),
        wait=True,
        every_ms=5,
        piece=6400,
    )
    named = [f"vm1={guest.console}", f"busy={busy.path}"]
    sandbox = home.state / "recordings" / "vm1"

    def goes_on() -> None:
        wanted = size_of(sandbox) + STEP
        until(
            lambda: size_of(sandbox) >= wanted or numbered.END in recorded(sandbox),
            timeout_s=PATIENCE_S,
        )

    with busy:
        with dashboard(short_folder, home.env, named, sees="● live") as board:
            busy.wait_for_client()
            give_way(guest.process.pid)
            guest.tell("cont")
            until(lambda: numbered.BEGIN in recorded(sandbox), timeout_s=PATIENCE_S)
            goes_on()
            board.stop()
            goes_on()
            board.go_on()
            goes_on()
            board.kill()
        goes_on()
        with dashboard(short_folder, home.env, named, sees="● live") as board:
            until(lambda: numbered.END in recorded(sandbox), timeout_s=PATIENCE_S)
            board.quit()
    home.wait_until_capture_is_gone()
    record = recorded(sandbox)
    _, heard = numbered.stream_in(record)
    assert heard.splitlines() == numbered.printed(SEED, BURSTS).splitlines()
    check_account(sandbox, captured=len(record))


def give_way(pid: int) -> None:
    """Let a VMM run after everybody else.

    QEMU writes a virtconsole's bytes by sixteen, so that 4 KB of them fill its socket: what
    others do on this machine would decide whether the reader gets a turn before that.
    """
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(task.name), 19)


def recorded(sandbox: Path) -> bytes:
    """What its newest generation holds; nothing while there is none."""
    folders = sorted(path for path in sandbox.glob("[0-9]*") if path.is_dir())
    return whole(folders[-1]) if folders else b""
