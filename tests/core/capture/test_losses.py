"""Not a byte is lost, and not a moment unaccounted for, whoever lets go of whom."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import socket
from itertools import pairwise
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.capture.readloop import CROWD, ReadLoop
from core.capture.watching.session import Session
from core.capture.writing.spool import Spool
from core.clock import Instant, now
from core.endpoints import UnixEndpoint
from core.recording import Cause, Gap, Meta, Recorder
from core.recording.ledger import Ledger, LedgerEntry
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, running_capture

pytestmark = pytest.mark.anyio


class Listening:
    """A sink that counts."""

    def __init__(self) -> None:
        self.heard = b""

    def feed(self, data: bytes) -> None:
        self.heard += data

    def end(self, error: object) -> None:
        self.heard += b"<end>"


class Plain:
    """A source that reads its pipe, and notes when it is flushed."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.pipe()
        self.flushed = anyio.Event()
        self.failed = anyio.Event()
        self.needs_flush = False

    def read_ready(self, at: Instant) -> bool:
        self.needs_flush = True
        if os.read(self.ours, 64) == b"bad":
            raise ZeroDivisionError("a mistake of ours")
        return False

    def flush(self) -> None:
        self.needs_flush = False
        self.flushed.set()

    def fail(self, error: Exception) -> None:
        assert isinstance(error, ZeroDivisionError)
        self.failed.set()

    def close(self) -> None:
        os.close(self.ours)
        os.close(self.theirs)


def entries(facts: SandboxFacts) -> list[LedgerEntry]:
    ledger = Ledger(Path(facts.recordings, facts.generation))
    try:
        return ledger.read_new()
    finally:
        ledger.close()


def begin(home: Path) -> Recorder:
    return Recorder.begin(home, "vm1", life="one", meta=Meta(id="vm1"), at=now())


async def test_what_the_guest_printed_before_it_is_let_go_is_recorded(
    tmp_path: Path, chardev: Chardev
) -> None:
    endpoint = UnixEndpoint(str(chardev.path))
    pin = endpoint.pin()
    sink = Listening()
    async with anyio.create_task_group() as tasks:
        session = Session(await endpoint.connect(pin), sink, ReadLoop())
        pin.close()
        await chardev.accept()
        spool = Spool(begin(tmp_path), tasks, lambda _: None)
        session.record(spool, b"")
        # Nobody runs the loop: all of it lies in the socket.
        await chardev.write(b"x" * 150_000)
        await session.aclose()
        await spool.aclose()
    assert (spool.recorder.folder / "console.log").stat().st_size == 150_000
    assert len(sink.heard) == 150_000


async def test_what_cannot_be_recorded_is_not_read(places: Places, chardev: Chardev) -> None:
    places.state.mkdir(mode=0o700)
    places.recordings.mkdir(mode=0o700)
    (places.recordings / "vm1").write_text("in the way")
    await chardev_has_printed(chardev, b"early")
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.FAILED)
        assert "vm1" in facts.console.reason
        (places.recordings / "vm1").unlink()
        await chardev.accept()
        await chardev.write(b"late")
        facts = await facts_when(client, lambda f: f.traffic.bytes == 4)
        assert facts.console.state is ConsoleState.CONNECTED


async def test_trouble_with_a_past_lifes_recording_is_not_told_of_the_present_one(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"x")
        first = await facts_when(client, lambda f: f.traffic.bytes == 1)
        shutil.rmtree(places.recordings)
        # How it ended cannot be entered any more.
        chardev.hang_up()
        await facts_when(client, lambda f: f.recording_trouble)
        chardev.exit()
        again = Chardev(chardev.path)
        await again.accept()
        await facts_when(
            client, lambda f: f.generation != first.generation and not f.recording_trouble
        )
        again.exit()


async def chardev_has_printed(chardev: Chardev, data: bytes) -> None:
    """Nobody was there to hear it."""
    with socket.socket(socket.AF_UNIX) as nobody:
        nobody.connect(str(chardev.path))
        await chardev.accept()
        await chardev.write(data)
    chardev.hang_up()


class Restless(Plain):
    """A source that has always more to give."""

    def read_ready(self, at: Instant) -> bool:
        return False


async def test_times_are_written_while_another_console_never_rests() -> None:
    loop = ReadLoop()
    quiet, busy = Plain(), Restless()
    for source in (quiet, busy):
        loop.add(source.ours, source)
        os.write(source.theirs, b"x")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loop.run)
        with anyio.fail_after(PATIENCE_S):
            await quiet.flushed.wait()
        tasks.cancel_scope.cancel()
    quiet.close()
    busy.close()


