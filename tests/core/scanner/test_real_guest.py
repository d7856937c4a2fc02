"""A real guest runs out of memory and panics, and both are told."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from core.capture.places import Places
from core.client import Client
from core.sandboxes.model import AlertFacts, ConsoleState
from core.sandboxes.named import sandbox_spec
from core.wire import AlertRaised
from tests.core.capture.conftest import facts_when, running_capture
from tests.guests.qemu import BootGuest

pytestmark = [pytest.mark.anyio, pytest.mark.qemu, pytest.mark.timeout(240)]

BODY = """
tail /dev/zero
sleep 2
echo c > /proc/sysrq-trigger
"""


async def until_panic(client: Client, log: Path) -> list[AlertFacts]:
    """The alerts up to the panic's; says how far the guest came when there is none in time."""
    found: list[AlertFacts] = []
    with anyio.move_on_after(120):
        async for event in client.events():
            if isinstance(event, AlertRaised):
                found.append(event.alert)
                if event.alert.kind == "panic":
                    return found
    raise AssertionError(f"no panic was told after {found}: {log.read_bytes()[-2000:]!r}")


async def test_a_guest_that_runs_out_of_memory_and_panics_raises_two_alerts(
    places: Places, qemu_guest: BootGuest
) -> None:
    guest = await anyio.to_thread.run_sync(lambda: qemu_guest(paused=True, body=BODY))
    async with running_capture(places, sandbox_spec("vm1", f"unix:{guest.console}")) as client:
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        await anyio.to_thread.run_sync(lambda: guest.tell("cont"))
        facts = await facts_when(client, lambda f: f.traffic.bytes > 0)
        folder = Path(facts.recordings, facts.generation)
        killed, panicked = await until_panic(client, folder / "console.log")
        await facts_when(client, lambda f: f.scan.alerts == 2)
        log = (folder / "console.log").read_bytes()
    assert killed.kind == "oom-kill"
    assert killed.title.startswith("Out of memory: Killed process")
    assert b"tail invoked oom-killer" in log[killed.start : killed.end].splitlines()[0]
    assert panicked.title == "Kernel panic - not syncing: sysrq triggered crash"
    report = log[panicked.start : panicked.end].splitlines()
    assert report[0].endswith(b"Kernel panic - not syncing: sysrq triggered crash")
    assert b"Kernel Offset" in report[-1]
    ledger = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    entered = [e["facts"]["kind"] for e in ledger if e["kind"] == "alert"]
    assert entered == ["oom-kill", "panic"]
