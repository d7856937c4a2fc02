"""A VM that restarts on the same path is a new generation, whole from its first byte."""

from __future__ import annotations

import contextlib
import os
from itertools import pairwise
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.client import Client
from core.recording import Cause, Gap, GenerationReader, History, Ledger
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, running_capture

pytestmark = pytest.mark.anyio

RESTARTS = 100


def early_boot(number: int) -> bytes:
    return b"".join(b"[    0.%06d] life %d line %d\r\n" % (n, number, n) for n in range(200))


async def heard_out(client: Client) -> None:
    """Returns once the console of vm1 has ended, or is waited for again."""
    await facts_when(client, lambda f: f.console.state is not ConsoleState.CONNECTED)


def whole(folder: Path) -> bytes:
    reader = GenerationReader(folder)
    try:
        return reader.read(0, reader.end)
    finally:
        reader.close()


def gaps_of(folder: Path) -> list[Gap]:
    ledger = Ledger(folder)
    try:
        return [gap for gap in map(Gap.of, ledger.read_new()) if gap is not None]
    finally:
        ledger.close()


@pytest.mark.parametrize("leaves_file", [False, True], ids=["clean exit", "killed"])
async def test_a_hundred_restarts_lose_no_byte_of_any_boot(
    places: Places, tmp_path: Path, leaves_file: bool
) -> None:
    path = tmp_path / "vm1.sock"
    async with running_capture(places, sandbox_spec("vm1", f"unix:{path}")) as client:
        for number in range(RESTARTS):
            guest = Chardev(path.with_name("fresh") if leaves_file else path)
            if leaves_file:
                # A VMM that was killed left its socket; the next one binds over it.
                guest.path = guest.path.rename(path)
            await guest.accept()
            await guest.write(early_boot(number))
            guest.hang_up()
            guest.listener.close()
            if not leaves_file:
                path.unlink()
            await heard_out(client)
        facts = await facts_when(client, lambda f: f.traffic.bytes == len(early_boot(RESTARTS - 1)))
    generations = History(Path(facts.recordings)).generations
    assert [whole(each.folder) for each in generations] == [early_boot(n) for n in range(RESTARTS)]
    seams = [gaps_of(each.folder) for each in generations[1:]]
    assert all([gap.cause for gap in gaps] == [Cause.RESTARTED] for gaps in seams)
    assert all(one[0].end <= other[0].start for one, other in pairwise(seams))


async def test_a_folder_that_comes_with_the_vm_is_waited_for(
    places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "vm" / "run" / "console.sock"
    async with running_capture(places, sandbox_spec("vm1", f"unix:{path}")) as client:
        await facts_when(client, lambda f: f.console.state is ConsoleState.ABSENT)
        path.parent.mkdir(parents=True)
        guest = Chardev(path)
        await guest.accept()
        await guest.write(b"hello")
        await facts_when(client, lambda f: f.traffic.bytes == 5)
        guest.exit()


async def test_what_was_printed_before_the_hang_up_belongs_to_the_life_that_ended(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        last_words = b"Kernel panic - not syncing" * 4000
        await chardev.write(last_words)
        chardev.exit()
        again = Chardev(chardev.path)
        await again.accept()
        await again.write(b"second life")
        facts = await facts_when(client, lambda f: f.traffic.bytes == 11)
        first, second = History(Path(facts.recordings)).generations
        with anyio.fail_after(PATIENCE_S):
            while whole(second.folder) != b"second life":
                await anyio.sleep(0.01)
        assert whole(first.folder) == last_words
        again.exit()


async def test_the_recording_of_a_console_that_ended_rests_and_goes_on_with_it(
    places: Places, chardev: Chardev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.watching.watcher.REST_S", 0.01)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"before ")
        first = await facts_when(client, lambda f: f.traffic.bytes == 7)
        folder = Path(first.recordings, first.generation)
        chardev.hang_up()
        with anyio.fail_after(PATIENCE_S):
            while is_open(folder / "console.log"):
                await anyio.sleep(0.01)
        rested = await facts_when(client, lambda f: f.traffic.bytes == 7)
        assert rested.traffic.last_byte_at == first.traffic.last_byte_at
        await chardev.accept()
        await chardev.write(b"after")
        second = await facts_when(client, lambda f: f.traffic.bytes == 12)
        assert second.generation == first.generation
        chardev.hang_up()
        with anyio.fail_after(PATIENCE_S):
            while is_open(folder / "console.log"):
                await anyio.sleep(0.01)
    assert whole(folder) == b"before after"
    ledger = Ledger(folder)
    kinds = [entry.kind for entry in ledger.read_new()]
    ledger.close()
    assert kinds == [
        *("proxy-started", "gap", "attached", "ended"),
        *("gap", "attached", "ended", "proxy-stopped"),
    ]


def is_open(path: Path) -> bool:
    """Whether this process, in which capture runs, has the file open."""
    here = path.stat()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError):
            there = Path(f"/proc/self/fd/{name}").stat()
            if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
                return True
    return False
