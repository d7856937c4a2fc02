"""A kata-proxy under capture: run, told about, recorded, stopped, left alone and found again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.errors import CommandRefused
from core.proxy.types import ProxyType
from core.recording.ledger import Ledger, LedgerEntry
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts, SandboxSpec
from core.sandboxes.vmm import is_alive
from tests.core.capture.conftest import PATIENCE_S, facts_when, recorded, running_capture

pytestmark = pytest.mark.anyio

QUIET = 'echo "$@"\nexec sleep 600\n'


class Programs:
    """Stand-ins for kata-proxy; each tells its pid, and none outlives the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def spec(self, script: str, *, debug: bool = True) -> SandboxSpec:
        path = self.folder / "my-kata-proxy"
        path.write_text(f"#!/bin/sh\necho $$ >> {self.folder}/pids\n{script}")
        path.chmod(0o700)
        return SandboxSpec(
            id="vm1",
            console="unix:/run/vm1/console.sock",
            proxy_type=ProxyType.KATA,
            proxy_path=str(path),
            agent_url="unix:///run/vm1/agent.sock",
            debug=debug,
        )

    @property
    def pids(self) -> list[int]:
        pids = self.folder / "pids"
        return [int(line) for line in pids.read_text().split()] if pids.exists() else []


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    made = Programs(tmp_path)
    yield made
    for pid in made.pids:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def runs(facts: SandboxFacts) -> bool:
    return facts.proxy.state is ProxyState.RUNNING


def entries(facts: SandboxFacts) -> list[LedgerEntry]:
    ledger = Ledger(Path(facts.recordings, facts.generation))
    try:
        return ledger.read_new()
    finally:
        ledger.close()


async def until_gone(pid: int) -> None:
    with anyio.fail_after(PATIENCE_S):
        while is_alive(pid):
            await anyio.sleep(0.01)


async def test_its_output_is_recorded_and_marked_and_the_console_is_held(
    places: Places, programs: Programs
) -> None:
    async with running_capture(places, programs.spec(QUIET)) as client:
        facts = await facts_when(client, lambda f: runs(f) and f.traffic.bytes)
        assert facts.proxy.pid == programs.pids[0]
        assert facts.console.state is ConsoleState.HELD
        assert (facts.console.holder_pid, facts.console.holder_name) == (
            facts.proxy.pid,
            "my-kata-proxy",
        )
        assert facts.family == "kata"
        assert b"-agent-logs-socket unix:/run/vm1/console.sock" in await recorded(facts, 1)
        first, second = entries(facts)
        assert (first.kind, first.facts["pid"]) == ("proxy-started", facts.proxy.pid)
        assert (second.kind, second.facts["source"]) == ("attached", "kata-proxy output")
        assert facts.proxy.url == f"unix://{places.runtime}/proxies/vm1/proxy.sock"
        await client.stop("vm1")
        await until_gone(facts.proxy.pid)
        after = await facts_when(client, lambda f: f.proxy.state is ProxyState.STOPPED)
        assert after.console.state is ConsoleState.NOT_WATCHED
        assert after.traffic.bytes == facts.traffic.bytes
        assert [entry.kind for entry in entries(after)][2:] == ["ended", "proxy-stopped"]


async def test_without_debug_it_leaves_the_console_alone(
    places: Places, programs: Programs
) -> None:
    async with running_capture(places, programs.spec(QUIET, debug=False)) as client:
        facts = await facts_when(client, lambda f: runs(f) and f.traffic.bytes)
        assert facts.console.state is ConsoleState.NOT_WATCHED
        assert b"-agent-logs-socket" not in await recorded(facts, 1)
        await client.set_debug("vm1", True)
        again = await facts_when(client, lambda f: runs(f) and f.traffic.bytes)
        assert again.proxy.pid != facts.proxy.pid
        assert again.console.state is ConsoleState.HELD
        await until_gone(facts.proxy.pid)
        await client.stop("vm1")


async def test_the_last_words_of_one_that_dies_at_once_are_kept_and_told(
    places: Places, programs: Programs
) -> None:
    script = "yes last | head -c 60000\necho the very last words\nexit 3\n"
    async with running_capture(places) as client:
        await client.watch(programs.spec(script))
        heard: list[SandboxFacts] = []
        with anyio.fail_after(PATIENCE_S):
            async for event in client.events():
                heard += [event.facts] if hasattr(event, "facts") else []
                # The last event of all tells it as it is: nobody holds the console.
                if heard and (heard[-1].proxy.state, heard[-1].console.state) == (
                    ProxyState.FAILED,
                    ConsoleState.NOT_WATCHED,
                ):
                    break
        facts = heard[-1]
        assert "exit status 3" in facts.proxy.reason
        assert "failed" in facts.console.reason
        assert not facts.console.holder_pid
        assert (await recorded(facts, 60_020)).endswith(b"the very last words\n")
        assert entries(facts)[-1].facts["detail"] == "exit status 3"


async def test_the_end_of_capture_leaves_it_running_and_the_next_one_finds_it(
    places: Places, programs: Programs
) -> None:
    spec = programs.spec(QUIET)
    async with running_capture(places, spec) as client:
        first = await facts_when(client, lambda f: runs(f) and f.traffic.bytes)
    assert is_alive(first.proxy.pid)
    assert [entry.kind for entry in entries(first)][2:] == ["detached"]
    async with running_capture(places, spec) as client:
        second = await facts_when(client, runs)
        assert second.proxy.pid == first.proxy.pid
        assert second.console.state is ConsoleState.HELD
        await client.stop("vm1")
        await until_gone(first.proxy.pid)
    assert len(programs.pids) == 1


async def test_one_that_will_not_end_is_told(places: Places, programs: Programs) -> None:
    script = "trap '' TERM\nwhile :; do sleep 0.1; done\n"
    async with running_capture(places, programs.spec(script)) as client:
        facts = await facts_when(client, lambda f: runs(f) and programs.pids)
        await client.stop("vm1")
        after = await facts_when(client, lambda f: not runs(f))
        assert after.proxy.state is ProxyState.FAILED
        assert str(facts.proxy.pid) in after.proxy.reason
        assert "still runs" in after.proxy.reason


async def test_one_that_cannot_be_recorded_does_not_stall(
    places: Places, programs: Programs
) -> None:
    places.state.mkdir(mode=0o700)
    places.recordings.mkdir(mode=0o700)
    (places.recordings / "vm1").write_text("in the way")
    done = programs.folder / "printed"
    script = f"yes line | head -c 300000\necho 1 > {done}\nexec sleep 600\n"
    async with running_capture(places, programs.spec(script)) as client:
        facts = await facts_when(client, runs)
        assert "vm1" in facts.recording_trouble
        with anyio.fail_after(PATIENCE_S):
            while not done.exists():
                await anyio.sleep(0.01)
        await client.stop("vm1")


async def test_a_program_that_is_not_there_is_refused(places: Places, programs: Programs) -> None:
    async with running_capture(places) as client:
        spec = programs.spec(QUIET)
        Path(spec.proxy_path).unlink()
        await client.watch(spec)
        facts = await facts_when(client, lambda f: f.proxy.state is ProxyState.FAILED)
        assert spec.proxy_path in facts.proxy.reason
        with pytest.raises(CommandRefused, match="my-kata-proxy"):
            await client.start("vm1")
