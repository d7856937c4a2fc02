"""A console that somebody else has is left alone, named, and taken only on a person's yes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from core.capture.places import Places
from core.errors import CommandRefused
from core.recording import Cause, Gap, Ledger
from core.sandboxes.model import ConsoleState, SandboxFacts, SandboxSpec
from core.sandboxes.named import sandbox_spec
from core.settings import Auto
from tests.core.capture.conftest import Chardev, facts_when, recorded, running_capture
from tests.guests.client import until
from tests.guests.needed import needed
from tests.guests.qemu import BootGuest, qemu_guest, qemu_tools, short_folder

__all__ = ["qemu_guest", "qemu_tools", "short_folder"]

pytestmark = pytest.mark.anyio


def spec(path: Path, auto: Auto = Auto.SAFE) -> SandboxSpec:
    return msgspec.structs.replace(sandbox_spec("vm1", f"unix:{path}"), auto=auto)


@contextlib.contextmanager
def socat(path: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A colleague's client of a console, that has it and reads it."""
    command = [needed("socat", "socat"), "-u", f"UNIX-CONNECT:{path}", f"CREATE:{log}"]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


def gaps(facts: SandboxFacts) -> list[Gap]:
    ledger = Ledger(Path(facts.recordings, facts.generation))
    try:
        return [gap for gap in map(Gap.of, ledger.read_new()) if gap is not None]
    finally:
        ledger.close()


async def test_a_held_console_is_told_with_its_holder_and_left_alone(
    places: Places, chardev: Chardev, tmp_path: Path
) -> None:
    with socat(chardev.path, tmp_path / "log") as holder:
        await chardev.accept()
        async with running_capture(places, spec(chardev.path)) as client:
            facts = await facts_when(client, lambda f: f.console.state is ConsoleState.HELD)
            assert (facts.console.holder_pid, facts.console.holder_name) == (holder.pid, "socat")
            assert facts.console.reason == f"held by pid {holder.pid} (socat)"
            assert facts.console.consequence
            assert facts.console.is_takeable
            # Nobody waits in its queue: the colleague may leave and come back.
            with pytest.raises(BlockingIOError):
                chardev.listener.accept()
            holder.kill()
            holder.wait()
            await chardev.accept()
            await chardev.write(b"free again")
            facts = await facts_when(client, lambda f: f.traffic.bytes == 10)
            assert await recorded(facts, 10) == b"free again"
    causes = [gap.cause for gap in gaps(facts)]
    assert causes == [Cause.NO_CAPTURE, Cause.HELD]
    assert f"pid {holder.pid} (socat)" in gaps(facts)[1].evidence


async def test_a_persons_yes_waits_in_the_queue_and_is_served_next(
    places: Places, chardev: Chardev, tmp_path: Path
) -> None:
    with socat(chardev.path, tmp_path / "log") as holder:
        await chardev.accept()
        async with running_capture(places, spec(chardev.path)) as client:
            await facts_when(client, lambda f: f.console.state is ConsoleState.HELD)
            await client.take("vm1")
            facts = await facts_when(client, lambda f: f.console.state is ConsoleState.WAITING)
            assert facts.console.holder_pid == holder.pid
            assert not facts.generation
            await chardev.accept()
            await chardev.write(b"ours")
            facts = await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
            assert await recorded(facts, 4) == b"ours"
    assert [gap.cause for gap in gaps(facts)][-1] is Cause.WAITING


async def test_what_nobody_holds_cannot_be_taken(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, spec(chardev.path)) as client:
        await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        with pytest.raises(CommandRefused, match="waits for nobody's yes"):
            await client.take("vm1")


async def test_with_auto_off_even_a_free_console_waits_for_a_yes(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, spec(chardev.path, Auto.OFF)) as client:
        facts = await facts_when(client, lambda f: f.console.is_takeable)
        assert facts.console.state is ConsoleState.NOT_WATCHED
        assert "auto" in facts.console.reason
        with pytest.raises(BlockingIOError):
            chardev.listener.accept()
        await client.take("vm1")
        await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)


async def test_a_yes_is_for_the_attempt_that_it_began(places: Places, chardev: Chardev) -> None:
    with contextlib.ExitStack() as queue:
        for _ in range(2):
            # Its queue is full: an attempt takes a while.
            queue.enter_context(socket.socket(socket.AF_UNIX)).connect(str(chardev.path))
        async with running_capture(places, spec(chardev.path, Auto.OFF)) as client:
            await facts_when(client, lambda f: f.console.is_takeable)
            await client.take("vm1")
            await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTING)
            with pytest.raises(CommandRefused, match="waits for nobody's yes"):
                await client.take("vm1")


async def test_with_auto_all_a_held_console_is_queued_for(
    places: Places, chardev: Chardev, tmp_path: Path
) -> None:
    with socat(chardev.path, tmp_path / "log"):
        await chardev.accept()
        async with running_capture(places, spec(chardev.path, Auto.ALL)) as client:
            await facts_when(client, lambda f: f.console.state is ConsoleState.WAITING)


async def test_gaps_of_a_console_that_was_never_had_are_left_in_the_sandboxs_own_ledger(
    places: Places, chardev: Chardev, tmp_path: Path
) -> None:
    with socat(chardev.path, tmp_path / "log") as holder:
        await chardev.accept()
        async with running_capture(places, spec(chardev.path)) as client:
            await facts_when(client, lambda f: f.console.state is ConsoleState.HELD)
        ledger = Ledger(places.recordings / "vm1")
        (gap,) = filter(None, map(Gap.of, ledger.read_new()))
        ledger.close()
        assert gap.cause is Cause.HELD
        assert f"pid {holder.pid} (socat)" in gap.evidence


@pytest.mark.qemu
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_real_qemus_console_is_left_to_its_holder_and_then_had(
    places: Places, qemu_guest: BootGuest, tmp_path: Path
) -> None:
    guest = qemu_guest(body="while :; do echo tick; usleep 50000; done")
    with socat(guest.console, tmp_path / "log") as holder:
        until(lambda: (tmp_path / "log").exists() and b"tick" in (tmp_path / "log").read_bytes())
        async with running_capture(places, spec(guest.console)) as client:
            facts = await facts_when(client, lambda f: f.console.state is ConsoleState.HELD)
            assert facts.console.holder_pid == holder.pid
            assert (
                "QEMU" in facts.console.consequence or "waits behind" in facts.console.consequence
            )
            holder.kill()
            holder.wait()
            await facts_when(client, lambda f: f.traffic.bytes > 100)