@pytest.mark.parametrize("others", [0, CROWD])
async def test_a_mistake_with_one_console_harms_no_other(
    others: int, caplog: pytest.LogCaptureFixture
) -> None:
    loop = ReadLoop()
    sources = [Plain() for _ in range(2 + others)]
    for source in sources:
        loop.add(source.ours, source)
    bad, good = sources[:2]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loop.run)
        with anyio.fail_after(PATIENCE_S), caplog.at_level(logging.ERROR):
            os.write(bad.theirs, b"bad")
            await bad.failed.wait()
            os.write(good.theirs, b"x")
            await good.flushed.wait()
        tasks.cancel_scope.cancel()
    assert "a mistake of ours" in caplog.text
    for source in sources:
        # After the loop's end too: a console may be let go of late.
        loop.remove(source.ours, source)
        source.close()


async def test_bytes_that_a_full_disk_never_took_are_entered(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(tmp_path), tasks, lambda _: None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
        try:
            spool.write(b"a" * 9000, now())
            with anyio.fail_after(PATIENCE_S):
                assert await spool.aclose() == 0
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    ledger = Ledger(spool.recorder.folder)
    (gap,) = ledger.read_new()
    ledger.close()
    told = Gap.of(gap)
    assert told is not None
    assert (told.cause, told.lost_bytes, told.evidence) == (Cause.DISK, 4000, "File too large")
    assert gap.offset == 5000


async def test_the_ledger_tells_of_every_gap_and_of_the_proxy(
    places: Places, chardev: Chardev
) -> None:
    def connected(facts: SandboxFacts) -> bool:
        return facts.console.state is ConsoleState.CONNECTED

    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await facts_when(client, connected)
        await client.set_debug("vm1", False)
        await client.set_debug("vm1", True)
        await chardev.accept()
        await facts_when(client, connected)
        await client.stop("vm1")
        await client.start("vm1")
        await chardev.accept()
        facts = await facts_when(client, connected)
        chardev.hang_up()
        await facts_when(client, lambda f: f.console.state is ConsoleState.ENDED)
        await chardev.accept()
        await facts_when(client, connected)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await facts_when(client, connected)
    told = [(entry.kind, entry.facts.get("cause", "")) for entry in entries(facts)]
    assert told == [
        ("proxy-started", ""),
        ("gap", "no capture ran"),
        ("attached", ""),
        ("detached", "debug was turned off"),
        ("proxy-stopped", "debug was turned off"),
        ("proxy-started", ""),
        ("gap", "not attached"),
        ("attached", ""),
        ("detached", "the proxy was stopped"),
        ("proxy-stopped", "the proxy was stopped"),
        ("proxy-started", ""),
        ("gap", "not attached"),
        ("attached", ""),
        ("ended", ""),
        ("gap", "console closed"),
        ("attached", ""),
        ("detached", "capture ended"),
        ("proxy-stopped", "capture ended"),
        ("proxy-started", ""),
        ("gap", "no capture ran"),
        ("attached", ""),
        ("detached", "capture ended"),
        ("proxy-stopped", "capture ended"),
    ]
    gaps = [gap for gap in map(Gap.of, entries(facts)) if gap is not None]
    assert [gap.evidence for gap in gaps] == [
        "nobody watched it yet",
        "debug was turned off",
        "the proxy was stopped",
        "end of file",
        "the recording ends there",
    ]
    assert all(gap.start <= gap.end for gap in gaps)
    assert all(one.end <= other.start for one, other in pairwise(gaps))


async def test_an_end_is_entered_only_for_what_was_attached(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"x")
        facts = await facts_when(client, lambda f: f.traffic.bytes == 1)
        for _ in range(2):
            chardev.hang_up()
            await facts_when(client, lambda f: f.console.state is ConsoleState.ENDED)
            await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        kinds = [entry.kind for entry in entries(facts)]
        assert kinds.count("ended") <= kinds.count("attached")


async def test_what_was_counted_is_still_told_after_a_stop(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"x" * 100_000)
        before = await facts_when(client, lambda f: f.traffic.bytes == 100_000)
        await client.stop("vm1")
        after = await facts_when(client, lambda f: f.proxy.state is ProxyState.STOPPED)
        assert after.generation == before.generation
        assert after.traffic.bytes == 100_000
        assert after.traffic.last_byte_at == before.traffic.last_byte_at
        assert after.traffic.bytes_per_s == 0.0
        await client.start("vm1")
        await chardev.accept()
        again = await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        assert again.traffic.bytes == 100_000
        assert again.traffic.last_byte_at == before.traffic.last_byte_at
        with anyio.fail_after(PATIENCE_S):
            async for event in client.events():
                # What was recorded before is no traffic of now.
                for traffic in getattr(event, "traffic", {}).values():
                    assert traffic.bytes_per_s <= 110_000
                if getattr(event, "traffic", None):
                    break
