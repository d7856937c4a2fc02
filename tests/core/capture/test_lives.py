"""Capture lives on, and dies well: real processes, killed the hard way."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.abc
import pytest

from core.capture.control.client import QUEUE_BYTES
from core.capture.lock import is_held, read_heartbeat, read_owner
from core.capture.places import Places
from core.capture.spawn import ensure_capture, open_capture
from core.recording import Cause, Gap, GenerationReader, Ledger
from core.recording.timing import parse
from core.sandboxes.model import SandboxFacts, SandboxSpec
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import PATIENCE_S, facts_when, running_capture
from tests.guests import ROOT
from tests.guests.serve import GuestProcess, Kind, pieces

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

KILLS = 10
FLOOD_BYTES = 400_000_000


class Viewer:
    """A viewer that is a process."""

    def __init__(self, process: anyio.abc.Process) -> None:
        self.process = process
        self._heard = b""

    async def hears(self, words: str) -> None:
        assert self.process.stdout is not None
        with anyio.fail_after(2 * PATIENCE_S):
            while words.encode() not in self._heard:
                self._heard += await self.process.stdout.receive()

    async def leaves(self) -> int:
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        with anyio.fail_after(PATIENCE_S):
            return await self.process.wait()


@asynccontextmanager
async def viewer_process(places: Places) -> AsyncIterator[Viewer]:
    command = [sys.executable, "-m", "tests.core.capture.viewer"]
    command += [str(places.runtime), str(places.state)]
    async with await anyio.open_process(command, cwd=ROOT, stderr=None) as process:
        viewer = Viewer(process)
        try:
            await viewer.hears("here")
            yield viewer
        finally:
            if process.returncode is None:
                process.kill()


async def ended(pid: int, places: Places) -> None:
    with anyio.fail_after(PATIENCE_S):
        while Path(f"/proc/{pid}").exists() or is_held(places.state_lock):
            await anyio.sleep(0.02)


def logged(folder: Path) -> bytes:
    reader = GenerationReader(folder)
    try:
        assert reader.start == 0
        return reader.read(0, reader.end)
    finally:
        reader.close()


def timed_bytes(folder: Path) -> int:
    """How many bytes the timing files account for; each of their lines is a record."""
    total = 0
    for path in folder.glob("console*.timing"):
        text = path.read_bytes()
        records = parse(text)
        assert records.length == len(text), path
        total += sum(records.sizes)
    return total


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # what is killed has its own loop
async def test_ten_kills_in_the_middle_of_a_flood_damage_nothing(
    places: Places, tmp_path: Path
) -> None:
    spec = sandbox_spec("vm1", f"unix:{tmp_path}/vm1.sock")
    stream = b"".join(pieces(Kind.LINES, 40_000_000))
    kept = b""
    with GuestProcess(tmp_path / "vm1.sock", Kind.LINES, FLOOD_BYTES):
        for kill in range(KILLS + 1):
            began = time.time()
            wanted = len(kept) + 1_000_000
            async with open_capture(places) as client:
                pid = read_owner(places.state_lock)[0]
                await client.watch(spec)
                facts = await facts_when(client, partial(_has, wanted))
                if kill < KILLS:
                    os.kill(pid, signal.SIGKILL)
                else:
                    await client.shut_down()
            await ended(pid, places)
            assert began - 1 <= read_heartbeat(places.state_lock) <= time.time()
            folder = Path(facts.recordings, facts.generation)
            now_kept = logged(folder)
            # What was there is there, and what came since is what the guest said.
            assert now_kept.startswith(kept)
            fresh = now_kept[len(kept) :]
            assert len(fresh) > 1_000_000
            assert fresh[: len(stream)] == stream[: len(fresh)]
            kept = now_kept
    # One generation through it all, and the last start has made it whole.
    assert len(list(folder.parent.iterdir())) == 1
    assert timed_bytes(folder) == len(kept)
    check_ledger(folder)


def _has(size: int, facts: SandboxFacts) -> bool:
    return facts.traffic.bytes > size


def check_ledger(folder: Path) -> None:
    ledger = Ledger(folder)
    entries = ledger.read_new()
    assert ledger.skipped == 0
    ledger.close()
    assert [entry.kind for entry in entries].count("attached") == KILLS + 1
    causes = [gap.cause for entry in entries if (gap := Gap.of(entry)) is not None]
    # The first: the console was there a moment before it was named.
    assert causes == [Cause.NO_CAPTURE] * (KILLS + 1)
    offsets = [entry.offset for entry in entries]
    assert offsets == sorted(offsets)


async def test_a_heartbeat_goes_on_while_capture_lives(places: Places) -> None:
    async with open_capture(places) as client:
        first = read_heartbeat(places.state_lock)
        assert first > 0
        with anyio.fail_after(PATIENCE_S):
            while read_heartbeat(places.state_lock) <= first:
                await anyio.sleep(0.05)
        await client.shut_down()


async def test_ten_races_of_starters_each_have_one_winner(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "run").mkdir(mode=0o700)
        places = Places(folder / "run", folder / "state")
        pids: list[int] = []

        async def view(places: Places = places, pids: list[int] = pids) -> None:
            # A loser connects to the winner.
            async with open_capture(places) as client:
                pids.append((await client.status()).pid)
                while len(pids) < 2:
                    await anyio.sleep(0.01)
                await client.say_goodbye(keep=False)

        with anyio.fail_after(2 * PATIENCE_S):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(view)
                tasks.start_soon(view)
        assert pids[0] == pids[1] == read_owner(places.state_lock)[0]
        assert read_owner(places.state_lock)[1] == str(places.control_socket)
        await ended(pids[0], places)


async def test_of_three_viewers_one_killed_and_one_too_slow_none_hurts_the_third(
    places: Places,
) -> None:
    async with (
        viewer_process(places) as killed,
        viewer_process(places) as slow,
        open_capture(places) as third,
    ):
        pid = read_owner(places.state_lock)[0]
        assert (await third.status()).viewers == 3
        killed.process.kill()
        with anyio.fail_after(PATIENCE_S):
            while (await third.status()).viewers != 2:
                await anyio.sleep(0.02)
        os.kill(slow.process.pid, signal.SIGSTOP)
        try:
            await third.watch(SandboxSpec(id="vm1", console="/" + "x" * 60_000, start=False))
            for number in range(3 * QUEUE_BYTES // 60_000):
                await third.set_debug("vm1", bool(number % 2))
        finally:
            os.kill(slow.process.pid, signal.SIGCONT)
        await slow.hears("lost, asked again: 1")
        await third.say_goodbye(keep=False)
        assert Path(f"/proc/{pid}").exists()
        assert await slow.leaves() == 0
    # One died without a word, so capture may be waiting for it.
    async with open_capture(places) as again:
        assert (await again.status()).pid == pid
        await again.shut_down()
    await ended(pid, places)


async def test_a_killed_viewer_is_waited_for_and_then_capture_ends(places: Places) -> None:
    with anyio.fail_after(2 * PATIENCE_S):
        # Leaving the block waits for capture's end, which nobody asks for.
        async with running_capture(places, linger_s=2.0) as client, viewer_process(places) as one:
            one.process.kill()
            while (await client.status()).viewers != 1:
                await anyio.sleep(0.02)
            assert is_held(places.state_lock)
    assert not is_held(places.state_lock)
    assert not places.control_socket.exists()


async def test_a_stale_socket_and_a_stale_lock_are_no_capture(places: Places) -> None:
    await ensure_capture(places)
    first = read_owner(places.state_lock)[0]
    os.kill(first, signal.SIGKILL)
    await ended(first, places)
    assert places.control_socket.exists()
    async with open_capture(places) as client:
        assert (await client.status()).pid != first
        await client.shut_down()
