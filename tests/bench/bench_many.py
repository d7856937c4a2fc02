"""What many slow consoles cost: `python -m tests.bench.bench_many`.

Each prints 10 lines a second, in processes other than capture's, and every recording is
compared with what was printed. Costs are seconds of processor time, so that others on
the machine do not count. Each line is `name value budget ok|SHORT`; `#` begins the
table of costs against the number of consoles.
"""

from __future__ import annotations

import random
import socket
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread

from core.client import Client
from core.limits import descriptor_limit, raise_descriptor_limit, shortage
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from tests.bench.crowd import Crowd, crowd, line_of
from tests.bench.report import report
from tests.bench.running import LINE, cpu_s, descriptors, rss_mb, running_capture, scanner_of

SIZES = (1, 10, 100, 1000, 2000)
BUDGETED = 1000
ROUNDS = 3
SECONDS = 3.0
PROBED = 8
"""So many consoles more print at moments of their own, to be timed."""

PROBE_S = 0.01


@dataclass
class Cost:
    """What so many consoles cost."""

    consoles: int
    attached_s: float = 0.0
    capture: list[float] = field(default_factory=list)
    """Shares of a core, a round each."""
    scanner: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    median_ms: list[float] = field(default_factory=list)
    rss_mb: float = 0.0
    descriptors: int = 0
    lost: int = 0
    """How many bytes are not where they should be in the recordings."""

    def row(self) -> str:
        """A line of the table."""
        return (
            f"# {self.consoles:>8,} {self.attached_s:>9.2f} {_middle(self.capture):>8.3f}"
            f" {_middle(self.scanner):>8.3f} {self.rss_mb:>7.0f} {self.descriptors:>7,}"
            f" {_middle(self.median_ms):>8.2f} {_middle(self.p99_ms):>6.2f} {self.lost:>6,}"
        )


def main() -> None:
    """Print every figure."""
    raise_descriptor_limit()
    limit = descriptor_limit()
    costs = []
    for size in SIZES:
        words = shortage(size + PROBED, limit)
        if words:
            print(f"# left out: {words}", flush=True)
            continue
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
            costs.append(anyio.run(_cost, Path(folder), size))
    print("# consoles  attached  capture  scanner     RSS  descr-   median    p99  bytes")
    print("#                  s    cores    cores      MB  iptors       ms     ms   lost")
    for cost in costs:
        print(cost.row(), flush=True)
    for cost in costs:
        if cost.consoles == BUDGETED:
            _report(cost)
        elif cost.consoles > BUDGETED:
            report(f"{cost.consoles:,} consoles, bytes lost", float(cost.lost), at_most=0.0)
            report(
                f"{cost.consoles:,} consoles, until all are attached, in s",
                cost.attached_s,
                at_most=30.0,
            )


def _report(cost: Cost) -> None:
    name = f"{cost.consoles:,} consoles"
    both = [one + other for one, other in zip(cost.capture, cost.scanner, strict=True)]
    print(f"# capture {_range(cost.capture)}, with its scanner {_range(both)} of a core")
    print(f"# p99 {_range(cost.p99_ms)} ms")
    report(f"{name} x 10 lines/s, share of a core", _middle(cost.capture), at_most=0.25)
    report(f"{name} x 10 lines/s, scanner counted", _middle(both), at_most=0.25)
    report(f"{name}, RSS in MB", cost.rss_mb, at_most=150.0)
    report(f"{name}, bytes lost", float(cost.lost), at_most=0.0)
    report(
        f"{name}, guest writes to on disk, p99 in ms",
        _middle(cost.p99_ms),
        at_most=5.0,
    )


async def _cost(folder: Path, size: int) -> Cost:
    cost = Cost(size)
    async with running_capture(folder / "c") as (client, pid):
        with crowd(folder, size) as guests:
            probes = _Probes(folder)
            places = {f"vm{n}": folder / str(n) for n in range(size)} | probes.places
            began = time.perf_counter()
            for name, path in places.items():
                await client.watch(sandbox_spec(name, f"unix:{path}"))
            await anyio.to_thread.run_sync(probes.accept)
            logs = await _logs_when_connected(client)
            cost.attached_s = time.perf_counter() - began
            # What is put off at the start is done before anything is measured.
            await anyio.to_thread.run_sync(guests.talk, 1.0)
            cost.descriptors = descriptors(pid)
            for _ in range(ROUNDS if size >= BUDGETED else 1):
                await _round(cost, pid, guests, probes, logs)
            cost.rss_mb = rss_mb(pid)
            await _until_quiet(logs.values())
            cost.lost = _lost(logs, guests.lines)
    return cost


async def _round(
    cost: Cost, pid: int, guests: Crowd, probes: _Probes, logs: dict[str, Path]
) -> None:
    """Measure while all of them print."""
    scanner = scanner_of(pid)
    assert scanner is not None
    before, at = (cpu_s(pid), cpu_s(scanner)), time.perf_counter()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, guests.talk, SECONDS)
        delays = await anyio.to_thread.run_sync(probes.probe, logs)
    took = time.perf_counter() - at
    cost.capture.append((cpu_s(pid) - before[0]) / took)
    cost.scanner.append((cpu_s(scanner) - before[1]) / took)
    cost.p99_ms.append(statistics.quantiles(delays, n=100)[98])
    cost.median_ms.append(statistics.median(delays))


async def _logs_when_connected(client: Client) -> dict[str, Path]:
    """Every console's log by its sandbox's name, once all of them are recorded."""
    while True:
        facts = await client.sandboxes()
        if all(each.console.state is ConsoleState.CONNECTED for each in facts):
            return {f.spec.id: Path(f.recordings, f.generation, "console.log") for f in facts}
        await anyio.sleep(0.2)


async def _until_quiet(logs: Iterable[Path]) -> None:
    """Return once no recording grows any more."""
    before = -1
    while (size := sum(log.stat().st_size for log in logs)) != before:
        before = size
        await anyio.sleep(0.5)


def _lost(logs: dict[str, Path], lines: int) -> int:
    """How many bytes are not where they should be."""
    lost = 0
    for name, log in logs.items():
        if not name.startswith("probe"):
            printed = b"".join(line_of(int(name[2:]), number) for number in range(lines))
            kept = log.read_bytes()
            same = sum(one == other for one, other in zip(printed, kept, strict=False))
            lost += max(len(printed), len(kept)) - (len(kept) if kept == printed else same)
    return lost


class _Probes:
    """Consoles of our own, whose lines are timed from the guest's write to the disk."""

    def __init__(self, folder: Path) -> None:
        self.places = {f"probe{n}": folder / f"probe{n}" for n in range(PROBED)}
        self._listeners: dict[str, socket.socket] = {}
        self._peers: dict[str, socket.socket] = {}
        for name, path in self.places.items():
            listener = self._listeners[name] = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(1)

    def accept(self) -> None:
        """Let capture in."""
        for name, listener in self._listeners.items():
            self._peers[name] = listener.accept()[0]

    def probe(self, logs: dict[str, Path]) -> list[float]:
        """How many ms each of some lines took to the disk."""
        delays = []
        over = time.perf_counter() + SECONDS
        while time.perf_counter() < over:
            name = random.choice(list(self._peers))
            before = logs[name].stat().st_size
            at = time.perf_counter()
            self._peers[name].sendall(LINE)
            while logs[name].stat().st_size == before:
                time.sleep(0.0001)
            delays.append((time.perf_counter() - at) * 1000)
            time.sleep(random.uniform(0.0, 2 * PROBE_S))
        return delays


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def _range(values: Sequence[float]) -> str:
    return f"{_middle(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
