"""The signals that end a capture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import pytest

from core.capture.signals import ENDING, EndSignals

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", ENDING)
async def test_the_first_one_counts_and_the_next_ones_do_nothing(number: signal.Signals) -> None:
    with EndSignals() as signals:
        async with anyio.create_task_group() as tasks:
            with anyio.fail_after(10):
                tasks.start_soon(_kill, number)
                assert await signals.wait() is number
        for other in ENDING:
            os.kill(os.getpid(), other)
        assert await signals.wait() is number


async def _kill(number: signal.Signals) -> None:
    await anyio.wait_all_tasks_blocked()
    os.kill(os.getpid(), number)


def test_a_storm_of_them_does_not_nest() -> None:
    code = (
        "import os, signal, sys\n"
        "from core.capture.signals import ENDING, EndSignals\n"
        "with EndSignals():\n"
        "    print('taken', flush=True)\n"
        "    sys.setrecursionlimit(30)\n"
        "    while not os.path.exists(sys.argv[1]): pass\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = Path(folder) / "done"
        command = [sys.executable, "-c", code, str(done)]
        with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            for _ in range(20_000):
                for number in ENDING:
                    process.send_signal(number)
            done.touch()
            told = process.stderr.read()
    assert (process.returncode, told) == (0, "")


async def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    with EndSignals():
        assert [signal.getsignal(number) for number in ENDING] != before
    assert [signal.getsignal(number) for number in ENDING] == before


async def test_one_that_was_ignored_goes_on_being_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with EndSignals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            assert await signals.wait() is signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)


def test_for_good_leaves_nothing_that_could_interrupt_the_end() -> None:
    code = (
        "import os, signal\n"
        "from core.capture.signals import ENDING, EndSignals\n"
        "with EndSignals(for_good=True): pass\n"
        "for number in ENDING: os.kill(os.getpid(), number)\n"
        "print('still here')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "still here\n", "")
