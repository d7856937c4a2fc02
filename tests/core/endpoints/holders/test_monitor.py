"""Asking a QEMU's monitor: only a free one, for a second at most; it may be hostile."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.endpoints.holders import Standing, is_still_held, judge
from core.endpoints.holders.monitor import Backend, query_chardev
from core.settings import Auto
from tests.core.endpoints.holders.conftest import (
    Clients,
    Run,
    StartQemu,
    chardev,
    look_at,
    until_served,
)
from tests.core.endpoints.sites import NOBODY, listen, open_descriptors
from tests.guests.client import until
from tests.guests.needed import needed

GREETING = b'{"QMP": {"version": {}, "capabilities": []}}\n'


@pytest.mark.qemu
def test_free_monitor_says_whether_a_client_is_attached(
    qemu: StartQemu, clients: Clients, folder: Path
) -> None:
    console, monitor = folder / "c.sock", folder / "q.sock"
    qemu(*chardev(console), "-qmp", "unix:q.sock,server=on,wait=off", cwd=folder)
    until_served(console)
    until_served(monitor)
    assert look_at(console, ask_monitor=True).monitor is False
    clients.join(console)

    def attached() -> list[bool]:
        backends = query_chardev(str(monitor), vmm_uid=os.geteuid())
        assert backends is not None
        return [backend.is_attached for backend in backends if backend.is_at(str(console))]

    until(lambda: attached() == [True])


@pytest.mark.qemu
def test_monitor_tells_of_a_client_that_the_kernel_does_not_show_us(
    qemu: StartQemu, run: Run, clients: Clients, folder: Path
) -> None:
    """An accepted connection is in its client's network namespace, not in QEMU's."""
    unshare = needed("unshare", "util-linux")
    if subprocess.run([unshare, "--net", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root may make a network namespace, and not in every container")
    console, monitor = folder / "c.sock", folder / "q.sock"
    qemu(*chardev(console), "-qmp", f"unix:{monitor},server=on,wait=off")
    until_served(console)
    until_served(monitor)
    reader = (clients.socat, "-u", f"UNIX-CONNECT:{console}", "OPEN:/dev/null")
    run(unshare, "--net", *reader)
    until(lambda: look_at(console, ask_monitor=True).monitor is True)
    assert look_at(console).holder is None
    held = look_at(console, ask_monitor=True)
    assert held.holders[0].pid == 0
    assert judge(held, Auto.SAFE).state is Standing.HELD
    assert is_still_held(held) is None


@pytest.mark.qemu
def test_monitor_that_somebody_is_on_is_left_alone(
    qemu: StartQemu, clients: Clients, folder: Path
) -> None:
    console, monitor = folder / "c.sock", folder / "q.sock"
    qemu(
        *(*chardev(console), "-chardev", f"socket,id=q,path={monitor},server=on,wait=off"),
        *("-mon", "chardev=q,mode=control"),
    )
    until_served(console)
    until_served(monitor)
    client = clients.join(monitor)
    until(lambda: [holder.pid for holder in look_at(monitor).holders] == [client.pid])
    found = look_at(console, ask_monitor=True)
    assert found.monitor is None
    assert found.is_known
    assert judge(found, Auto.SAFE).may_attach
    # It did not so much as queue.
    assert look_at(monitor).waiting == 0


@pytest.mark.qemu
def test_monitor_can_be_used_right_after_it_was_asked(qemu: StartQemu, folder: Path) -> None:
    console, monitor = folder / "c.sock", folder / "q.sock"
    qemu(*chardev(console), "-qmp", f"unix:{monitor},server=on,wait=off")
    until_served(console)
    until_served(monitor)
    for _ in range(3):
        until(lambda: look_at(monitor).holder is None)
        assert look_at(console, ask_monitor=True).monitor is False
    with socket.socket(socket.AF_UNIX) as person:
        person.settimeout(30)
        person.connect(str(monitor))
        assert b"QMP" in person.recv(4096)


@pytest.mark.qemu
def test_monitor_of_a_qemu_that_stands_still_is_left_without_an_answer(
    qemu: StartQemu, folder: Path
) -> None:
    console, monitor = folder / "c.sock", folder / "q.sock"
    vmm = qemu(*chardev(console), "-qmp", f"unix:{monitor},server=on,wait=off")
    until_served(console)
    until_served(monitor)
    vmm.send_signal(signal.SIGSTOP)
    found = look_at(console, ask_monitor=True)
    assert (found.monitor, found.holder, found.is_known) == (None, None, True)
    assert found.server is not None
    assert found.server.pid == vmm.pid


@pytest.mark.qemu
def test_monitor_of_a_vm_that_libvirt_runs_is_not_asked(qemu: StartQemu, folder: Path) -> None:
    console, monitor = folder / "c.sock", folder / "q.sock"
    qemu(
        *(*chardev(console), "-chardev", f"socket,id=charmonitor,path={monitor},server,nowait"),
        *("-mon", "chardev=charmonitor,mode=control"),
    )
    until_served(console)
    until_served(monitor)
    found = look_at(console, ask_monitor=True)
    assert found.monitor is None
    verdict = judge(found, Auto.SAFE)
    assert not verdict.may_attach
    assert "libvirt" in verdict.reason


SERVER = """
import ast, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
client, _ = listener.accept()
lines = client.makefile("rb")
"""

ANSWERS = """
for reply in ast.literal_eval(open(sys.argv[2]).read()):
    client.sendall(reply)
    lines.readline()
