"""How long one waits for guestwatch: `python -m tests.bench.bench_start`."""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import report

TURNS = 7

ENV = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""As an installed program runs: compiled once."""


def main() -> None:
    """Print every figure."""
    _run_s("-P", "-m", "tui", "--version")
    bare, version = [], []
    for _ in range(TURNS):
        bare.append(_run_s("-c", "pass"))
        version.append(_run_s("-P", "-m", "tui", "--version"))
    allowed = 1.5 * statistics.median(bare) + 0.060
    report(
        "--version, share of 1.5 x bare + 60 ms", statistics.median(version) / allowed, at_most=1
    )
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as home:
        _first_paint_s(Path(home) / "warm")
        paints = [_first_paint_s(Path(home) / str(turn)) for turn in range(5)]
    report("first paint, no capture running, s", statistics.median(paints), at_most=0.7)


def _run_s(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=ENV)
    return time.perf_counter() - began


def _first_paint_s(home: Path) -> float:
    """Seconds from the command to its first picture on a real terminal."""
    for name in ("run", "state", "config"):
        (home / name).mkdir(parents=True, mode=0o700)
    env = {
        **ENV,
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "TERM": "xterm-256color",
    }
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-P", "-m", "tui"], env)
    seen = b""
    while b"No sandbox" not in seen:
        readable, _, _ = select.select([terminal], [], [], 30)
        assert readable, "nothing was painted"
        seen += os.read(terminal, 65536)
    took = time.perf_counter() - began
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass  # EIO: the program has left its terminal
    os.waitpid(child, 0)
    os.close(terminal)
    return took


if __name__ == "__main__":
    main()
