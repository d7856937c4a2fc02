"""How a viewer comes by a capture: real processes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import anyio
import pytest

from core.capture.lock import CaptureLock, read_owner
from core.capture.places import Places
from core.capture.spawn import ensure_capture, open_capture
from core.client import CaptureGone, open_client
from core.errors import CaptureError
from core.sandboxes.model import ConsoleState
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, recorded

pytestmark = pytest.mark.anyio


async def gone(pid: int) -> None:
    with anyio.fail_after(PATIENCE_S):
        while Path(f"/proc/{pid}").exists():
            await anyio.sleep(0.02)


def pid_of(places: Places) -> int:
    return read_owner(places.state_lock)[0]


async def test_a_dashboards_goodbye_ends_the_capture_it_started(
    places: Places, chardev: Chardev
) -> None:
    async with open_capture(places) as client:
        pid = pid_of(places)
        assert os.getsid(pid) == pid != os.getsid(0)
        assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
        await client.watch(chardev.spec)
        await chardev.accept()
        await chardev.write(b"hello")
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        await client.say_goodbye(keep=False)
    await gone(pid)
    assert await recorded(facts, 5) == b"hello"


async def test_keep_leaves_it_running(places: Places) -> None:
    async with open_capture(places) as client:
        pid = pid_of(places)
        await client.say_goodbye(keep=True)
    async with open_capture(places) as client:
        assert pid_of(places) == pid
        await client.shut_down()
    await gone(pid)


async def test_a_viewer_that_dies_without_a_word_can_come_back(places: Places) -> None:
    async with open_capture(places):
        pid = pid_of(places)
    async with open_capture(places) as client:
        assert pid_of(places) == pid
        await client.say_goodbye(keep=False)
    await gone(pid)


async def test_two_at_the_same_moment_share_one_capture(places: Places) -> None:
    pids: list[int] = []

    async def view() -> None:
        async with open_capture(places) as client:
            await client.sandboxes()
            pids.append(pid_of(places))
            while len(pids) < 4:
                await anyio.sleep(0.01)
            await client.say_goodbye(keep=False)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(view)
    assert len(set(pids)) == 1
    await gone(pids[0])


async def test_a_killed_capture_is_told_and_replaced(places: Places) -> None:
    async with open_capture(places) as client:
        pid = pid_of(places)
        os.kill(pid, signal.SIGKILL)
        with anyio.fail_after(PATIENCE_S):
            events = [event async for event in client.events()]
        assert isinstance(events[-1], CaptureGone)
    assert places.control_socket.exists()
    async with open_capture(places) as client:
        assert pid_of(places) != pid
        await client.shut_down()


async def test_a_signal_ends_it_and_says_so(places: Places) -> None:
    async with open_capture(places) as client:
        pid = pid_of(places)
        os.kill(pid, signal.SIGTERM)
        with anyio.fail_after(PATIENCE_S):
            events = [event async for event in client.events()]
        assert events[-1] == CaptureGone("capture was stopped")
    await gone(pid)


async def test_a_state_folder_that_cannot_be_written_is_one_line(places: Places) -> None:
    places.state.write_text("a file in the way")
    with pytest.raises(CaptureError, match="Cannot make") as caught:
        await ensure_capture(places)
    assert "XDG_STATE_HOME" in caught.value.hint


async def test_recordings_that_another_capture_writes_are_left_alone(
    places: Places, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir(mode=0o700)
    with CaptureLock(Places(tmp_path / "other", places.state)):
        with pytest.raises(CaptureError, match="A capture is running already") as caught:
            await ensure_capture(places)
        assert str(os.getpid()) in str(caught.value)


async def test_what_it_has_to_say_is_in_its_log(places: Places) -> None:
    async with open_capture(places) as client:
        await client.shut_down()
        pid = pid_of(places)
    await gone(pid)
    assert places.log.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CaptureError):
        async with open_client(places.control_socket, viewer=False):
            pass


async def test_a_dashboard_opened_while_the_last_one_leaves_has_a_capture(places: Places) -> None:
    pids = set()
    for _ in range(4):
        async with open_capture(places) as client:
            assert await client.sandboxes() == []
            pids.add(pid_of(places))
            await client.say_goodbye(keep=False)
    for pid in pids:
        await gone(pid)
    assert not places.control_socket.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
async def test_all_that_a_capture_makes_is_private_whatever_the_umask(
    places: Places, chardev: Chardev, umask: int
) -> None:
    before = os.umask(umask)
    try:
        await ensure_capture(places)
    finally:
        os.umask(before)
    async with open_client(places.control_socket, viewer=True) as client:
        await client.watch(chardev.spec)
        await chardev.accept()
        await chardev.write(b"hello")
        await facts_when(client, lambda f: f.traffic.bytes == 5)
        found = [*places.state.rglob("*"), *places.runtime.rglob("*"), places.state]
        names = {path.name for path in found}
        assert {"console.log", "capture.log", "control.sock", "capture.lock"} <= names
        for path in found:
            wanted = 0o700 if path.is_dir() else 0o600
            assert path.stat().st_mode & 0o777 == wanted, path
        await client.shut_down()


async def test_with_a_debug_log_each_console_line_is_in_it_once(
    places: Places, chardev: Chardev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUESTWATCH_LOG", "debug")
    async with open_capture(places) as client:
        pid = pid_of(places)
        await client.watch(chardev.spec)
        await chardev.accept()
        await chardev.write("one\r\ntwo \x1b[31m\u2028é\n".encode())
        await facts_when(client, lambda f: f.traffic.bytes > 15)
        await client.shut_down()
    await gone(pid)
    lines = places.log.read_bytes().decode("ascii").splitlines()
    told = [json.loads(line) for line in lines]
    heard = [each for each in told if each["msg"] == "reading guest console"]
    assert [each["vmconsole"][:4] for each in heard] == ["one", "two "]
    assert {(each["sandbox"], each["level"]) for each in heard} == {("vm1", "debug")}
