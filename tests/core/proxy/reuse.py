"""Gives the pids of recorded proxies to innocent processes, and looks who is signalled.

Run as a module, it prints its findings as JSON. With `--forced` it runs in a pid
namespace of its own and makes the kernel use the numbers again, by `ns_last_pid`;
without, the records are faked.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from core.proxy import KataProxy
from core.proxy.child import HeldProcess, spawn
from core.proxy.folder import ProxyFolder, ProxyRecord
from core.proxy.identity import ProcessIdentity, has_pidfs, identify, signal_recorded

ROOT = Path(__file__).parents[3]
ROUNDS = 100
GAPS_S = (0.0, 0.015)
"""How long a number stays free: used again in the same tick of the clock that start times
are told in, or in a later one."""

UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


@dataclasses.dataclass
class Findings:
    """What became of the innocent processes."""

    is_forced: bool
    rounds: int = 0
    signalled: int = 0
    """By `signal_recorded`."""
    ended_by_stop: int = 0
    """By `stop` of a kata-proxy, or by `signal_recorded`."""
    ended_by_number: int = 0
    """By os.kill, which knows only the number."""
    taken_for: int = 0
    """By a comparison of start times alone."""


@functools.cache
def may_unshare() -> bool:
    """Whether a pid namespace may be had here."""
    try:
        probe = subprocess.run(
            [*UNSHARE, "sh", "-c", f"echo 100 > {_LAST_PID}"], capture_output=True, check=False
        )
    except OSError:
        return False
    return probe.returncode == 0


def forced(gap_s: float) -> Iterator[tuple[ProcessIdentity, HeldProcess]]:
    """Identities of dead processes, each with a process that has its number now."""
    while True:
        victim = spawn(("sleep", "600"))
        identity = identify(victim.pid, victim.fileno())
        victim.kill()
        time.sleep(gap_s)
        _LAST_PID.write_text(str(identity.pid - 1))
        innocent = spawn(("sleep", "600"))
        assert innocent.pid == identity.pid
        yield identity, innocent


def faked() -> Iterator[tuple[ProcessIdentity, HeldProcess]]:
    """Identities that nobody ever had, each with a process that has its number."""
    while True:
        innocent = spawn(("sleep", "600"))
        identity = identify(innocent.pid, innocent.fileno())
        if has_pidfs():
            yield dataclasses.replace(identity, pidfd_inode=identity.pidfd_inode - 1), innocent
        else:
            yield dataclasses.replace(identity, start_time=identity.start_time - 1), innocent


async def find(*, is_forced: bool, runtime: Path) -> Findings:
    """Try to stop each recorded process, then to kill its number."""
    findings = Findings(is_forced)
    gaps = [gap for gap in GAPS_S for _ in range(ROUNDS)]
    for number, gap in enumerate(gaps):
        identity, innocent = next(forced(gap) if is_forced else faked())
        findings.rounds += 1
        folder = ProxyFolder.of(runtime, f"vm{number}")
        folder.make()
        folder.write(ProxyRecord(identity, ("kata-proxy",), "unix:///proxy.sock", True))
        assert folder.read() is not None
        findings.signalled += signal_recorded(identity, signal.SIGKILL)
        async with KataProxy(runtime_dir=runtime) as proxy:
            await proxy.stop(identity.pid)
        findings.ended_by_stop += innocent.has_ended()
        now = identify(innocent.pid, innocent.fileno())
        findings.taken_for += now.start_time == identity.start_time
        os.kill(identity.pid, signal.SIGKILL)
        await innocent.wait()
        findings.ended_by_number += innocent.exit_status == -signal.SIGKILL
    return findings


def main() -> None:
    """Print the findings."""
    is_forced = "--forced" in sys.argv
    with tempfile.TemporaryDirectory(prefix="gw") as runtime:

        async def run() -> Findings:
            return await find(is_forced=is_forced, runtime=Path(runtime))

        print(json.dumps(dataclasses.asdict(anyio.run(run))))


if __name__ == "__main__":
    main()
