"""A capture through which everything happens, for as long as is asked for."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import Process

from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import Client
from core.errors import CommandRefused
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from core.settings import Settings
from tests.chaos.evidence import size_of
from tests.guests import ROOT
from tests.guests.client import until
from tests.guests.kit import QemuQueue, Rebirth, Seeded
from tests.soak.check import check_sandbox
from tests.soak.events import Event, Happening, happenings
from tests.soak.usage import Sample, scanner_of, usage_of

STEADY = 6
ENDLESS = 1 << 40
FLOOD_BYTES = 1_000_000
MAX_VIEWERS = 3
PATIENCE_S = 120.0
SAMPLE_S = 1.0

SCANNER_PIPES = 2
"""Capture's ends of the pipes to its scanner, which is started with the first console."""

SCANNER_IDLE = 3
"""What a scanner without a recording has open."""


@dataclass
class Found:
    """What came of it."""

    samples: list[Sample] = field(default_factory=list)
    idle: Sample | None = None
    """Before the first console, and after the last one was let go."""
    released: Sample | None = None
    happened: dict[Event, int] = field(default_factory=dict)
    recorded: int = 0
    lost: int = 0
    gaps: int = 0


@contextlib.contextmanager
def guests(folder: Path, seed: int) -> Iterator[dict[str, QemuQueue]]:
    """Some that print all the time, one that prints by the byte, one that floods when reborn."""
    with contextlib.ExitStack() as stack:
        found: dict[str, QemuQueue] = {}

        def add(name: str, guest: QemuQueue) -> None:
            found[name] = stack.enter_context(guest)

        for number in range(STEADY):
            say = Seeded(1_000_000 * (number + 1) + seed % 1000, size=ENDLESS)
            path = folder / f"{number}.sock"
            add(f"vm{number}", QemuQueue(path, say=say, wait=True, every_ms=20, piece=2048))
        say = Seeded(8_000_000, size=ENDLESS)
        add("drip", QemuQueue(folder / "d.sock", say=say, wait=True, every_ms=10, piece=1))
        say = Seeded(9_000_000, size=FLOOD_BYTES)
        add("flood", QemuQueue(folder / "f.sock", say=say, wait=True))
        yield found


class Soak:
    """One run.

    Args:
        places: of its capture.
        client: which looks on throughout.
        guests: by name.
        pid: capture's.
    """

    def __init__(
        self, places: Places, client: Client, guests: dict[str, QemuQueue], pid: int
    ) -> None:
        self.found = Found()
        self._places = places
        self._client = client
        self._guests = guests
        self._names = list(guests)
        self._pid = pid
        self._viewers: list[Process] = []
        self._began = time.monotonic()

    async def run(self, duration_s: float, seed: int) -> None:
        """Let things happen, and in the end let go of everything."""
        self.found.idle = self.sample()
        for name, guest in self._guests.items():
            await self._client.watch(sandbox_spec(name, f"unix:{guest.path}"))
        next_sample = 0.0
        for happening in happenings(seed, len(self._names)):
            elapsed = time.monotonic() - self._began
            if elapsed > duration_s:
                break
            if elapsed >= next_sample:
                self.found.samples.append(self.sample())
                next_sample = elapsed + SAMPLE_S
            await self._happen(happening)
            count = self.found.happened.get(happening.event, 0)
            self.found.happened[happening.event] = count + 1
            await anyio.sleep(happening.pause_s)
        await self._settle()

    def sample(self) -> Sample:
        """What is taken now."""
        recorded = sum(size_of(self._places.recordings / name) for name in self._names)
        elapsed = time.monotonic() - self._began
        return Sample(elapsed, usage_of(self._pid), usage_of(scanner_of(self._pid)), recorded)

    async def _happen(self, happening: Happening) -> None:
        name = self._names[happening.console]
        guest = self._guests[name]
        match happening.event:
            case Event.HANG_UP:
                guest.hang_up()
            case Event.FREEZE:
                guest.freeze()
            case Event.GO_ON:
                guest.go_on()
            case Event.RESTART | Event.FLOOD:
                reborn = guest if happening.event is Event.RESTART else self._guests["flood"]
                reborn.restart(list(Rebirth)[happening.draw % len(Rebirth)])
            case Event.VIEWER_COMES | Event.VIEWER_GOES | Event.VIEWER_KILLED:
                await self._change_viewers(happening.event)
            case _:
                with contextlib.suppress(CommandRefused):
                    await self._command(happening.event, name, happening.draw)

    async def _command(self, event: Event, name: str, draw: int) -> None:
        match event:
            case Event.STOP:
                await self._client.stop(name)
            case Event.START:
                await self._client.start(name)
            case Event.DEBUG_OFF | Event.DEBUG_ON:
                await self._client.set_debug(name, event is Event.DEBUG_ON)
            case Event.TAKE:
                await self._client.take(name)
            case Event.CONFIGURE:
                # So much that nothing is dropped: each byte is compared in the end.
                await self._client.configure(Settings(quota_console=10**12 + draw, quota_total=0))

    async def _change_viewers(self, event: Event) -> None:
        if event is Event.VIEWER_COMES:
            if len(self._viewers) < MAX_VIEWERS:
                command = [sys.executable, "-m", "tests.core.capture.viewer"]
                command += [str(self._places.runtime), str(self._places.state)]
                viewer = await anyio.open_process(
                    command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=None
                )
                self._viewers.append(viewer)
        elif self._viewers:
            viewer = self._viewers.pop(0)
            if event is Event.VIEWER_KILLED:
                os.kill(viewer.pid, signal.SIGKILL)
            await viewer.aclose()

    async def _settle(self) -> None:
        """Have each guest heard again, and then no more; nothing may be left of it."""
        for viewer in self._viewers:
            await viewer.aclose()
        self._viewers.clear()
        for name, guest in self._guests.items():
            guest.go_on()
            await self._client.set_debug(name, True)
            await self._client.start(name)
        with anyio.fail_after(PATIENCE_S):
            while not all(
                facts.console.state is ConsoleState.CONNECTED
                for facts in await self._client.sandboxes()
            ):
                await anyio.sleep(0.05)
        for guest in self._guests.values():
            guest.freeze()
        for name in self._names:
            await self._client.stop(name)
        before = self.found.idle
        assert before is not None
        most = before.capture.descriptors + SCANNER_PIPES
        with anyio.move_on_after(PATIENCE_S):
            while (now := self.sample()) and (
                now.capture.descriptors > most or now.scanner.descriptors > SCANNER_IDLE
            ):
                await anyio.sleep(0.2)
        self.found.released = self.sample()

    def check(self) -> None:
        """Compare every recording with what its guest said."""
        for name, guest in self._guests.items():
            recorded, lost, gaps = check_sandbox(self._places.recordings / name, guest.lives)
            self.found.recorded += recorded
            self.found.lost += lost
            self.found.gaps += gaps


async def soak(folder: Path, duration_s: float, seed: int) -> Found:
    """Run one below `folder`, whose path is short, and check it."""
    for name in ("run", "state"):
        (folder / name).mkdir(mode=0o700)
    places = Places(folder / "run", folder / "state")
    with guests(folder, seed) as some:
        async with open_capture(places) as client:
            pid = (await client.status()).pid
            run = Soak(places, client, some, pid)
            await run.run(duration_s, seed)
            await client.shut_down()
        await anyio.to_thread.run_sync(lambda: until(lambda: not places.control_socket.exists()))
        await anyio.to_thread.run_sync(run.check)
    return run.found
