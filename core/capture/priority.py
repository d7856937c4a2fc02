"""Runs the thread that reads consoles ahead of whatever else the host is doing, if it may.

A virtconsole throws away what its reader does not take within some 20 ms of a burst, and
a 16550 makes its guest wait. On a host whose processors are all busy a thread of ordinary
priority waits longer than that for its turn (50 ms were measured, and 3 % of a burst
lost; as a real-time thread none was). It reads for microseconds at a time, so nobody
misses the processor it takes. Should it want more than half of one, as for a guest that
floods, it runs with ordinary priority: no guest can take a processor away from the host.

Root may do this, and whoever has RLIMIT_RTPRIO, as the systemd units give it. For all
others nothing changes. Sources: sched(7), sched_setscheduler(2).
"""

from __future__ import annotations

import os
import time

CHECK_S = 0.05
"""How often it is looked at how much of a processor was wanted."""

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

    def check(self, boot: float) -> None:
        """Decide anew, at most every `CHECK_S`. To be called by the thread itself.

        Args:
            boot: seconds since the host booted.
        """
        passed = boot - self._checked_at
        if passed < CHECK_S or not self._may_be_ahead:
            return
        used = time.thread_time()
        self.decide((used - self._used_s) / passed)
        self._checked_at, self._used_s = boot, used

    def decide(self, share: float) -> None:
        """Run ahead of all ordinary threads, unless more than its share is wanted.

        Args:
            share: how much of a processor was wanted lately.
        """
        if share > MAX_SHARE:
            self.run_along()
        elif not self.is_ahead:
            self.is_ahead = self._may_be_ahead = _set(_AHEAD, _LOWEST)

    def run_along(self) -> None:
        """Run as all others do."""
        if self.is_ahead:
            self.is_ahead = not _set(os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, _ORDINARY)


def _set(policy: int, parameter: os.sched_param) -> bool:
    try:
        os.sched_setscheduler(0, policy, parameter)
    except OSError:
        # Not allowed, or its control group has no real-time share.
        return False
    return True
