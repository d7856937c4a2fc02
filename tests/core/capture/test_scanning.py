"""Alerts, from what a guest prints to events, facts and the ledger."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.client import Client
from core.clock import now
from core.errors import CommandRefused
from core.recording import Ledger, Meta, Recorder
from core.sandboxes.model import AlertFacts, ConsoleState, SandboxFacts
from core.sandboxes.named import sandbox_spec
from core.settings import AlertPattern, Settings, Severity
from core.wire import AlertRaised
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, running_capture
from tests.core.console.alerts.texts import TEXTS

pytestmark = pytest.mark.anyio

OOPS = next(text for text in TEXTS if text.name == "oops-page-fault")
FILLER = b"[    0.500000] nothing of note happens here\n"
PANIC = b"[    1.000000] Kernel panic - not syncing: x\n[    1.000001] ---[ end Kernel panic\n"


async def next_alert(client: Client) -> AlertRaised:
    with anyio.fail_after(PATIENCE_S):
        async for event in client.events():
            if isinstance(event, AlertRaised):
                return event
    raise AssertionError("no alert came")


def entries(facts: SandboxFacts) -> list[dict[str, object]]:
    """The facts of the alerts in the ledger of the generation that `facts` name."""
    ledger = Path(facts.recordings, facts.generation, "events.jsonl").read_text()
    lines = [json.loads(line) for line in ledger.splitlines()]
    return [line["facts"] for line in lines if line["kind"] == "alert"]


async def scanner_pid() -> int:
    """The scanner that this process's capture runs."""
    with anyio.fail_after(PATIENCE_S):
        while True:
            for task in Path("/proc/self/task").iterdir():
                for pid in (task / "children").read_text().split():
                    command = Path(f"/proc/{pid}/cmdline")
                    if command.exists() and b"core.scanner" in command.read_bytes():
                        return int(pid)
            await anyio.sleep(0.01)


