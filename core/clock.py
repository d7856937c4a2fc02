"""The two clocks a recording is dated with.

Arrival times are differences of a clock that goes on while the host sleeps
(CLOCK_BOOTTIME); the wall clock says when that was for a person, and may jump.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import NamedTuple


class Instant(NamedTuple):
    """One moment on both clocks, in seconds."""

    wall: float
    """Since the epoch, UTC."""
    boot: float
    """Since the host booted, sleep included."""


def now() -> Instant:
    """This moment."""
    return Instant(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))


@functools.cache
def boot_id() -> str:
    """Names this boot of the host; empty where the kernel does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
