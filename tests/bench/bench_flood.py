"""One console at full flood, against conserver and against a watcher that logs each line.

    python -m tests.bench.bench_flood

The scanner runs, as it always does. Each round takes all three one after the other, in
turns in another order, so that a busy machine slows all of them, and is timed from its
log's first byte to its last. Each line is `name value budget ok|SHORT`.
"""

from __future__ import annotations

import logging
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from core.endpoints import ConsoleSink, ConsoleWatch, open_console
from core.errors import ConsoleError
from core.proxy import ProxyParams, new_proxy
from core.sandboxes.named import sandbox_spec
from tests.bench.report import report
from tests.bench.running import LINE, MB, cpu_s, flooding_guest, running_capture, scanner_of

FLOOD_BYTES = 200 * MB
LOGGED_BYTES = 4 * MB
ROUNDS = 5

_CONSERVER = """\
config * {{ }}
default * {{ logfile {folder}/&.log; timestamp ""; rw *; master localhost; }}
access * {{ trusted 127.0.0.1; }}
console vm1 {{ type uds; uds {folder}/c.sock; }}
"""
"""A console on a unix socket and its log file, with no time stamps: the least it can do."""

_PORTS = ("17829", "17900")


def main() -> None:
    """Print every figure."""
    conserver = shutil.which("conserver") or shutil.which("conserver", path="/usr/sbin")
    takers: dict[str, Callable[[Path], float]] = {
        "captured": lambda folder: anyio.run(_captured_rate, folder),
        "logged": lambda folder: anyio.run(_logged_rate, folder),
    }
    if conserver is not None:
        takers["conserver"] = lambda folder: _conserved_rate(folder, conserver)
    else:
        print("# conserver: left out. sudo apt-get install conserver-server", flush=True)
    rates: dict[str, list[float]] = {name: [] for name in takers}
    for number in range(ROUNDS):
        # In turns, so that none is always the one that comes after another.
        for name in list(takers)[:: 1 if number % 2 else -1]:
            with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
                rates[name].append(takers[name](Path(folder, "run")))
    medians = {name: statistics.median(found) / MB for name, found in rates.items()}
    print("#", ", ".join(f"{name} {rate:.4g} MB/s" for name, rate in medians.items()))
    if conserver is not None:
        report("flood, against conserver", _ratio(rates, "conserver"), at_least=1.0)
    report("flood, against logging each line", _ratio(rates, "logged"), at_least=40.0)


def _ratio(rates: dict[str, list[float]], other: str) -> float:
    """How many times as fast capture is, in the same round: the median of all rounds."""
    ratios = [a / b for a, b in zip(rates["captured"], rates[other], strict=True)]
    print(f"# against {other}: from {min(ratios):.3g} to {max(ratios):.3g}")
    return statistics.median(ratios)


async def _captured_rate(folder: Path) -> float:
    async with running_capture(folder) as (client, pid):
        # The scanner starts with the first recording: it is to run, not to start meanwhile.
        with flooding_guest(folder / "first.sock", len(LINE)):
            await client.watch(sandbox_spec("first", f"unix:{folder}/first.sock"))
            await _until_scanned(pid)
        with flooding_guest(folder / "c.sock", FLOOD_BYTES):
            await client.watch(sandbox_spec("vm1", f"unix:{folder}/c.sock"))
            return await _rate(folder / "state/recordings/vm1", FLOOD_BYTES)


async def _until_scanned(pid: int) -> None:
    """Return once capture's scanner runs and has nothing to do."""
    scanner = None
    while scanner is None:
        await anyio.sleep(0.05)
        scanner = scanner_of(pid)
    before = -1.0
    while (used := cpu_s(scanner)) != before:
        before = used
        await anyio.sleep(0.3)


async def _rate(home: Path, size: int) -> float:
    def written() -> int:
        return sum(log.stat().st_size for log in home.glob("*/console*.log"))

    while not written():
        await anyio.sleep(0.001)
    began = time.perf_counter()
    while written() < size:
        await anyio.sleep(0.005)
    return size / (time.perf_counter() - began)


def _conserved_rate(folder: Path, program: str) -> float:
    """Bytes a second of conserver, from its log's first byte to its last."""
    folder.mkdir()
    (folder / "cf").write_text(_CONSERVER.format(folder=folder))
    log = folder / "vm1.log"
    with flooding_guest(folder / "c.sock", FLOOD_BYTES), _conserver(folder, program):
        while not log.exists() or not log.stat().st_size:
            time.sleep(0.001)
        began = time.perf_counter()
        while log.stat().st_size < FLOOD_BYTES:
            time.sleep(0.005)
        return FLOOD_BYTES / (time.perf_counter() - began)


@contextmanager
def _conserver(folder: Path, program: str) -> Iterator[None]:
    command = [program, "-C", str(folder / "cf"), "-M", "127.0.0.1"]
    command += ["-p", _PORTS[0], "-b", _PORTS[1]]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    ) as server:
        try:
            yield
        finally:
            server.terminate()


async def _logged_rate(folder: Path) -> float:
    """Bytes a second of a proxy whose logger takes every line, into a file."""
    folder.mkdir()
    logger = logging.Logger("bench", logging.DEBUG)
    handler = logging.FileHandler(folder / "log")
    logger.addHandler(handler)
    got = 0
    done = anyio.Event()

    class Counting:
        def __init__(self, sink: ConsoleSink) -> None:
            self.sink = sink

        def feed(self, data: bytes) -> None:
            nonlocal got
            self.sink.feed(data)
            got += len(data)
            if got >= LOGGED_BYTES:
                done.set()

        def end(self, error: ConsoleError | None) -> None:
            self.sink.end(error)

    async def opener(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        return await open_console(url, Counting(sink), tasks)

    with flooding_guest(folder / "c.sock", LOGGED_BYTES):
        async with new_proxy("noProxy", opener=opener) as proxy:
            began = time.perf_counter()
            await proxy.start(
                ProxyParams(
                    id="vm1", console_url=f"unix:{folder}/c.sock", logger=logger, debug=True
                )
            )
            await done.wait()
            took = time.perf_counter() - began
    handler.close()
    return LOGGED_BYTES / took


if __name__ == "__main__":
    main()
