"""How fast alerts are found, and how soon: `python -m tests.bench.bench_alerts`.

Every figure is measured in this one run; each line is `name value budget ok|SHORT`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from core.client import Client
from core.console.alerts import Detector, Rules
from core.console.alerts.expression import compiled
from core.console.alerts.openers import LITERALS
from core.sandboxes.named import sandbox_spec
from core.settings import AlertPattern
from core.wire import AlertRaised
from tests.bench.report import report
from tests.bench.running import running_capture
from tests.core.capture.conftest import Chardev

MB = 1_000_000
BLOCK = 256 * 1024
TEXT_BYTES = 64 * MB
LINE = b"[   12.345678] e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX\n"
PANIC = (
    b"[   12.345678] Kernel panic - not syncing: number %d\n[   12.345679] ---[ end Kernel panic\n"
)
OOPS = (
    b"[   12.345678] BUG: unable to handle page fault at %x\n[   12.345679] ---[ end trace 0 ]---\n"
)
FLOOD_BYTES_S = 18 * MB
PROBES = 200
CATCH_UP_BYTES = 200 * MB


def main() -> None:
    """Print every figure."""
    _detector()
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        anyio.run(_latency, Path(folder))
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        anyio.run(_catch_up, Path(folder))


# The detector, against RE2 alone on the same bytes.


def _detector() -> None:
    data = LINE * (TEXT_BYTES // len(LINE))
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    floor = compiled("|".join(LITERALS).encode(), is_text=False)
    own = AlertPattern(name="own", pattern=r"mydrv: .* timed out$")

    def alone() -> None:
        for block in blocks:
            floor.search(block)

    def found(rules: Rules) -> Callable[[], None]:
        def run() -> None:
            detector, offset = Detector(rules), 0
            for block in blocks:
                detector.feed(offset, block)
                offset += len(block)

        return run

    plain, with_own = Rules(), Rules([own])
    figures: list[tuple[float, float, float]] = []
    for _ in range(5):
        figures.append((_rate(alone), _rate(found(plain)), _rate(found(with_own))))
    re2, detector, with_a_pattern = (statistics.median(each) for each in zip(*figures, strict=True))
    print(f"# RE2 alone {re2:.0f} MB/s, with one pattern of a user's {with_a_pattern:.0f} MB/s")
    report("detector, MB/s", detector, at_least=400.0)
    report("detector, share of RE2's own speed", detector / re2, at_least=0.8)


def _rate(run: Callable[[], None]) -> float:
    # The processor's time: a busy machine makes neither of them slower.
    began = time.process_time()
    run()
    return TEXT_BYTES / (time.process_time() - began) / MB


# From a guest that prints below 20 MB/s to the alert at a viewer.


async def _latency(folder: Path) -> None:
    chardev = Chardev(folder / "c.sock")
    async with _capture(folder) as client:
        await client.watch(sandbox_spec("vm1", f"unix:{chardev.path}"))
        await chardev.accept()
        await chardev.write(PANIC % 0)
        await _next_alert(client)
        ended = [await _probe(chardev, client, PANIC, number) for number in range(PROBES)]
        open_ = [await _probe(chardev, client, OOPS, number) for number in range(PROBES // 2)]
        quiet = [await _probe(chardev, client, OOPS, n, floods=False) for n in range(PROBES // 2)]
        _tell("a report with an end", ended)
        _tell("a report that may go on", open_)
        _tell("one with nothing behind it", quiet)
    chardev.exit()


def _tell(name: str, delays: list[float]) -> None:
    print(f"# {name}: median {statistics.median(delays):.0f} ms, most {max(delays):.0f} ms")
    p99 = statistics.quantiles(delays, n=100)[98]
    report(f"printed to alert below 20 MB/s, {name}, p99 in ms", p99, at_most=200.0)


async def _probe(
    chardev: Chardev, client: Client, report_: bytes, number: int, *, floods: bool = True
) -> float:
    """How many ms from the last byte of a report to its alert, in the midst of a flood."""
    piece = LINE * (FLOOD_BYTES_S // 200 // len(LINE))
    told, turn = anyio.Event(), anyio.Lock()
    delay = 0.0

    async def flood() -> None:
        due = time.perf_counter()
        while floods and not told.is_set():
            async with turn:
                await chardev.write(piece)
            due += 1 / 200
            await anyio.sleep(max(0.0, due - time.perf_counter()))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flood)
        await anyio.sleep(0.02 + (number % 10) / 200)
        async with turn:
            await chardev.write(report_ % number)
        began = time.perf_counter()
        await _next_alert(client)
        delay = (time.perf_counter() - began) * 1000
        told.set()
    return delay


@asynccontextmanager
async def _capture(folder: Path) -> AsyncIterator[Client]:
    """A capture in a process of its own, and its scanner in another."""
    async with running_capture(folder) as (client, _pid):
        yield client


async def _next_alert(client: Client) -> AlertRaised:
    async for event in client.events():
        if isinstance(event, AlertRaised):
            return event
    raise RuntimeError("capture is gone")


# After a flood faster than anybody scans.


async def _catch_up(folder: Path) -> None:
    chardev = Chardev(folder / "c.sock")
    async with _capture(folder) as client:
        await client.watch(sandbox_spec("vm1", f"unix:{chardev.path}"))
        await chardev.accept()
        await chardev.write(PANIC % 0)
        await _next_alert(client)
        piece = LINE * 800
        began = time.perf_counter()
        for _ in range(CATCH_UP_BYTES // len(piece)):
            await chardev.write(piece)
        flooded = time.perf_counter() - began
        await chardev.write(PANIC % 1)
        began = time.perf_counter()
        await _next_alert(client)
        late = time.perf_counter() - began
        print(f"# a flood at {CATCH_UP_BYTES / flooded / MB:.0f} MB/s;", end=" ")
        print(f"its last line's alert came {late * 1000:.0f} ms behind it")
    chardev.exit()


if __name__ == "__main__":
    main()
