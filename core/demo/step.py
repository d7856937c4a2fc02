"""What a demo guest does next: say something, or go away and come back.

A script is a function that gives an iterator of steps, anew for each call. It is
pure: delays are numbers in it, and nothing waits but `DemoGuest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Say(NamedTuple):
    """Bytes for the console."""

    delay_s: float
    """Seconds after the step before."""
    data: bytes


class Reboot(NamedTuple):
    """The guest's VM ends, socket and all, and a new one is started at the same path."""

    delay_s: float
    """Seconds after the step before."""
    off_s: float
    """Seconds without any socket."""


Step = Say | Reboot

Script = Callable[[], Iterator[Step]]
