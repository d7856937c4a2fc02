"""Descriptors: enough of them, words when not, and a few kept back."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from core.capture.lock import read_heartbeat, read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import open_client
from core.limits import Reserve, descriptors_needed, descriptors_open, shortage
from core.sandboxes.model import ConsoleState, SandboxFacts
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, recorded, running_capture
from tests.figures import Figure

pytestmark = pytest.mark.anyio

CROWD = 300


def test_a_limit_that_is_too_low_is_told_with_what_to_do() -> None:
    words = shortage(2000, 4096)
    assert words.startswith("2,000 consoles need about 12,160 descriptors; the hard limit is 4,096")
    assert "LimitNOFILE=12160" in words
    assert "ulimit -Hn 12160" in words
    assert shortage(2000, descriptors_needed(2000)) == ""
    assert shortage(2000, resource.RLIM_INFINITY) == ""


def test_a_reserve_gives_what_it_keeps_and_takes_it_back() -> None:
    before = descriptors_open()
    reserve = Reserve(3)
    assert descriptors_open() == before + 3
    assert [reserve.give() for _ in range(4)] == [True, True, True, False]
    assert descriptors_open() == before
    reserve.fill()
    assert descriptors_open() == before + 3
    reserve.close()
    assert descriptors_open() == before


async def test_a_console_takes_no_more_than_is_counted_on(places: Places, tmp_path: Path) -> None:
    guests = [Chardev(tmp_path / f"{number}.sock") for number in range(10)]
    async with running_capture(places) as client:
        before = descriptors_open()
        for number, guest in enumerate(guests):
            await client.watch(sandbox_spec(f"vm{number}", f"unix:{guest.path}"))
            await guest.accept()
            await facts_when(
                client, lambda f: f.console.state is ConsoleState.CONNECTED, f"vm{number}"
            )
        # Each guest's own end is in this process as well.
        ours = descriptors_open() - before - len(guests)
        assert ours <= descriptors_needed(len(guests)) - descriptors_needed(0)
    for guest in guests:
        guest.exit()


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[list[socket.socket]]:
    """Numbered sockets that take whoever comes, and say hello to each."""
    clients: list[socket.socket] = []
    with contextlib.ExitStack() as listeners:

        async def greet(number: int) -> None:
            listener = listeners.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(folder / f"crowd{number}.sock"))
            listener.listen(1)
            listener.setblocking(False)
            while True:
                await anyio.wait_readable(listener)
                clients.append(listener.accept()[0])
                clients[-1].setblocking(False)
                clients[-1].send(b"hello")

        async with anyio.create_task_group() as tasks:
            for number in range(CROWD):
                tasks.start_soon(greet, number)
            await anyio.wait_all_tasks_blocked()
            try:
                yield clients
            finally:
                tasks.cancel_scope.cancel()
                for client in clients:
                    client.close()


def is_settled(facts: SandboxFacts) -> bool:
    has_all = facts.traffic.bytes >= 5
    return has_all if facts.console.state is ConsoleState.CONNECTED else bool(facts.console.hint)


@pytest.mark.parametrize("limit", [64, 128, 256])
async def test_without_descriptors_viewers_live_and_no_recording_suffers(
    places: Places, chardev: Chardev, tmp_path: Path, limit: int, figure: Figure
) -> None:
    async with open_capture(places) as viewer, crowd(tmp_path):
        pid = read_owner(places.state_lock)[0]
        await viewer.watch(chardev.spec)
        await chardev.accept()
        await chardev.write(b"early ")
        await facts_when(viewer, lambda f: f.traffic.bytes == 6)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
        for number in range(CROWD):
            await viewer.watch(sandbox_spec(f"more{number}", f"unix:{tmp_path}/crowd{number}.sock"))
        with anyio.fail_after(2 * PATIENCE_S):
            while not all(map(is_settled, everybody := await viewer.sandboxes())):
                await anyio.sleep(0.1)
        refused = [f for f in everybody if f.console.state is not ConsoleState.CONNECTED]
        assert len(refused) > CROWD / 2
        for facts in refused:
            assert "Too many open files" in facts.console.reason
            assert "ulimit -n" in facts.console.hint
        # Whoever asks now is served from what was kept back.
        async with open_client(places.control_socket, viewer=False) as other:
            status = await other.status()
        assert status.descriptor_limit == limit
        assert f"the hard limit is {limit}" in status.warnings[0]
        await chardev.write(b"late")
        facts = await facts_when(viewer, lambda f: f.traffic.bytes == 10)
        assert await recorded(facts, 10) == b"early late"
        for facts in everybody:
            if facts.console.state is ConsoleState.CONNECTED and facts.id != "vm1":
                assert await recorded(facts, 5) == b"hello"
        figure(
            "T12",
            f"{CROWD + 1} sandboxes with {limit} descriptors: {len(everybody) - len(refused)} "
            f"recorded whole, {len(refused)} refused in words, viewers served",
        )
        await viewer.shut_down()


async def test_with_no_descriptor_left_a_few_clients_are_served_and_the_next_one_waits(
    places: Places,
) -> None:
    async with open_capture(places) as viewer:
        pid = read_owner(places.state_lock)[0]
        taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
        full = max(taken) + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (full, full))
        with ExitStack() as clients:
            # Some take what is free, and the others what was kept back.
            for _ in range(full - len(taken) + 8):
                first = dialled(places, clients)
                assert b"guestwatch" in greeting(first)
            late = dialled(places, clients)
            late.setblocking(False)
            began, used = read_heartbeat(places.state_lock), ticks(pid)
            with anyio.fail_after(PATIENCE_S):
                while read_heartbeat(places.state_lock) < began + 2:
                    await viewer.sandboxes()
                    await anyio.sleep(0.1)
            # In those two seconds it has not spun, and its log has one line of it.
            assert ticks(pid) - used < os.sysconf("SC_CLK_TCK")
            assert places.log.read_text().count("Too many open files") == 1
            with pytest.raises(BlockingIOError):
                late.recv(1)
            first.close()
            late.settimeout(PATIENCE_S)
            assert b"guestwatch" in greeting(late)
        await viewer.shut_down()


def dialled(places: Places, clients: ExitStack) -> socket.socket:
    peer = clients.enter_context(socket.socket(socket.AF_UNIX))
    peer.settimeout(PATIENCE_S)
    peer.connect(str(places.control_socket))
    return peer


def greeting(peer: socket.socket) -> bytes:
    """The first line; capture is another process, so this may block."""
    return peer.recv(4096)


def ticks(pid: int) -> int:
    """How much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
