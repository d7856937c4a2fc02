"""How much capture can take, and what it costs: `python -m tests.bench.bench_capture`.

Every figure is a ratio or a share measured in this one run; each line is
`name value budget ok|SHORT`.
"""

from __future__ import annotations

import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from core.capture.lock import read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import Client
from core.endpoints import ConsoleSink, ConsoleWatch, open_console
from core.errors import ConsoleError
from core.proxy import ProxyParams, new_proxy
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from tests.bench.report import report

MB = 1_000_000
LINE = b"[   12.345678] e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX\n"
FLOOD_BYTES = 200 * MB
LOGGED_BYTES = 4 * MB
CONSOLES = 1000
LINES_A_SECOND = 10
SECONDS = 6.0
PROBES = 500


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        anyio.run(_flood, Path(folder))
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        anyio.run(_many, Path(folder))


# One console at full flood, against a watcher that logs every line.


async def _flood(folder: Path) -> None:
    rates = [await _captured_rate(folder / str(n)) for n in range(3)]
    logged = [await _logged_rate(folder / f"logged-{n}") for n in range(3)]
    ratio = statistics.median(rates) / statistics.median(logged)
    print(f"# captured {statistics.median(rates) / MB:.0f} MB/s,", end=" ")
    print(f"logged {statistics.median(logged) / MB:.2f} MB/s")
    report("flood, against logging each line", ratio, at_least=40.0)


async def _captured_rate(folder: Path) -> float:
    async with _capture(folder) as (client, _pid):
        with _writer(folder / "c.sock", FLOOD_BYTES):
            await client.watch(sandbox_spec("vm1", f"unix:{folder}/c.sock"))
            return await _rate(client, FLOOD_BYTES)


async def _rate(client: Client, size: int) -> float:
    log = None
    began = 0.0
    while True:
        (facts,) = await client.sandboxes()
        if log is None and facts.generation:
            log, began = Path(facts.recordings, facts.generation), time.perf_counter()
        if log and sum(p.stat().st_size for p in log.glob("console*.log")) >= size:
            return size / (time.perf_counter() - began)
        await anyio.sleep(0.005)


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

    with _writer(folder / "c.sock", LOGGED_BYTES):
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


# A thousand slow consoles.


async def _many(folder: Path) -> None:
    async with _capture(folder) as (client, pid):
        guests = _Guests(folder)
        for number in range(CONSOLES):
            await client.watch(sandbox_spec(f"vm{number}", f"unix:{folder}/{number}"))
        await anyio.to_thread.run_sync(guests.accept)
        logs = await _logs_when_connected(client)
        await anyio.sleep(1.0)
        before, at = _cpu_s(pid), time.perf_counter()
        sent = await anyio.to_thread.run_sync(guests.talk)
        share = (_cpu_s(pid) - before) / (time.perf_counter() - at)
        rss = _rss_mb(pid)
        await anyio.sleep(1.0)
        kept = sum(f.traffic.bytes for f in await client.sandboxes())
        delays = await anyio.to_thread.run_sync(guests.probe, logs)
        report("1,000 consoles x 10 lines/s, share of a core", share, at_most=0.25)
        report("1,000 consoles, RSS in MB", rss, at_most=150.0)
        report("1,000 consoles, bytes lost", float(sent - kept), at_most=0.0)
        print(f"# median {statistics.median(delays):.2f} ms")
        report(
            "1,000 consoles, guest writes to on disk, p99 in ms",
            statistics.quantiles(delays, n=100)[98],
            at_most=5.0,
        )


async def _logs_when_connected(client: Client) -> list[Path]:
    """Every console's log, once all of them are recorded."""
    while True:
        facts = await client.sandboxes()
        if all(each.console.state is ConsoleState.CONNECTED for each in facts):
            return [Path(f.recordings, f.generation, "console.log") for f in facts]
        await anyio.sleep(0.1)


class _Guests:
    """Consoles that all print at their own times."""

    def __init__(self, folder: Path) -> None:
        self.listeners: list[socket.socket] = []
        self.peers: list[socket.socket] = []
        for number in range(CONSOLES):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(folder / str(number)))
            listener.listen(1)
            self.listeners.append(listener)

    def accept(self) -> None:
        for listener in self.listeners:
            self.peers.append(listener.accept()[0])

    def talk(self) -> int:
        """Print for `SECONDS`; how many bytes that was."""
        sent = 0
        began = time.perf_counter()
        for turn in range(int(SECONDS * LINES_A_SECOND)):
            for slot in range(10):
                for peer in self.peers[slot::10]:
                    peer.sendall(LINE)
                    sent += len(LINE)
                due = began + (turn + (slot + 1) / 10) / LINES_A_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))
        return sent

    def probe(self, logs: Sequence[Path]) -> list[float]:
        """How many ms each of some lines took to the disk, while others print as before."""
        delays = []
        for turn in range(PROBES):
            for peer in self.peers[(turn + 1) % 50 :: 50]:
                peer.sendall(LINE)
            before = logs[turn % CONSOLES].stat().st_size
            at = time.perf_counter()
            self.peers[turn % CONSOLES].sendall(LINE)
            while logs[turn % CONSOLES].stat().st_size == before:
                time.sleep(0.0001)
            delays.append((time.perf_counter() - at) * 1000)
        return delays


# What both need.


@asynccontextmanager
async def _capture(folder: Path) -> AsyncIterator[tuple[Client, int]]:
    """A capture in a process of its own, and its pid."""
    folder.mkdir(exist_ok=True)
    (folder / "run").mkdir(mode=0o700)
    places = Places(folder / "run", folder / "state")
    async with open_capture(places) as client:
        yield client, read_owner(places.state_lock)[0]
        await client.shut_down()


@contextmanager
def _writer(path: Path, size: int) -> Iterator[None]:
    """A guest in its own process that prints `size` bytes as fast as it is read."""
    code = (
        "import socket,sys\n"
        f"s=socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen(1)\n"
        "print(flush=True)\n"
        f"p=s.accept()[0]; line={LINE!r}; piece=line*800; left={size}\n"
        "while left>0:\n p.sendall(piece[:left]); left-=len(piece)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as guest:
        assert guest.stdout is not None
        guest.stdout.readline()
        try:
            yield
        finally:
            guest.kill()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


if __name__ == "__main__":
    main()
