"""What keeping recordings within bounds costs: `python -m tests.bench.bench_bounds`.

Prints `name value budget ok|SHORT`.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread

from core.capture.writing.janitor import Janitor
from core.capture.writing.spool import Spool
from core.capture.writing.spools import Spools
from core.clock import Instant, now
from core.recording import Meta, Recorder
from core.recording.stock import Stock
from tests.bench.report import report

SANDBOXES = 1000
LOOKS = 5
LINE = b"[   12.345678] eth0: link is up, and some more words to make it a line\r\n"
WRITES = 4000
PACE_S = 0.001
OLD_BYTES = 256 * 1024 * 1024


def begin(home: Path, sandbox_id: str, at: Instant) -> Recorder:
    """A recorder of a sandbox's next life."""
    meta = Meta(id=sandbox_id)
    return Recorder.begin(home, sandbox_id, life=f"{at.boot}", meta=meta, at=at)


def quickest(work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of some runs."""
    best = math.inf
    for _ in range(LOOKS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def survey(home: Path) -> None:
    """One look at a thousand sandboxes, all of them written, and all of them ended."""
    recorders = [begin(home, f"vm{n}", now()) for n in range(SANDBOXES)]
    for recorder in recorders:
        recorder.write(LINE, now())
        recorder.flush()
    stock = Stock(home)
    written = {recorder.folder for recorder in recorders}
    began = time.perf_counter()
    stock.look(written)
    report("first look at 1,000 written generations, ms", ms(began), at_most=250)
    time.sleep(2.1)
    stock.look(written)
    report(
        "look at 1,000 written generations, ms", quickest(lambda: stock.look(written)), at_most=50
    )
    for recorder in recorders:
        recorder.close()
    stock.look(())
    report("look at 1,000 ended generations, ms", quickest(lambda: stock.look(())), at_most=50)


def ms(began: float) -> float:
    """Milliseconds since then."""
    return (time.perf_counter() - began) * 1000


async def latency(home: Path, janitor: Janitor | None, old: Path) -> list[float]:
    """How long each write of a line took from when it was due, sorted, in ms."""
    took: list[float] = []
    spools = Spools()
    async with anyio.create_task_group() as tasks:
        spool = Spool(begin(home, "new", now()), tasks, lambda _: None, spools=spools)

        async def compress() -> None:
            if janitor is not None:
                await janitor.compress(old)

        async with anyio.create_task_group() as beside:
            beside.start_soon(compress)
            due = time.perf_counter()
            for _ in range(WRITES):
                due += PACE_S
                await anyio.sleep(max(0.0, due - time.perf_counter()))
                spool.write(LINE, now())
                took.append(ms(due))
                due = max(due, time.perf_counter() - PACE_S)
            beside.cancel_scope.cancel()
        await spool.aclose()
    return sorted(took)


async def compressing(home: Path) -> None:
    """Writes with and without an old generation being compressed beside them."""
    old = begin(home, "old", now())
    block = b"".join(b"[%12.6f] eth0: %x\r\n" % (n / 9, n * n) for n in range(3000))
    for _ in range(OLD_BYTES // len(block)):
        old.write(block, now())
    old.close()
    alone = await latency(home, None, old.folder)
    beside = await latency(home, Janitor(home, Spools()), old.folder)
    at = int(WRITES * 0.99)
    report("write of a line, p99, ms", alone[at], at_most=5)
    report("the same while compressing, p99, ms", beside[at], at_most=5)
    print(f"# compressed files by then: {len(list(old.folder.glob('*.zst')))}")


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
        survey(Path(folder, "many"))
        anyio.run(compressing, Path(folder, "compressing"))


if __name__ == "__main__":
    main()
