"""A person's whole way: a real guest boots, panics and ends, live on the screen.

Between QEMU and guestwatch stands a tee, which keeps its own copy of every byte.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.demo.initramfs import ConsoleDevice
from tests.e2e.conftest import Home
from tests.e2e.terminal import Terminal, guestwatch
from tests.guests.needed import needed
from tests.guests.qemu import BootGuest
from tests.guests.tee import Tee

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(240)]

BODY = """
echo guest is up
sleep 3
echo c > /proc/sysrq-trigger
"""


@pytest.mark.parametrize("device", ConsoleDevice)
def test_a_guest_boots_panics_and_ends_and_not_a_byte_is_missing(
    device: ConsoleDevice, qemu_guest: BootGuest, short_folder: Path, home: Home
) -> None:
    guest = qemu_guest(paused=True, body=BODY, device=device)
    offer, copy = short_folder / "tee.sock", short_folder / "copy"
    with (
        Tee(guest.console, offer, copy) as tee,
        Terminal(guestwatch("watch", f"vm1={offer}"), size=(160, 50), env=home.env) as terminal,
    ):
        terminal.wait_for(lambda screen: "silent" in screen or "live" in screen)
        guest.tell("cont")
        terminal.wait_for("guest is up")
        terminal.wait_for("Kernel panic - not syncing: sysrq triggered crash")
        # Its sign stays the panic; the last line of its pane tells the end.
        screen = terminal.wait_for("── ended")
        assert "vm1" in screen
        tee.wait(60)
        terminal.press("q")
        terminal.wait_for("exit code 0")
    home.wait_until_capture_is_gone()
    recorded = home.log("vm1")
    # A virtconsole comes up late in the boot; a serial port tells it from the start.
    begin = b"Linux version" if device is ConsoleDevice.SERIAL else b"guest is up"
    assert begin in recorded
    assert recorded == copy.read_bytes()
    check_the_ledger(home)
    check_the_replay(home, recorded)


def check_the_ledger(home: Home) -> None:
    lines = (home.generations("vm1")[0] / "events.jsonl").read_text("ascii").splitlines()
    entries = [json.loads(line) for line in lines]
    (alert,) = [entry for entry in entries if entry["kind"] == "alert"]
    assert alert["facts"]["kind"] == "panic"
    # The alert is found beside the reading, so its place among the others is its own.
    kinds = [entry["kind"] for entry in entries if entry is not alert]
    assert kinds == ["proxy-started", "gap", "attached", "ended", "proxy-stopped"]


def check_the_replay(home: Home, recorded: bytes) -> None:
    needed("scriptreplay", "bsdutils")
    played = subprocess.run(
        ["bash", "-c", "scriptreplay -m 0.00001 -T console.timing -O <(echo; cat console.log)"],
        cwd=home.generations("vm1")[0],
        capture_output=True,
        check=True,
        timeout=120,
    )
    # scriptreplay tells that it is done in a line of its own.
    assert played.stdout.startswith(recorded)


def test_a_guest_that_is_booted_again_is_the_next_generation(
    qemu_guest: BootGuest, home: Home, short_folder: Path
) -> None:
    console = short_folder / "vm.sock"
    with Terminal(guestwatch("watch", f"vm1={console}"), size=(120, 40), env=home.env) as terminal:
        terminal.wait_for("absent")
        first = qemu_guest(console=console, paused=True, body="echo first boot; poweroff -f")
        terminal.wait_for("silent")
        first.tell("cont")
        terminal.wait_for("first boot")
        terminal.wait_for("■ ended")
        second = qemu_guest(console=console, paused=True, body="echo second boot; poweroff -f")
        terminal.wait_for(lambda screen: "■ ended" not in screen)
        second.tell("cont")
        terminal.wait_for("second boot")
        terminal.wait_for("■ ended")
        terminal.press("q")
        terminal.wait_for("exit code 0")
    home.wait_until_capture_is_gone()
    assert len(home.generations("vm1")) == 2
    for number, word in enumerate((b"first", b"second")):
        log = home.log("vm1", number)
        assert b"Linux version" in log
        assert word + b" boot" in log
