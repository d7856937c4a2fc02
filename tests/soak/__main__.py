"""`python -m tests.soak --duration SECONDS --seed N`: everything happens, every byte is checked."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import anyio

from tests.soak.bounds import check_bounds, summary
from tests.soak.soak import soak
from tests.soak.usage import table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--duration", type=float, default=120.0, help="in seconds")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as folder:
        found = anyio.run(soak, Path(folder), asked.duration, asked.seed)
    print(table(found.samples))
    print(summary(found))
    check_bounds(found)


if __name__ == "__main__":
    main()
