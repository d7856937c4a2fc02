"""Consoles that others take from us, share with us, or that others are served on."""

from __future__ import annotations

import os
import subprocess
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import msgspec
import pytest

from core.capture.places import Places
from core.capture.watching.lives import LOOK_S, REFUSED_FAR_S, refused_pause
from core.client import Client
from core.endpoints import parse_console_url
from core.recording import Cause, Gap, Ledger, LedgerEntry
from core.sandboxes.model import ConsoleState, SandboxFacts, SandboxSpec
from core.sandboxes.named import sandbox_spec
from core.settings import Auto
from tests.core.capture.conftest import facts_when, recorded, running_capture
from tests.core.endpoints.sites_local import PtySite
from tests.guests.kit import ClhKick, DragonballDrop
from tests.guests.needed import needed
from tests.guests.qemu import short_folder

__all__ = ["short_folder"]

pytestmark = pytest.mark.anyio


SHARED = "another reader takes some of the bytes"


def spec(path: str | Path, auto: Auto = Auto.SAFE) -> SandboxSpec:
    return msgspec.structs.replace(sandbox_spec("vm1", f"unix:{path}"), auto=auto)


@contextmanager
def reader(address: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A colleague's socat."""
    command = [needed("socat", "socat"), "-u", address, f"CREATE:{log}"]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def opener(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A colleague's program that has a terminal open."""
    command = ["sh", "-c", 'exec 3<"$1"; echo; exec sleep 60', "sh", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def entries(facts: SandboxFacts) -> list[LedgerEntry]:
    with closing(Ledger(Path(facts.recordings, facts.generation))) as ledger:
        return list(ledger.read_all())


def gaps(facts: SandboxFacts) -> list[Gap]:
    return list(filter(None, map(Gap.of, entries(facts))))


async def connected(client: Client) -> SandboxFacts:
    return await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)


async def held(client: Client) -> SandboxFacts:
    return await facts_when(client, lambda f: f.console.state is ConsoleState.HELD)


async def logged(log: Path, data: bytes) -> None:
    with anyio.fail_after(20):
        while not log.exists() or data not in log.read_bytes():
            await anyio.sleep(0.01)


async def said(guest: ClhKick | DragonballDrop, data: bytes, client: Client, size: int) -> None:
    guest.say(data)
    await facts_when(client, lambda f: f.traffic.bytes == size)


@pytest.mark.parametrize("auto", [Auto.SAFE, Auto.ALL])
async def test_who_throws_us_off_is_named_and_keeps_the_console_until_he_leaves(
    places: Places, short_folder: Path, auto: Auto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.watching.lives.JUDGE_AGAIN_S", 0.01)
    monkeypatch.setattr("core.capture.watching.lives.LOOK_S", 0.01)
    with ClhKick(short_folder / "c.sock") as guest:
        async with running_capture(places, spec(guest.path, auto)) as client:
            await connected(client)
            await said(guest, b"one", client, 3)
            with reader(f"UNIX-CONNECT:{guest.path}", short_folder / "log") as other:
                facts = await held(client)
                assert facts.console.holder_pid == other.pid
                assert facts.console.holder_name == "socat"
                # Also when everything may be attached to: he is not thrown off in turn.
                for number in range(20):
                    guest.say(b"%d " % number)
                    await logged(short_folder / "log", b"%d " % number)
                assert (await held(client)).traffic.bytes == 3
                assert [visit.ended for visit in guest.visits] == ["newcomer", ""]
            facts = await connected(client)
            await said(guest, b"two", client, 6)
            assert await recorded(facts, 6) == b"onetwo"
    taken = [gap for gap in gaps(facts) if gap.cause is Cause.TAKEN_OVER]
    assert [gap.evidence for gap in taken] == [f"taken over by pid {other.pid} (socat)"]


async def test_a_persons_yes_takes_back_what_was_taken(places: Places, short_folder: Path) -> None:
    with ClhKick(short_folder / "c.sock") as guest:
        async with running_capture(places, spec(guest.path, Auto.ALL)) as client:
            await connected(client)
            await said(guest, b"one", client, 3)
            with reader(f"UNIX-CONNECT:{guest.path}", short_folder / "log"):
                await held(client)
                await client.take("vm1")
                await connected(client)


async def test_a_console_that_hangs_up_on_newcomers_is_told_as_held_and_not_asked_over_and_over(
    places: Places, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.watching.lives.JUDGE_AGAIN_S", 0.01)
    monkeypatch.setattr("core.capture.watching.lives.LOOK_S", 0.01)
    with (
        DragonballDrop(short_folder / "d.sock") as guest,
        reader(f"UNIX-CONNECT:{guest.path}", short_folder / "log") as other,
    ):
        await anyio.to_thread.run_sync(guest.wait_for_client, 1)
        async with running_capture(places, spec(guest.path)) as client:
            await held(client)
            await client.take("vm1")
            await anyio.to_thread.run_sync(guest.wait_until, lambda truth: truth.turned_away > 0)
            facts = await held(client)
            assert facts.console.holder_pid == other.pid
            for number in range(20):
                guest.say(b"%d " % number)
                await logged(short_folder / "log", b"%d " % number)
            assert guest.truth.turned_away == 1


@pytest.mark.parametrize("scheme", ["pty:", ""])
async def test_a_reader_that_comes_to_a_terminal_later_is_told_and_so_is_his_leaving(
    places: Places, tmp_path: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.watching.sharing.LOOK_S", 0.05)
    path = tmp_path / "vm1"
    with closing(PtySite(path)):
        async with running_capture(places, sandbox_spec("vm1", f"{scheme}{path}")) as client:
            facts = await connected(client)
            assert SHARED not in facts.console.note
            with opener(path) as other:
                facts = await facts_when(client, lambda f: SHARED in f.console.note)
                assert f"(pid {other.pid})" in facts.console.note
                assert facts.console.state is ConsoleState.CONNECTED
            facts = await facts_when(client, lambda f: SHARED not in f.console.note)
    told = [entry for entry in entries(facts) if "shared" in entry.kind]
    assert [entry.kind for entry in told] == ["shared", "unshared"]
    assert f"pid {other.pid} (" in str(told[0].facts["readers"])


async def test_a_note_on_a_terminal_that_is_shared_from_the_start_is_in_the_ledger(
    places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "vm1"
    shared = msgspec.structs.replace(sandbox_spec("vm1", f"pty:{path}"), auto=Auto.ALL)
    with closing(PtySite(path)), opener(path) as other:
        async with running_capture(places, shared) as client:
            facts = await connected(client)
            note = f"{SHARED}: "
            assert facts.console.note.startswith(note)
            assert f"(pid {other.pid})" in facts.console.note
            (attached,) = (entry for entry in entries(facts) if entry.kind == "attached")
            assert attached.facts["note"] == facts.console.note


async def test_a_terminals_last_words_are_kept_and_its_number_may_go_to_another(
    places: Places, tmp_path: Path
) -> None:
    ours, theirs = os.openpty()
    number = os.ttyname(theirs)
    tty.setraw(theirs)
    async with running_capture(places, sandbox_spec("vm1", f"pty:{number}")) as client:
        first = await connected(client)
        os.write(ours, b"last words")
        await facts_when(client, lambda f: f.traffic.bytes == 10)
        os.close(theirs)
        os.close(ours)
        await facts_when(client, lambda f: f.console.state is not ConsoleState.CONNECTED)
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        assert os.ttyname(theirs) == number
        second = await facts_when(
            client,
            lambda f: (
                f.console.state is ConsoleState.CONNECTED and f.generation != first.generation
            ),
        )
        os.write(ours, b"another guest")
        assert await recorded(second, 13) == b"another guest"
        assert await recorded(first, 10) == b"last words"
    os.close(theirs)
    os.close(ours)


@pytest.mark.parametrize("refusals", [1, 10, 5000])
def test_a_refusal_is_asked_again_soon_when_near_and_seldom_when_far(refusals: int) -> None:
    for near in ("unix:/run/vm.sock", "tcp:127.0.0.1:5555", "telnet:localhost:5555"):
        assert refused_pause(refusals, parse_console_url(near)) <= LOOK_S
    for far in ("tcp:192.0.2.1:5555", "telnet:example.org:23", "vsock:3:1024"):
        pause = refused_pause(refusals, parse_console_url(far))
        assert pause == min(0.01 * 2.0 ** min(refusals, 20), REFUSED_FAR_S)
