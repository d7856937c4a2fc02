"""One console at full flood, against conserver and against a watcher that logs each line.

    python -m tests.bench.bench_flood

The scanner runs, as it always does. Each round takes all three one after the other, so
that a busy machine slows all of them; each line is `name value budget ok|SHORT`.
"""

from __future__ import annotations

import logging
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from core.client import Client
from core.endpoints import ConsoleSink, ConsoleWatch, open_console
from core.errors import ConsoleError
from core.proxy import ProxyParams, new_proxy
from core.sandboxes.named import sandbox_spec
from tests.bench.report import report
from tests.bench.running import MB, flooding_guest, running_capture

FLOOD_BYTES = 400 * MB
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
    captured, conserved, logged = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as name:
            folder = Path(name)
            captured.append(anyio.run(_captured_rate, folder / "ours"))
            conserved.append(_conserved_rate(folder / "theirs"))
            logged.append(anyio.run(_logged_rate, folder / "logged"))
    ours, theirs, lines = map(statistics.median, (captured, conserved, logged))
    print(f"# captured {ours / MB:.0f} MB/s, conserver {theirs / MB:.0f}, logged {lines / MB:.2f}")
    ratios = [one / other for one, other in zip(captured, conserved, strict=True)]
    report("flood, against conserver", statistics.median(ratios), at_least=1.0)
    report("flood, against logging each line", ours / lines, at_least=40.0)


async def _captured_rate(folder: Path) -> float:
    async with running_capture(folder) as (client, _pid):
        with flooding_guest(folder / "c.sock", FLOOD_BYTES):
            await client.watch(sandbox_spec("vm1", f"unix:{folder}/c.sock"))
            return await _rate(client, FLOOD_BYTES)


async def _rate(client: Client, size: int) -> float:
    log = None
    while log is None:
        (facts,) = await client.sandboxes()
        if facts.generation:
            log = Path(facts.recordings, facts.generation)
    began = time.perf_counter()
    while sum(path.stat().st_size for path in log.glob("console*.log")) < size:
        await anyio.sleep(0.005)
    return size / (time.perf_counter() - began)


def _conserved_rate(folder: Path) -> float:
    """Bytes a second of conserver, from its log's first byte to its last."""
    folder.mkdir()
    (folder / "cf").write_text(_CONSERVER.format(folder=folder))
    log = folder / "vm1.log"
    with flooding_guest(folder / "c.sock", FLOOD_BYTES), _conserver(folder):
        while not log.exists() or not log.stat().st_size:
            time.sleep(0.001)
        began = time.perf_counter()
        while log.stat().st_size < FLOOD_BYTES:
            time.sleep(0.005)
        return FLOOD_BYTES / (time.perf_counter() - began)


@contextmanager
def _conserver(folder: Path) -> Iterator[None]:
    program = shutil.which("conserver") or "/usr/sbin/conserver"
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
