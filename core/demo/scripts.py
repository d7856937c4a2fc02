"""What each demo guest does: a recorded boot at its pace, then something alive for ever.

A script is pure: its delays are only numbers. Recorded parts are what a real guest
printed (`data/README.md`); what follows them comes from `core.demo.chatter`.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.demo.chatter import agent_calls, ci_jobs, web_requests
from core.demo.recordings import load_recording
from core.demo.step import Reboot, Say, Step

FIRMWARE_S = 0.8
"""Silence before a kernel's first byte: whoever watches is there by then."""

OFF_S = 2.0
"""How long a crashed guest's socket is away: long enough to be seen ended."""

_PANIC_S = 5.0
"""What the recorded guest was booted with: panic=5."""

_WEB_UPTIME_S = 16.0
"""Where the recorded boot's own clock stands at its login prompt, and a little more."""

STARTED = 1_795_471_200.0
"""2026-11-23T22:00:00Z, for whoever wants the same bytes each time."""


def web() -> Iterator[Step]:
    """Debian 12 with systemd up to its login prompt; then a web server's log and a heartbeat."""
    yield Say(FIRMWARE_S, b"")
    yield from load_recording("debian12-systemd-boot").until(b"guest login: ")
    yield Say(2.0, b"\r\n")
    yield from web_requests(uptime_s=_WEB_UPTIME_S)


def build() -> Iterator[Step]:
    """A kernel and its shell prompt; then CI jobs with progress lines and colours."""
    yield Say(FIRMWARE_S, b"")
    yield from load_recording("linux61-initramfs-panic").until(b"guest:/# ")
    yield Say(0.8, b"ci-runner --forever\r\n")
    yield from ci_jobs()


def kata(started: float = STARTED) -> Iterator[Step]:
    """A kernel and an agent's JSON lines; then the calls its runtime makes.

    Args:
        started: what the guest's clock says when this begins, seconds since the epoch.
    """
    boot = load_recording("kata-agent-style-boot")
    yield Say(FIRMWARE_S, b"")
    yield from boot.steps
    yield from agent_calls(started=started + FIRMWARE_S + boot.duration_s)


def crasher() -> Iterator[Step]:
    """Boots, fuzzes for 20 s, panics, is silent for 5 s, and boots anew; again and again."""
    while True:
        yield Say(FIRMWARE_S, b"")
        yield from load_recording("linux61-initramfs-panic").steps
        yield Reboot(_PANIC_S, OFF_S)


def quiet() -> Iterator[Step]:
    """Boots and says nothing more."""
    yield Say(FIRMWARE_S, b"")
    yield from load_recording("linux61-initramfs-boot").steps
