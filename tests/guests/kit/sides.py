"""One script for a simulation and for a real QEMU: `Side` is what a test asks of both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest

from tests.guests.bridge import Bridge
from tests.guests.kit import Guest

BOTH = pytest.mark.parametrize(
    "is_real",
    [pytest.param(False, id="kit"), pytest.param(True, id="qemu", marks=pytest.mark.qemu)],
)
"""Runs a test on the simulation and on the real thing."""


class Side(Protocol):
    """A guest that prints what it is told to."""

    def say(self, data: bytes) -> None:
        """Print; return when that is done."""

    def say_soon(self, data: bytes) -> None:
        """Print as soon as there is room."""

    def wait_for_typed(self, data: bytes) -> None:
        """Return when it was typed exactly this."""

    @property
    def typed(self) -> bytes:
        """What it was typed so far."""

    def exit(self, *, kill: bool = False) -> None:
        """End it."""


class Simulated:
    """The kit's guest as a side."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self._asked = 0

    def say_soon(self, data: bytes) -> None:
        self._asked += len(data)
        self.guest.say(data)

    def say(self, data: bytes) -> None:
        self.say_soon(data)
        self.guest.wait_until(lambda truth: truth.lives[-1].said == self._asked)

    def wait_for_typed(self, data: bytes) -> None:
        self.guest.wait_until(lambda _: self.typed == data)

    @property
    def typed(self) -> bytes:
        # A break is a NUL to the guest's serial port.
        return b"".join(bytes(visit.typed) + b"\0" * visit.breaks for visit in self.guest.visits)

    def exit(self, *, kill: bool = False) -> None:
        self.guest.exit(kill=kill)


MakeGuest: TypeAlias = Callable[[], Guest]


@contextlib.contextmanager
def side(is_real: bool, folder: Path, chardev: str, simulation: MakeGuest) -> Iterator[Side]:
    """The one or the other, running."""
    if is_real:
        with Bridge(folder, chardev) as bridge:
            yield bridge
    else:
        with simulation() as guest:
            yield Simulated(guest)
