"""The reading thread runs ahead where it may, and never takes a whole processor."""

from __future__ import annotations

import subprocess
import sys
import time

from core.capture.priority import CHECK_S, MAX_SHARE, Priority
from tests.guests import ROOT

CODE = """
import os, subprocess, sys
from core.capture.priority import Priority
priority = Priority()
priority.decide(0.0, is_busy=True)
own = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
show = 'import os; print(os.sched_getscheduler(0))'
child = subprocess.run([sys.executable, '-c', show], capture_output=True, text=True).stdout
print(priority.is_ahead, own == os.SCHED_RR, int(child) == os.SCHED_OTHER)
priority.decide(%r, is_busy=%r)
print(priority.is_ahead, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER)
"""


NOBODY = """
import os, resource
from core.capture.priority import Priority
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
priority = Priority()
priority.check(1000.0)
priority.check(1001.0)
priority.run_along()
print(priority.is_ahead, os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


def told(code: str) -> list[str]:
    """What a process of its own says of its priority."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def may_run_ahead() -> bool:
    """Whether this machine lets us."""
    priority = Priority()
    priority.run_ahead()
    is_ahead = priority.is_ahead
    priority.run_along()
    return is_ahead


def test_it_runs_ahead_where_it_may_and_what_it_starts_does_not() -> None:
    may = str(may_run_ahead())
    assert told(CODE % (MAX_SHARE / 2, True)) == [may, may, "True", may, str(may == "False")]


def test_whoever_wants_more_than_its_share_waits_as_all_others_do() -> None:
    may = str(may_run_ahead())
    assert told(CODE % (MAX_SHARE * 1.01, True)) == [may, may, "True", "False", "True"]


def test_on_a_host_that_is_not_busy_it_runs_along_with_the_guests() -> None:
    may = str(may_run_ahead())
    assert told(CODE % (0.0, False)) == [may, may, "True", "False", "True"]


def test_where_it_may_not_nothing_changes_and_nothing_fails() -> None:
    assert told(NOBODY) == ["False", "True"]


def test_it_decides_by_what_was_used_lately() -> None:
    priority = Priority()
    try:
        priority.check(1000.0)
        priority.run_ahead()
        assert priority.is_ahead == may_run_ahead()
        began = time.thread_time()
        while time.thread_time() - began < CHECK_S:
            pass
        # All of what was just used, in little more time than that.
        priority.check(1000.0 + CHECK_S * 1.01)
        assert not priority.is_ahead
    finally:
        priority.run_along()
