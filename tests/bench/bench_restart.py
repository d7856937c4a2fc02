"""How soon a VM that restarts on its path is recorded again: `python -m tests.bench.bench_restart`.

From the moment the new console's socket is bound until its first byte is on disk, over
a hundred restarts; no line of any boot may be missing. Each line is
`name value budget ok|SHORT`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from core.sandboxes.named import sandbox_spec
from tests.bench.report import report
from tests.bench.running import running_capture

RESTARTS = 100
LINES = 200
PATIENCE_S = 10.0

_VM = """\
import socket, sys, time
from pathlib import Path
path = Path(sys.argv[1])
for order in sys.stdin:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    bound = time.monotonic()
    listener.listen(1)
    print(bound, flush=True)
    peer, _ = listener.accept()
    for number in range(int(sys.argv[2])):
        peer.sendall(b"boot %d line %d\\n" % (int(order), number))
    sys.stdin.readline()
    listener.close()
    path.unlink()
    peer.close()
"""
"""A VM's console: bound when stdin says which boot it is, gone at the next line."""


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        anyio.run(_restarts, Path(folder))


async def _restarts(folder: Path) -> None:
    path = folder / "c.sock"
    delays, missing = [], 0
    async with running_capture(folder / "c") as (client, _pid):
        with _vm(path) as vm:
            await client.watch(sandbox_spec("vm1", f"unix:{path}"))
            home = folder / "c/state/recordings/vm1"
            for number in range(RESTARTS):
                delay, lost = await anyio.to_thread.run_sync(_boot, vm, number, home)
                delays.append(delay)
                missing += lost
    median, p99 = statistics.median(delays), statistics.quantiles(delays, n=100)[98]
    print(f"# {RESTARTS} restarts, at least {min(delays):.1f} ms, at most {max(delays):.1f} ms")
    report("restart, bound to first byte on disk, median in ms", median, at_most=200.0)
    report("restart, bound to first byte on disk, p99 in ms", p99, at_most=500.0)
    report("restart, lines missing", float(missing), at_most=0.0)


def _boot(vm: subprocess.Popen[str], number: int, home: Path) -> tuple[float, int]:
    """How many ms one boot took to be recorded, and how many of its lines are not there."""
    assert vm.stdin is not None
    assert vm.stdout is not None
    vm.stdin.write(f"{number}\n")
    vm.stdin.flush()
    bound = float(vm.stdout.readline())
    log = _log_of(home, number + 1)
    delay = (time.monotonic() - bound) * 1000
    printed = b"".join(b"boot %d line %d\n" % (number, each) for each in range(LINES))
    give_up = time.monotonic() + PATIENCE_S
    while log.stat().st_size < len(printed) and time.monotonic() < give_up:
        time.sleep(0.001)
    vm.stdin.write("\n")
    vm.stdin.flush()
    kept = log.read_bytes().splitlines()
    return delay, sum(line not in kept for line in printed.splitlines())


def _log_of(home: Path, sequence: int) -> Path:
    """The log of a generation, once there is a byte in it."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        for log in home.glob(f"{sequence:06d}-*/console.log"):
            if log.stat().st_size:
                return log
        time.sleep(0.0005)
    raise RuntimeError(f"boot {sequence} was not recorded within {PATIENCE_S:.0f} s")


@contextmanager
def _vm(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _VM, str(path), str(LINES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as vm:
        try:
            yield vm
        finally:
            vm.kill()


if __name__ == "__main__":
    main()