"""

SILENT = "time.sleep(60)"

ENDLESS = """
while True:
    client.sendall(b"[" * 65536)
"""

DRIPPING = """
client.sendall(b'{"QMP": {}}\\n')
while True:
    client.sendall(b"{")
    time.sleep(0.02)
"""

EVENTS = """
client.sendall(b'{"QMP": {}}\\n')
while True:
    client.sendall(b'{"event": "X"}\\n' * 1000)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Runs a monitor of our own making, which serves one client."""

    run: Run
    folder: Path

    def start(self, talk: str, replies: list[bytes]) -> str:
        """The path of a monitor that talks as told."""
        path, told = self.folder / "q", self.folder / "replies"
        told.write_text(repr(replies))
        self.run(sys.executable, "-c", SERVER + talk, str(path), str(told))
        until_served(path)
        return str(path)


@pytest.fixture
def server(run: Run, folder: Path) -> Server:
    return Server(run, folder)


def line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


CHARDEVS = [
    {"label": "c", "filename": "disconnected:unix:/c,server=on", "frontend-open": True},
    {"label": "d", "filename": "unix:/d,server=on"},
]


def test_events_before_an_answer_are_passed_over(server: Server) -> None:
    replies = [
        GREETING,
        line({"event": "RESUME"}) + line({"return": {}}),
        line({"event": "STOP", "data": {}}) + line({"return": CHARDEVS}),
    ]
    path = server.start(ANSWERS, replies)
    assert query_chardev(path, vmm_uid=os.geteuid()) == (
        Backend("c", "disconnected:unix:/c,server=on"),
        Backend("d", "unix:/d,server=on"),
    )


@pytest.mark.parametrize(
    "replies",
    [
        [b"SSH-2.0-x\n"],
        [b"{}\n"],
        [b"\xff\xfe\n"],
        [b'{"QMP": ' + b"[" * 100_000 + b"\n"],
        [GREETING, line({"error": {"class": "X"}})],
        [GREETING, line({"return": {}}), line({"return": 3})],
        [GREETING, line({"return": {}}), line({"return": [{"filename": 3}]})],
        [GREETING, line({"return": {}}), line({"error": {}})],
        [GREETING],
        [],
    ],
)
def test_monitor_that_talks_nonsense_says_nothing(server: Server, replies: list[bytes]) -> None:
    path = server.start(ANSWERS, replies)
    before = open_descriptors()
    assert query_chardev(path, vmm_uid=os.geteuid()) is None
    assert open_descriptors() == before


@pytest.mark.parametrize("talk", [SILENT, ENDLESS, DRIPPING, EVENTS])
def test_monitor_that_never_answers_is_left(server: Server, talk: str) -> None:
    """One that drips is never slow in a single read: the deadline is for the whole talk."""
    path = server.start(talk, [])
    before = open_descriptors()
    assert query_chardev(path, vmm_uid=os.geteuid()) is None
    assert open_descriptors() == before


def test_monitor_of_another_user_is_not_asked(folder: Path) -> None:
    with listen(folder / "q") as listener:
        assert query_chardev(str(folder / "q"), vmm_uid=NOBODY) is None
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_link_to_a_monitor_is_not_followed(folder: Path) -> None:
    with listen(folder / "q") as listener:
        (folder / "link").symlink_to(folder / "q")
        assert query_chardev(str(folder / "link"), vmm_uid=os.geteuid()) is None
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("path", ["", "/nowhere/q", "/tmp", "/dev/null", "a\0b", "x" * 5000])
def test_what_is_no_monitor_says_nothing(path: str) -> None:
    assert query_chardev(path, vmm_uid=os.geteuid()) is None


@pytest.mark.parametrize(
    ("filename", "is_at", "is_attached"),
    [
        ("unix:/c", True, True),
        ("unix:/c,server=on", True, True),
        ("disconnected:unix:/c,server=on", True, False),
        ("unix:/c2,server=on", False, True),
        ("pty:/dev/pts/3", False, True),
    ],
)
def test_file_name_tells_the_place_and_whether_a_client_is_attached(
    filename: str, is_at: bool, is_attached: bool
) -> None:
    backend = Backend("c", filename)
    assert (backend.is_at("/c"), backend.is_attached) == (is_at, is_attached)
