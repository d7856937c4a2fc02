"""Runs the thread that reads consoles ahead of whatever else the host is doing, if it may.

A virtconsole throws away what its reader does not take within some 20 ms of a burst, and
a 16550 makes its guest wait. On a host whose processors are all busy a thread of ordinary
priority waits longer than that for its turn (50 ms were measured, and 3 % of a burst
lost; as a real-time thread none was). So it rests ahead of all others, and stays there
as long as the host is busy. On a host that is not it runs along with them: a reader that
wakes ahead of a guest's own processor takes time from it (7 % of a serial port's burst
were measured). It does so too when it wants more than half a processor, as for a guest
that floods: no guest can take a processor away from the host.

Root may do this, and whoever has RLIMIT_RTPRIO, as the systemd units give it. For all
others nothing changes. Sources: sched(7), sched_setscheduler(2).
"""

from __future__ import annotations

import os
import time

CHECK_S = 0.05
"""How often it is looked at how much of a processor was wanted."""

BUSY_S = 1.0
"""A host that was busy counts as busy for so long."""

MAX_SHARE = 0.5
"""Whoever wants more than this of a processor waits for it as all others do."""

_AHEAD = os.SCHED_RR | os.SCHED_RESET_ON_FORK
"""Not for the programs and threads that are started from here."""

_LOWEST = os.sched_param(1)
_ORDINARY = os.sched_param(0)


class Priority:
    """The calling thread's priority.

    Attributes:
        is_ahead: whether it runs ahead of all ordinary threads now.
    """

    def __init__(self) -> None:
        self.is_ahead = False
        self._may_be_ahead = True
        self._checked_at = 0.0
        self._used_s = 0.0
        self._busy_until = 0.0

    def check(self, boot: float) -> None:
        """Decide anew, at most every `CHECK_S`. To be called by the thread itself.

        Args:
            boot: seconds since the host booted.
        """
        passed = boot - self._checked_at
        if passed < CHECK_S or not self._may_be_ahead:
            return
        used = time.thread_time()
        if is_host_busy():
            self._busy_until = boot + BUSY_S
        self.decide((used - self._used_s) / passed, is_busy=boot < self._busy_until)
        self._checked_at, self._used_s = boot, used

    def decide(self, share: float, *, is_busy: bool) -> None:
        """Run ahead of all ordinary threads, or along with them.

        Args:
            share: how much of a processor was wanted lately.
            is_busy: whether others wait for a processor.
        """
        if share > MAX_SHARE or not is_busy:
            self.run_along()
        else:
            self.run_ahead()

    def run_ahead(self) -> None:
        """Run ahead of all ordinary threads; to be called before a rest. Harmless if forbidden."""
        if not self.is_ahead and self._may_be_ahead:
            self.is_ahead = self._may_be_ahead = _set(_AHEAD, _LOWEST)

    def run_along(self) -> None:
        """Run as all others do."""
        if self.is_ahead:
            self.is_ahead = not _set(os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, _ORDINARY)


def is_host_busy() -> bool:
    """Whether more threads want a processor than there are, the one that asks left out."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as file:  # noqa: PTH123 (hot)
            running = int(file.read(128).split()[3].partition(b"/")[0])
    except (OSError, ValueError, IndexError):
        return True
    return running - 1 > _PROCESSORS


_PROCESSORS = os.cpu_count() or 1


def _set(policy: int, parameter: os.sched_param) -> bool:
    try:
        os.sched_setscheduler(0, policy, parameter)
    except OSError:
        # Not allowed, or its control group has no real-time share.
        return False
    return True
