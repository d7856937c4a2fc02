"""What capture and its scanner take, read off /proc."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from core.sandboxes.vmm import is_alive

_PAGE = 4096


class Usage(NamedTuple):
    """Of one process; zeros when it is not there."""

    rss: int
    descriptors: int


class Sample(NamedTuple):
    """At one moment."""

    seconds: float
    capture: Usage
    scanner: Usage
    recorded: int


def usage_of(pid: int) -> Usage:
    """What a process takes now."""
    with contextlib.suppress(OSError, IndexError):
        rss = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return Usage(rss, len(list(Path(f"/proc/{pid}/fd").iterdir())))
    return Usage(0, 0)


def scanner_of(capture: int) -> int:
    """The scanner that a capture runs; 0 while there is none."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{capture}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                words = Path(f"/proc/{child}/cmdline").read_bytes()
                if b"core.scanner" in words and is_alive(child):
                    return child
    return 0


def table(samples: list[Sample]) -> str:
    """Some of the samples, as a person reads them."""
    step = max(1, len(samples) // 12)
    lines = ["seconds  capture MB  fds  scanner MB  fds  recorded MB"]
    for sample in [*samples[::step], samples[-1]]:
        capture, scanner = sample.capture, sample.scanner
        lines.append(
            f"{sample.seconds:7.0f}  {capture.rss / 1e6:10.1f}  {capture.descriptors:3}"
            f"  {scanner.rss / 1e6:10.1f}  {scanner.descriptors:3}  {sample.recorded / 1e6:11.1f}"
        )
    return "\n".join(lines)
