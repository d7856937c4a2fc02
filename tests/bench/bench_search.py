"""What a search of 1 GB takes, beside grep on the same bytes: `python -m tests.bench.bench_search`.

Prints `name value budget ok|SHORT`. Ratios are of the medians of five runs each, in turns;
memory is what this process, which holds all hits as a viewer does, and its search process
take together, without a screen. GUESTWATCH_BENCH_MB makes it smaller.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from core.clock import Instant
from core.recording import Meta, Recorder
from core.search import Query
from core.search.__main__ import NICENESS
from core.search.finder import Finder, Search
from core.search.messages import Log, Recordings
from tests.bench.report import report
from tests.bench.running import MB, rss_mb

SIZE = int(os.environ.get("GUESTWATCH_BENCH_MB", "1024")) * MB
RUNS = 5
DATA = Path(__file__).parents[2] / "core" / "demo" / "data"

LITERALS = ("Kernel panic", "Started", "Not in any console")
EXPRESSIONS = (r"(panic|Oops|BUG):? .*sync", r"USB [0-9]+-[0-9]+", r"Segfault at [0-9a-f]+$")
EVERY_ROW = "^"
LONG_ROW = 100 * MB
TYPED = "kernel panic"


def consoles() -> bytes:
    """What real guests printed, once."""
    logs = [path.read_bytes() for path in sorted(DATA.glob("*.log"))]
    return b"".join(log if log.endswith(b"\n") else log + b"\r\n" for log in logs)


def record(home: Path) -> Path:
    """Real consoles again and again in a recording; the sandbox's folder."""
    text = consoles()
    recorder = Recorder.begin(home, "vm1", life="", meta=Meta(id="vm1"), at=Instant(1e9, 0.0))
    for number in range(SIZE // len(text) + 1):
        recorder.write(text, Instant(1e9 + number, float(number)))
    recorder.close()
    return recorder.folder


def logs_of(folder: Path) -> list[str]:
    return [str(log) for log in sorted(folder.glob("console*.log"))]


def grep(logs: list[str], *options: str) -> float:
    """Seconds that grep takes for the same bytes, as nice as the search process is."""
    command = ["nice", "-n", str(NICENESS), "grep", *options, *logs]
    begun = time.perf_counter()
    # Into /dev/null it would stop at the first match.
    subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return time.perf_counter() - begun


async def whole(search: Search) -> float:
    """Seconds until all is searched."""
    begun = time.perf_counter()
    while search.is_counting:
        await anyio.sleep(0.001)
    if search.trouble:
        raise RuntimeError(search.trouble)
    return time.perf_counter() - begun


@contextmanager
def temporary() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


async def against_grep(finder: Finder, folder: Path) -> None:
    logs = logs_of(folder)
    place = Recordings(str(folder.parent))
    for is_regex, texts in ((False, LITERALS), (True, EXPRESSIONS)):
        for text in texts:
            query = Query(text, is_regex)
            options = ("-a", "-c", "-E", text) if is_regex else ("-c", "-F", text)
            ours, theirs = [], []
            for _ in range(RUNS):
                theirs.append(grep(logs, *options))
                search = finder.search(place, query)
                ours.append(await whole(search))
                search.close()
            ratio = statistics.median(ours) / statistics.median(theirs)
            sort = "regex" if is_regex else "literal"
            name = f"search {sort} {text.split()[0]} against grep"
            report(name, ratio, at_most=4 if is_regex else 2)


async def all_rows(finder: Finder, folder: Path) -> None:
    search = finder.search(Recordings(str(folder.parent)), Query(EVERY_ROW, is_regex=True))
    peak = longest = 0.0
    begun = last = time.perf_counter()
    while search.is_counting:
        await anyio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        peak = max(peak, rss_mb(os.getpid()) + rss_mb(finder.pid)) if finder.pid else peak
    report("search rows found in millions", len(search.hits) / 1e6, at_least=0)
    report("search every row in s", time.perf_counter() - begun, at_most=60)
    report("search every row MB of both", peak, at_most=200)
    report("search longest pause of the loop in ms", longest * 1e3, at_most=50)
    search.close()


async def as_it_is_typed(finder: Finder, folder: Path) -> None:
    """How long after a letter the first hit is there, while the search before is under way."""
    place = Recordings(str(folder.parent))
    finder.prepare()
    while not finder.pid:
        await anyio.sleep(0.001)
    took = []
    for length in range(1, len(TYPED) + 1):
        begun = time.perf_counter()
        search = finder.search(place, Query(TYPED[:length]))
        while search.is_counting and not len(search.hits):
            await anyio.sleep(0.001)
        took.append(time.perf_counter() - begun)
        search.close()
    report("search first hit after a letter in ms", max(took) * 1e3, at_most=100)


async def a_long_line(finder: Finder, home: Path) -> None:
    path = home / "long.log"
    path.write_bytes(b"x" * LONG_ROW + b" needle" + b"x" * 1000)
    search = finder.search(Log(str(path)), Query("needle"))
    took = await whole(search)
    assert len(search.hits) == 1
    report("search a line of 100 MB in s", took, at_most=2)
    search.close()


async def measure() -> None:
    finder = Finder()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(finder.run)
        with temporary() as home:
            folder = record(home)
            await as_it_is_typed(finder, folder)
            await against_grep(finder, folder)
            await all_rows(finder, folder)
            await a_long_line(finder, home)
        tasks.cancel_scope.cancel()


def main() -> None:
    """Measure and print."""
    anyio.run(measure)


if __name__ == "__main__":
    main()
