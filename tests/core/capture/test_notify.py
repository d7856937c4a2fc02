"""What a service manager is told, on a real datagram socket as systemd has one."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from core.capture.notify import Notifier
from core.capture.places import Places
from core.capture.process import run_capture
from core.client import open_client
from tests.core.capture.conftest import PATIENCE_S

pytestmark = pytest.mark.anyio


class Manager:
    """A service manager's end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind("\0" + address[1:] if address.startswith("@") else address)
        self.listener.setblocking(False)

    async def heard(self) -> str:
        with anyio.fail_after(PATIENCE_S):
            await anyio.wait_readable(self.listener)
        return self.listener.recv(4096).decode()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    path = str(tmp_path / "notify")
    made = Manager(path if request.param == "path" else f"@gw-{uuid.uuid4().hex}")
    with made.listener:
        yield made


async def test_everything_is_told_as_sd_notify_has_it(manager: Manager) -> None:
    notifier = Notifier.taken_from({"NOTIFY_SOCKET": manager.address})
    notifier.ready()
    notifier.status("2 of 3 consoles connected")
    notifier.alive()
    notifier.stopping()
    heard = [await manager.heard() for _ in range(4)]
    assert heard == ["READY=1", "STATUS=2 of 3 consoles connected", "WATCHDOG=1", "STOPPING=1"]


async def test_a_status_cannot_hold_another_assignment(manager: Manager) -> None:
    Notifier(manager.address).status("fine\nMAINPID=1\x1b[2J\u2028é")
    assert await manager.heard() == "STATUS=fine?MAINPID=1?[2J??"


@pytest.mark.parametrize(
    "address", ["", "@", "/nowhere/notify", "/" + "x" * 200, "@" + "x" * 200, "a\0b", "\udcff", "x"]
)
def test_nobody_there_to_hear_is_no_trouble(address: str) -> None:
    notifier = Notifier(address)
    notifier.ready()
    notifier.status("all well")
    notifier.stopping()


def test_a_manager_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    deaf = Manager(str(tmp_path / "notify"))
    with deaf.listener:
        for _ in range(5000):
            Notifier(deaf.address).alive()


def test_its_variables_are_for_nobody_else() -> None:
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "3000000", "HOME": "/"}
    notifier = Notifier.taken_from(environ)
    assert notifier.watchdog_s == 3.0
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize(
    ("usec", "pid", "watchdog_s"),
    [
        ("3000000", "ours", 3.0),
        ("3000000", "1", 0.0),
        ("no number", "", 0.0),
        ("-1", "", 0.0),
        ("²", "", 0.0),
        ("", "", 0.0),
    ],
)
def test_the_watchdog_is_fed_only_if_it_is_ours(usec: str, pid: str, watchdog_s: float) -> None:
    environ = {
        "NOTIFY_SOCKET": "/x",
        "WATCHDOG_USEC": usec,
        "WATCHDOG_PID": str(os.getpid()) if pid == "ours" else pid,
    }
    assert Notifier.taken_from(environ).watchdog_s == watchdog_s


async def test_the_watchdog_is_fed_and_a_status_told_only_when_it_changes(manager: Manager) -> None:
    said = "one"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Notifier(manager.address, watchdog_s=0.02).keep_telling, lambda: said)
        heard = [await manager.heard() for _ in range(20)]
        tasks.cancel_scope.cancel()
    assert heard.count("STATUS=one") == 1
    assert heard.count("WATCHDOG=1") == 19


async def test_a_capture_tells_of_its_start_and_its_end(places: Places, tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    ready = anyio.Event()

    async def capture() -> None:
        notifier = Notifier(manager.address)
        await run_capture(places, stays=True, on_ready=ready.set, notifier=notifier)

    with manager.listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(capture)
            assert await manager.heard() == "READY=1"
            assert ready.is_set()
            assert await manager.heard() == "STATUS=0 of 0 consoles connected, 0 bytes recorded"
            async with open_client(places.control_socket, viewer=False) as client:
                await client.shut_down()
            assert await manager.heard() == "STOPPING=1"
