"""How many descriptors capture may have, what they suffice for, and a few kept back."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

CONSOLE_DESCRIPTORS = 6
"""A console takes five (socket, pin, folder, log, timing), and a few more while it is
opened."""

OWN_DESCRIPTORS = 160
"""What capture itself takes at most: as many viewers and askers as it serves, its locks,
its log and its event loop."""


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors to the hard one.

    The usual soft limit of 1,024 would end at some hundred consoles.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def descriptor_limit() -> int:
    """How many descriptors this process may have open."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft


def descriptors_open() -> int:
    """How many descriptors this process has open; 0 where /proc does not tell."""
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1
    return 0


def descriptors_needed(consoles: int) -> int:
    """About how many descriptors so many consoles need, capture's own included."""
    return OWN_DESCRIPTORS + CONSOLE_DESCRIPTORS * consoles


def shortage(consoles: int, limit: int) -> str:
    """What to do about a `limit` of descriptors that is too low; empty when it suffices."""
    needed = descriptors_needed(consoles)
    if limit == resource.RLIM_INFINITY or needed <= limit:
        return ""
    return (
        f"{consoles:,} consoles need about {needed:,} descriptors; the hard limit is {limit:,}:"
        f" raise it with LimitNOFILE={needed} in the unit, or ulimit -Hn {needed} before the start"
    )


class Reserve:
    """Descriptors kept back for what must go on when all others are taken.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[int] = []
        self.fill()

    def fill(self) -> None:
        """Take back what was given away, as far as there are any."""
        with contextlib.suppress(OSError):
            while len(self._kept) < self._size:
                self._kept.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    def give(self) -> bool:
        """Let one go for somebody to take; False when all are given away."""
        if not self._kept:
            return False
        os.close(self._kept.pop())
        return True

    def close(self) -> None:
        """Let all go."""
        while self.give():
            pass
