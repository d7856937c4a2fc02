"""`python -m tests.fuzz --cases N --seed S [--target NAME] [--case K]`: many hostile inputs.

Prints a line a target. At the first case that fails it says how to run that one again,
with its traceback, and exits 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.registry import TARGETS
from tests.fuzz.target import Target


def run(target: Target, seed: int, cases: Iterable[int]) -> int | None:
    """The first case that fails, told with its traceback; None when all hold."""
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="gw-fuzz-") as folder:
            try:
                target.run_case(seed, case, Path(folder))
            except Exception:
                traceback.print_exc()
                return case
    return None


def main() -> int:
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--cases", type=int, default=1000, help="of the cheapest targets")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--target", choices=names, action="append")
    parser.add_argument("--case", type=int, help="this one alone")
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    for target in TARGETS:
        if asked.target and target.name not in asked.target:
            continue
        cases = range(target.cases(asked.cases)) if asked.case is None else (asked.case,)
        began = time.monotonic()
        failed = run(target, asked.seed, cases)
        seconds = time.monotonic() - began
        word = "ok" if failed is None else "FAILED"
        print(f"{target.name:14} {len(cases):>9} cases {seconds:8.1f} s {word}", flush=True)
        if failed is not None:
            again = f"--target {target.name} --seed {asked.seed} --case {failed}"
            print(f"again: python -m tests.fuzz {again}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
