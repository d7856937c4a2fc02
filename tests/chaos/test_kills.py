"""Fifty consoles and a real guest, and whoever listens is killed: every byte is accounted for."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from core.recording import Cause, RecordingError
from tests.chaos import numbered
from tests.chaos.dashboard import dashboard
from tests.chaos.evidence import (
    check_account,
    check_bracket,
    check_one_hole,
    gaps_of,
    size_of,
    whole,
)
from tests.e2e.conftest import Home
from tests.guests.client import until
from tests.guests.kit import QemuQueue, Seeded
from tests.guests.qemu import BootGuest, RealGuest

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(300)]

CONSOLES = 50
ENDLESS = 1 << 40
KILLS = 5
STEP = 100_000
"""So many bytes more of each console are recorded before the next blow."""

PATIENCE_S = 120.0
SEED = 4711
BURSTS = 60
REAL = "real"


class Scene:
    """The guests, and where they are recorded."""

    def __init__(
        self, home: Home, folder: Path, real: RealGuest, stack: contextlib.ExitStack
    ) -> None:
        self.home = home
        self.folder = folder
        self.recordings = home.state / "recordings"
        self.guests = {
            f"vm{number:02}": stack.enter_context(
                QemuQueue(
                    folder / f"{number}.sock",
                    say=Seeded(SEED + number, size=ENDLESS),
                    wait=True,
                    every_ms=20,
                    piece=4096,
                )
            )
            for number in range(CONSOLES)
        }
        self.named = [f"{REAL}={real.console}"]
        self.named += [f"{name}={guest.path}" for name, guest in self.guests.items()]

    def sizes(self) -> dict[str, int]:
        """How much of each simulated guest is recorded."""
        return {name: size_of(self.recordings / name) for name in self.guests}

    def goes_on(self) -> None:
        """Return once every console has been recorded a step further."""
        wanted = {name: size + STEP for name, size in self.sizes().items()}
        until(
            lambda: all(size >= wanted[name] for name, size in self.sizes().items()),
            timeout_s=PATIENCE_S,
        )

    def kill_capture(self) -> float:
        """Kill capture, and wait until each guest has talked to nobody; when it was killed."""
        at = time.time()
        os.kill(self.home.capture_pid, signal.SIGKILL)
        self.home.wait_until_capture_is_gone()
        for guest in self.guests.values():
            guest.wait_until(lambda truth: truth.lives[0].dropped, timeout_s=PATIENCE_S)
        return at


def test_whoever_is_killed_every_byte_is_there_or_in_the_one_gap(
    home: Home, short_folder: Path, qemu_guest: BootGuest
) -> None:
    real = qemu_guest(paused=True, body=numbered.body(SEED, BURSTS, pause_s=0.2))
    with contextlib.ExitStack() as stack:
        scene = Scene(home, short_folder, real, stack)
        outage = play(scene, real)
        for name, guest in scene.guests.items():
            check_simulated(scene.recordings / name, guest, outage)
        check_real(scene.recordings / REAL, outage)


def play(scene: Scene, real: RealGuest) -> tuple[float, float]:
    """Let it all happen; returns when capture was killed and when the next one was started."""
    outage = (0.0, 0.0)
    for kill in range(KILLS):
        with dashboard(scene.folder, scene.home.env, scene.named, sees="● live") as board:
            if kill == 0:
                until(lambda: all(scene.sizes().values()), timeout_s=PATIENCE_S)
                real.tell("cont")
                until(lambda: begun(scene.recordings / REAL), timeout_s=PATIENCE_S)
            if kill == 1:
                board.stop()
                scene.goes_on()
                board.go_on()
            scene.goes_on()
            board.kill()
        scene.goes_on()
        if kill == 2:
            killed_at = scene.kill_capture()
            outage = killed_at, time.time()
    with dashboard(scene.folder, scene.home.env, scene.named, sees="● live") as board:
        scene.goes_on()
        until(lambda: ended(scene.recordings / REAL), timeout_s=PATIENCE_S)
        for guest in scene.guests.values():
            guest.freeze()
        for name, guest in scene.guests.items():
            life = guest.lives[0]
            (offset, _gap), *_ = gaps_of(generation(scene.recordings / name))
            all_of_it = offset + life.said - life.visits[1].delivered[0][0]
            until(lambda name=name, size=all_of_it: scene.sizes()[name] == size)  # type: ignore[misc]
        board.quit()
    scene.home.wait_until_capture_is_gone()
    return outage


def generation(sandbox: Path) -> Path:
    """The one generation of a sandbox."""
    (folder,) = sorted(path for path in sandbox.iterdir() if path.is_dir())
    return folder


def begun(sandbox: Path) -> bool:
    """Whether the real guest's stream has begun."""
    with contextlib.suppress(RecordingError, ValueError, FileNotFoundError):
        return numbered.BEGIN in whole(generation(sandbox))
    return False


def ended(sandbox: Path) -> bool:
    """Whether the real guest's stream is over."""
    return numbered.END in whole(generation(sandbox))


def check_simulated(sandbox: Path, guest: QemuQueue, outage: tuple[float, float]) -> None:
    folder = generation(sandbox)
    record = whole(folder)
    ((offset, gap),) = gaps_of(folder)
    (life,) = guest.lives
    lost = check_one_hole(record, life, offset)
    assert gap.cause is Cause.NO_CAPTURE
    check_bracket(folder, offset, gap, outage)
    account = check_account(sandbox, captured=len(record))
    assert account.captured_bytes + lost == life.said
    print(f"{sandbox.name}: said {life.said}, recorded {len(record)}, lost {lost} at {offset}")


def check_real(sandbox: Path, outage: tuple[float, float]) -> None:
    folder = generation(sandbox)
    record = whole(folder)
    ((offset, gap),) = gaps_of(folder)
    begin, heard = numbered.stream_in(record)
    sent = numbered.printed(SEED, BURSTS)
    cut = offset - begin
    lost = len(sent) - len(heard)
    assert 0 <= cut <= len(heard)
    assert heard == sent[:cut] + sent[cut + lost :]
    assert gap.cause is Cause.NO_CAPTURE
    assert gap.start <= outage[0]
    assert outage[1] <= gap.end
    check_account(sandbox, captured=len(record))
    print(f"{sandbox.name}: said {len(sent)}, recorded {len(heard)}, lost {lost} at {offset}")