async def test_an_oops_is_told_in_an_event_in_the_facts_and_in_the_ledger(
    places: Places, chardev: Chardev
) -> None:
    (expected,) = OOPS.expected
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(OOPS.data)
        event = await next_alert(client)
        assert event.id == "vm1"
        assert event.alert.kind == "oops"
        assert event.alert.severity is Severity.CRITICAL
        assert (event.alert.start, event.alert.end) == (expected.start, expected.end)
        facts = await facts_when(client, lambda f: f.scan.alerts == 1)
        assert facts.scan.last == event.alert
        assert event.alert.generation == facts.generation
        (entry,) = entries(facts)
        log = Path(facts.recordings, facts.generation, "console.log").read_bytes()
        start, end = entry["start"], entry["end"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert log[start:end] == OOPS.data[expected.start : expected.end]
        assert (entry["kind"], entry["severity"]) == ("oops", "critical")
        assert expected.title in str(entry["title"])


async def test_a_login_prompt_is_a_note_and_counts_as_no_alert(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"Debian GNU/Linux 12\r\n\r\nguest login: ")
        event = await next_alert(client)
        assert (event.alert.kind, event.alert.severity) == ("login", Severity.NOTE)
        (facts,) = await client.sandboxes()
        assert facts.scan.alerts == 0
        assert facts.scan.last is None


async def test_a_vm_that_floods_panics_and_is_gone_has_its_alert_in_its_own_ledger(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(FILLER * 200_000 + PANIC)
        chardev.exit()
        again = Chardev(chardev.path)
        await again.accept()
        await again.write(b"the next life")
        event = await next_alert(client)
        assert event.alert.start == 200_000 * len(FILLER)
        second = await facts_when(client, lambda f: f.traffic.bytes == 13)
        assert second.generation != event.alert.generation
        assert second.scan.alerts == 0
        first = Path(second.recordings, event.alert.generation, "events.jsonl").read_text()
        assert first.count('"kind": "alert"') == 1
        again.exit()


async def test_what_was_printed_last_is_scanned_before_capture_ends(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"hello\n")
        await scanner_pid()
        await facts_when(client, lambda f: f.traffic.bytes == 6)
        await chardev.write(OOPS.data)
        facts = await facts_when(client, lambda f: f.traffic.bytes == 6 + len(OOPS.data))
    (entry,) = entries(facts)
    assert entry["kind"] == "oops"


async def test_a_killed_scanner_is_started_again_and_misses_nothing(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(PANIC)
        assert (await next_alert(client)).alert.start == 0
        pid = await scanner_pid()
        os.kill(pid, signal.SIGSTOP)
        half = len(OOPS.data) // 2
        await chardev.write(OOPS.data[:half])
        os.kill(pid, signal.SIGKILL)
        # A panic right behind an oops would be the same event.
        await chardev.write(OOPS.data[half:] + FILLER * 40 + PANIC)
        found = [(await next_alert(client)).alert for _ in range(2)]
        (expected,) = OOPS.expected
        assert [(a.kind, a.start) for a in found] == [
            ("oops", len(PANIC) + expected.start),
            ("panic", len(PANIC) + len(OOPS.data) + 40 * len(FILLER)),
        ]
        facts = await facts_when(client, lambda f: f.scan.alerts == 3)
        assert len(entries(facts)) == 3
        assert await scanner_pid() != pid


async def test_a_recording_that_goes_on_raises_no_alert_twice(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(PANIC)
        await next_alert(client)
        await facts_when(client, lambda f: f.scan.alerts == 1)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(OOPS.data)
        assert (await next_alert(client)).alert.kind == "oops"
        facts = await facts_when(client, lambda f: f.scan.alerts == 2)
        assert [entry["kind"] for entry in entries(facts)] == ["panic", "oops"]


async def test_how_much_is_not_scanned_yet_is_in_the_facts(
    places: Places, chardev: Chardev
) -> None:
    slow = tuple(AlertPattern(name=f"p{n}", pattern=rf"\A{n}y+\z") for n in range(2))
    async with running_capture(places, chardev.spec) as client:
        await client.configure(Settings(alerts=slow))
        await chardev.accept()
        await chardev.write(b"x\n" * 1_000_000)
        facts = await facts_when(client, lambda f: f.scan.lag_bytes > 0)
        assert facts.scan.lag_bytes <= 2_000_000


async def test_a_users_pattern_is_looked_for_once_it_is_configured(
    places: Places, chardev: Chardev
) -> None:
    own = AlertPattern(name="mydrv", pattern="mydrv: .* timed out", severity=Severity.CRITICAL)
    async with running_capture(places, chardev.spec) as client:
        await client.configure(Settings(alerts=(own,)))
        await chardev.accept()
        await chardev.write(b"mydrv: io 7 timed out\r\n")
        alert = (await next_alert(client)).alert
        assert (alert.kind, alert.title) == ("mydrv", "mydrv: io 7 timed out")
        assert alert.severity is Severity.CRITICAL


async def test_a_wrong_pattern_is_refused_with_its_reason(places: Places) -> None:
    async with running_capture(places) as client:
        bad = Settings(alerts=(AlertPattern(name="bad", pattern="(?=x)y"),))
        with pytest.raises(CommandRefused, match="no RE2 expression") as caught:
            await client.configure(bad)
        assert caught.value.kind == "InvalidAlertPattern"
        assert "look-ahead" in caught.value.hint


async def test_a_recording_that_is_removed_harms_no_other(
    places: Places, chardev: Chardev, tmp_path: Path
) -> None:
    other = Chardev(tmp_path / "vm2.sock")
    spec = sandbox_spec("vm2", f"unix:{other.path}")
    async with running_capture(places, chardev.spec, spec) as client:
        await chardev.accept()
        await other.accept()
        await chardev.write(FILLER)
        facts = await facts_when(client, lambda f: f.traffic.bytes > 0)
        shutil.rmtree(facts.recordings)
        await chardev.write(PANIC)
        await other.write(PANIC)
        heard: list[AlertFacts] = []
        while not any(alert.generation for alert in heard):
            event = await next_alert(client)
            if event.id == "vm2":
                heard.append(event.alert)
        states = [f.console.state for f in await client.sandboxes()]
        assert states == [ConsoleState.CONNECTED, ConsoleState.CONNECTED]
    other.exit()


async def test_no_scanner_is_left_behind(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec):
        await chardev.accept()
        await chardev.write(FILLER)
        pid = await scanner_pid()
    assert not Path(f"/proc/{pid}").exists()


async def test_a_scanner_that_does_not_answer_is_behind_by_all_it_was_not_heard_of(
    places: Places, chardev: Chardev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.scanning.ASK_S", 0.05)
    monkeypatch.setattr("core.capture.scanning.SILENT_S", 0.1)
    monkeypatch.setattr("core.capture.scanning.STUCK_S", 3600.0)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(PANIC)
        await next_alert(client)
        pid = await scanner_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            await chardev.write(b"x" * 1000)
            facts = await facts_when(client, lambda f: f.scan.lag_bytes >= 1000)
            assert facts.scan.lag_bytes <= facts.traffic.bytes
        finally:
            os.kill(pid, signal.SIGCONT)
        await facts_when(client, lambda f: f.scan.lag_bytes == 0)


async def test_a_scanner_that_stays_silent_is_ended_and_the_next_one_goes_on(
    places: Places, chardev: Chardev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.scanning.ASK_S", 0.05)
    monkeypatch.setattr("core.capture.scanning.SILENT_S", 0.1)
    monkeypatch.setattr("core.capture.scanning.STUCK_S", 0.5)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"hello\n")
        os.kill(await scanner_pid(), signal.SIGSTOP)
        await chardev.write(PANIC)
        assert (await next_alert(client)).alert.kind == "panic"


@pytest.mark.parametrize("was_killed", [True, False], ids=["killed", "ended"])
async def test_what_a_killed_capture_recorded_last_is_scanned_by_the_next(
    places: Places, tmp_path: Path, was_killed: bool
) -> None:
    places.state.mkdir(mode=0o700)
    recorder = Recorder.begin(places.recordings, "vm1", life="one", meta=Meta(id="vm1"), at=now())
    recorder.enter("attached", now())
    recorder.write(PANIC, now())
    if not was_killed:
        recorder.enter("proxy-stopped", now())
    recorder.close()
    folder = recorder.folder
    later = sandbox_spec("vm1", f"unix:{tmp_path}/none.sock")
    async with running_capture(places, later) as client:
        if was_killed:
            alert = (await next_alert(client)).alert
            assert (alert.kind, alert.start) == ("panic", 0)
        await facts_when(client, lambda f: f.console.state is ConsoleState.ABSENT)
    ledger = Ledger(folder)
    kinds = [entry.kind for entry in ledger.read_new()]
    ledger.close()
    assert kinds.count("alert") == was_killed
