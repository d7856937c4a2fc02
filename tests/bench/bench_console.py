"""What making a guest's lines safe costs, against only decoding the same lines.

Prints `name value budget ok|SHORT`. Each figure is a ratio of processor times in one run,
median of five rounds: how many times as long as `bytes.decode` in a loop over the same
lines. Hostile rows are measured a row, in milliseconds, for a screen has some fifty.
Run: `python -m tests.bench.bench_console`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

from core.console import MAX_ROW_BYTES, Transcript, render_line, safe_text
from core.console.rows import rows_backward
from tests.bench.report import report
from tests.core.console.memory import Memory

DATA = Path(__file__).parents[2] / "core" / "demo" / "data"
ROUNDS = 5
LINES = 20_000
SCREEN = 50

KERNEL = b"[    0.009490] ACPI: Reserving FACS table memory at [mem 0x3ffe0000-0x3ffe003f]\r"
SYSTEMD = b"[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mdbus.service\x1b[0m - D-Bus.\r\r"
AGENT = (
    b'{"msg":"container started","level":"INFO","ts":"2026-11-23T21:37:35.210531Z","subsystem":'
    b'"process","name":"kata-agent","pid":"1","source":"agent","container-id":"9578d6b1c4e2"}\r'
)
ROW = 2 * MAX_ROW_BYTES
HOSTILE = {
    "escapes": b"\x1b" * ROW,
    "titles": b"\x1b]" * (ROW // 2),
    "colours": b"\x1b[31mA\x1b[32mB" * (ROW // 12),
    "erasing": b"\t" * 1000 + b"\x1b[2KA" * ((ROW - 1000) // 5),
    "backspaces": b"A\b" * (ROW // 2),
    "marks": "\u0301".encode() * (ROW // 2),
    "wide": "日\b".encode() * (ROW // 4),
}


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def decode_all(lines: Iterable[bytes]) -> None:
    """The least that showing lines can cost."""
    for line in lines:
        line.decode("utf-8", "replace")


def render_all(lines: Iterable[bytes]) -> None:
    """What the console view does."""
    for line in lines:
        render_line(line)


def against_decoding(lines: list[bytes]) -> float:
    """How many times as long rendering takes."""
    return median(
        seconds(lambda: render_all(lines)) / seconds(lambda: decode_all(lines))
        for _ in range(ROUNDS)
    )


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Processor time of one of `times` calls, median of the rounds."""

    def repeated() -> None:
        for _ in range(times):
            work()

    return median(seconds(repeated) for _ in range(ROUNDS)) * 1000 / times


def megabytes_per_s(lines: list[bytes]) -> float:
    """How fast lines are rendered."""
    size = sum(map(len, lines))
    return size / median(seconds(lambda: render_all(lines)) for _ in range(ROUNDS)) / 1e6


def main() -> None:
    """Measure and print."""
    boots = [path.read_bytes().split(b"\n") for path in sorted(DATA.glob("*.log"))]
    boot = [line for lines in boots for line in lines] * 5
    report("kernel line against decoding", against_decoding([KERNEL] * LINES), at_most=60)
    report("systemd line against decoding", against_decoding([SYSTEMD] * LINES), at_most=350)
    report("agent line against decoding", against_decoding([AGENT] * LINES), at_most=350)
    report("recorded boots against decoding", against_decoding(boot), at_most=100)
    report("recorded boots in MB/s", megabytes_per_s(boot), at_least=5)
    for name, row in HOSTILE.items():
        cost = milliseconds(partial(render_line, row), 10)
        report(f"hostile 16 KiB row of {name} in ms", cost, at_most=10)
    endless = Memory(b"A" * 20_000_000)
    report(
        "screen in a line without an end in ms",
        milliseconds(lambda: rows_backward(endless, endless.end, SCREEN), 20),
        at_most=5,
    )
    source = Memory((KERNEL + b"\n") * 200_000)
    transcript = Transcript([(1, source, safe_text(""))])
    report(
        "screen at the end of 200,000 lines in ms",
        milliseconds(lambda: transcript.backward(transcript.last, SCREEN), 100),
        at_most=1,
    )


if __name__ == "__main__":
    main()
