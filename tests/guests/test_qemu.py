"""Real guests boot, answer, panic and end as other tests expect."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.demo.initramfs import ConsoleDevice
from tests.guests.client import connect_soon, read_all, read_until, until
from tests.guests.qemu import PANIC_LINE, PROMPT, BootGuest
from tests.guests.tee import Tee

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(180)]


Measured = Callable[[str, object], None]


@pytest.mark.parametrize("device", ConsoleDevice)
def test_guest_boots_answers_panics_and_is_gone(
    device: ConsoleDevice, qemu_guest: BootGuest, record_property: Measured
) -> None:
    begin = time.monotonic()
    guest = qemu_guest(device=device, body="echo init was here")
    with guest.connect() as client:
        boot = read_until(client, PROMPT)
        record_property("boot to shell, s", time.monotonic() - begin)
        record_property("bytes of the boot", len(boot))
        assert b"init was here\r\n" in boot
        client.sendall(b"echo $((6*7))\n")
        answer = read_until(client, b"\r\n42\r\n")
        assert b"echo $((6*7))\r\n" in answer
        client.sendall(PANIC_LINE)
        panic = read_until(client, b"Kernel panic - not syncing: sysrq triggered crash")
        begin = time.monotonic()
        panic += read_all(client)
        assert guest.process.wait(30) == 0
        record_property("panic to QEMU's exit, s", time.monotonic() - begin)
    assert b"Call Trace:" in panic
    assert not guest.console.exists()


def test_guest_with_panic_zero_stays_after_its_panic(qemu_guest: BootGuest) -> None:
    guest = qemu_guest(panic_s=0)
    with guest.connect() as client:
        read_until(client, PROMPT)
        client.sendall(PANIC_LINE)
        read_until(client, b"---[ end Kernel panic")
    assert guest.process.exit_code is None


def test_paused_guest_loses_nothing_of_its_boot(qemu_guest: BootGuest) -> None:
    guest = qemu_guest(paused=True)
    with guest.connect() as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(60)
        guest.tell("cont")
        boot = read_until(client, PROMPT)
    assert b"[    0.000000] Linux version" in boot


def test_second_client_of_qemu_is_connected_and_hears_nothing(qemu_guest: BootGuest) -> None:
    guest = qemu_guest()
    with guest.connect() as first:
        read_until(first, PROMPT)
        with connect_soon(guest.console) as second:
            first.sendall(b"echo one\n")
            read_until(first, b"\r\none\r\n")
            second.settimeout(0.1)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.shutdown(socket.SHUT_RDWR)
            second.settimeout(60)
            second.sendall(b"echo two\n")
            read_until(second, b"\r\ntwo\r\n")


def test_same_path_serves_the_next_generation(qemu_guest: BootGuest) -> None:
    first = qemu_guest()
    first.tell("quit")
    first.process.wait(30)
    assert not first.console.exists()
    second = qemu_guest(console=first.console)
    with second.connect() as client:
        read_until(client, b"Linux version")


def test_programs_are_in_the_guests_path(qemu_guest: BootGuest) -> None:
    guest = qemu_guest(programs={"greet": "#!/bin/sh\necho hello $1\n"})
    with guest.connect() as client:
        read_until(client, PROMPT)
        client.sendall(b"greet world\n")
        read_until(client, b"\r\nhello world\r\n")


def test_tee_between_qemu_and_a_client_keeps_the_whole_life(
    qemu_guest: BootGuest, short_folder: Path
) -> None:
    guest = qemu_guest(paused=True)
    offer, copy = short_folder / "t.sock", short_folder / "copy"
    with Tee(guest.console, offer, copy) as tee, connect_soon(offer) as client:
        guest.tell("cont")
        heard = read_until(client, PROMPT)
        client.sendall(PANIC_LINE)
        heard += read_all(client)
        tee.wait(30)
    assert b"Linux version" in heard
    assert b"Kernel panic" in heard
    assert copy.read_bytes() == heard
    until(lambda: guest.process.exit_code == 0)
