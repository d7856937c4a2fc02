"""What it takes to look at 1 GB: `python -m tests.bench.bench_view`.

Prints `name value budget ok|SHORT`, and a table beside less, lnav and toolong on the same
file where these are installed. Each runs on a real terminal: a picture is there when the
last (or first) line of the file has come out of it.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import anyio
from textual.pilot import Pilot

from core.cli.viewed import RecordedView
from core.clock import Instant
from core.console.place import parse_place
from core.plain_log import PlainLog
from core.recording import Meta, Recorder
from tests.bench.report import report
from tests.bench.running import MB, rss_mb
from tui.viewer import ViewApp

SIZE = 1024 * MB
COLUMNS, ROWS = 160, 50
TURNS = 5
PATIENCE_S = 60.0

FIRST, LAST = b"theveryfirstlineofall", b"theverylastlineofall"
"""Letters only, so that no viewer writes a colour into the middle of them."""

DATA = Path(__file__).parents[2] / "core" / "demo" / "data"


class Viewer(NamedTuple):
    """A program that shows a file."""

    name: str
    command: tuple[str, ...]
    home: bytes
    end: bytes
    quit: bytes
    opened: bytes = LAST
    """What it shows once it answers: toolong opens some lines above the end."""


class Shown(NamedTuple):
    """How a viewer did; seconds, the slowest of its jumps, and megabytes."""

    opened: float
    to_start: float
    to_end: float
    rss: float


def pieces() -> Iterator[bytes]:
    """Real boots of real guests, one after the other, `SIZE` bytes in all."""
    logs = [path.read_bytes() for path in sorted(DATA.glob("*.log"))]
    yield FIRST + b"\n"
    left = SIZE - len(FIRST) - len(LAST) - 2
    while left > 0:
        for log in logs:
            yield log[:left]
            left -= min(left, len(log))
    yield b"\n" + LAST + b"\n"


def write_log(path: Path) -> int:
    """A plain log; how many lines it has."""
    lines = 0
    with path.open("wb") as file:
        for piece in pieces():
            lines += piece.count(b"\n")
            file.write(piece)
    return lines


def record(home: Path) -> RecordedView:
    """The same as a recording of a guest that booted again and again, half a second each."""
    at = Instant(1_763_899_200.0, 1000.0)
    meta = Meta(id="vm1", name="vm1", started_wall=at.wall, started_boot=at.boot)
    recorder = Recorder.begin(home, "vm1", life="one", meta=meta, at=at)
    for number, piece in enumerate(pieces()):
        for start in range(0, len(piece), 1024):
            passed = number * 0.5 + start / len(piece) * 0.5
            moment = Instant(at.wall + passed, at.boot + passed)
            recorder.write(piece[start : start + 1024], moment)
    recorder.close()
    return RecordedView("vm1", home / "vm1")


def show(viewer: Viewer, path: str) -> Shown:
    """Open a file in a viewer, go to its start and back."""
    began = time.perf_counter()
    with on_terminal([*viewer.command, path]) as (pid, terminal):
        opened = until(terminal, viewer.opened, began)
        to_start, to_end = [], []
        for _ in range(TURNS if opened < PATIENCE_S else 0):
            to_start.append(press(terminal, viewer.home, FIRST))
            to_end.append(press(terminal, viewer.end, LAST))
        rss = sum(map(rss_mb, [pid, *children(pid)]))
        os.write(terminal, viewer.quit)
    never = [float("inf")]
    to_start, to_end = to_start or never, to_end or never
    return Shown(opened, max(to_start), max(to_end), rss)


@contextmanager
def on_terminal(command: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A program on a terminal of its own: its pid, and our end of the terminal."""
    env = {**os.environ, "TERM": "xterm-256color", "LESSHISTFILE": "-"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        yield pid, terminal
    finally:
        with suppress(OSError):
            while select.select([terminal], [], [], 1.0)[0] and os.read(terminal, 65536):
                pass
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def press(terminal: int, keys: bytes, text: bytes) -> float:
    """Seconds from a key to the text it brings, on a terminal that was quiet before."""
    while select.select([terminal], [], [], 0.3)[0]:
        os.read(terminal, 65536)
    began = time.perf_counter()
    os.write(terminal, keys)
    return until(terminal, text, began)


def until(terminal: int, text: bytes, began: float) -> float:
    """Seconds since then until the text came out of a terminal."""
    seen = b""
    while text not in seen:
        left = PATIENCE_S - (time.perf_counter() - began)
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            return float("inf")
        try:
            seen = seen[-len(text) :] + os.read(terminal, 65536)
        except OSError:
            return float("inf")
    return time.perf_counter() - began


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def peers() -> Iterator[Viewer]:
    """The other viewers that are installed; of the others it is said."""
    for viewer in (
        Viewer("less", ("less", "-f", "+G"), b"g", b"G", b"q"),
        Viewer("lnav", ("lnav", "-N"), b"g", b"G", b"q"),
        Viewer("toolong", ("tl",), b"\x1b[H", b"\x1b[F", b"\x03", b"TAIL"),
    ):
        if shutil.which(viewer.command[0]):
            yield viewer
        else:
            print(f"# {viewer.name}: {viewer.command[0]} is not installed", flush=True)


def compare(path: Path, ours: Shown) -> None:
    """The table."""
    print("# 1 GB of console text      opens, s   end-start, ms   start-end, ms   RSS, MB")
    rows = [("guestwatch view", ours)]
    for viewer in peers():
        rows.append((viewer.name, show(viewer, str(path))))
    for name, shown in rows:
        print(
            f"# {name:24} {shown.opened:11.2f} {shown.to_start * 1e3:15.0f}"
            f" {shown.to_end * 1e3:15.0f} {shown.rss:9.0f}",
            flush=True,
        )


async def longest_block_ms(what: RecordedView | PlainLog, *places: str) -> tuple[float, float]:
    """How long the loop did not turn at worst while somebody read, and how long a count took.

    Of a block, what this process worked counts: what others have the machine for is none.
    """
    # The program has one app in its life: what another one left is no part of it.
    gc.collect()
    app = ViewApp(what, clock=time.time)
    worst, counted = 0.0, 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            began = time.thread_time()
            await anyio.sleep(0.001)
            worst = max(worst, time.thread_time() - began)

    async def read(pilot: Pilot[object]) -> None:
        nonlocal worst, counted
        await pilot.pause()
        worst = 0.0
        for key in ("g", "pagedown", "pagedown", "G", "pageup", "g", "G", "t", "r", "t", "r"):
            await pilot.press(key)
        for place in places:
            began = time.perf_counter()
            app.view.go_to(parse_place(place))
            while app.view.is_going:
                await anyio.sleep(0.005)
            counted = max(counted, time.perf_counter() - began)
        await pilot.press("q")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        await app.run_async(headless=True, size=(COLUMNS, ROWS), auto_pilot=read)
        tasks.cancel_scope.cancel()
    return worst * 1e3, counted


def main() -> None:
    """Measure and print."""
    ours = (sys.executable, "-P", "-m", "tui", "view")
    view = Viewer("guestwatch view", ours, b"g", b"G", b"q")
    # Compiled once, as an installed program is.
    subprocess.run(
        [sys.executable, "-P", "-m", "tui", "--version"], check=True, capture_output=True
    )
    with tempfile.TemporaryDirectory(prefix="gw-bench-") as folder:
        home = Path(folder)
        small, path = home / "small.log", home / "console.log"
        small.write_bytes(FIRST + b"\n" * 2 * ROWS + LAST + b"\n")
        lines = write_log(path)
        recording = record(home / "recordings")
        files = {"small": small, "recording": recording.folder, "log": path}
        # In turns: what else the machine does meets all of them.
        rounds = [{key: show(view, str(each)) for key, each in files.items()} for _ in range(TURNS)]
        least = statistics.median(each["small"].opened for each in rounds)
        for name in ("recording", "log"):
            shown = [each[name] for each in rounds]
            opened = statistics.median(each.opened for each in shown)
            report(f"view 1 GB {name}, command to first paint, s", opened, at_most=0.7)
            report(f"view 1 GB {name}, beyond an empty one's, s", opened - least, at_most=0.5)
            start = statistics.median(each.to_start for each in shown)
            end = statistics.median(each.to_end for each in shown)
            report(f"view 1 GB {name}, end to start, ms", start * 1e3, at_most=100)
            report(f"view 1 GB {name}, start to end, ms", end * 1e3, at_most=100)
            report(f"view 1 GB {name}, RSS, MB", max(each.rss for each in shown), at_most=200)
        block, _ = anyio.run(
            longest_block_ms, recording, "2025-11-23 12:10Z", "+1000", "50%", "@123456789"
        )
        report("view 1 GB recording, longest block, ms", block, at_most=50)
        block, counted = anyio.run(longest_block_ms, PlainLog(path), str(lines), "7", "50%")
        report("view 1 GB log, longest block while counting lines, ms", block, at_most=50)
        report("view 1 GB log, to its last line by number, s", counted, at_most=10)
        compare(path, shown[0])


if __name__ == "__main__":
    main()
