"""What a fuzz target is: a name, cases that follow from a seed, and what must hold of each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """Something that takes what others wrote."""

    name: str
    run: Callable[[random.Random, Path], None]
    """One case, from its own randomness and in an empty folder; raises what is wrong."""
    cost: int = 1
    """One case of this is as dear as so many of a parser's: it gets so many fewer."""

    def run_case(self, seed: int, case: int, folder: Path) -> None:
        """The case of this number; always the same for the same seed."""
        self.run(random.Random(f"{self.name}:{seed}:{case}"), folder)

    def cases(self, asked: int) -> int:
        """How many cases of it a run of `asked` has."""
        return max(1, asked // self.cost)


def parser(
    name: str, make: Callable[[random.Random], T], check: Callable[[T], None], *, cost: int = 1
) -> Target:
    """A target that needs no folder: a generator of cases, and their check."""
    return Target(name, lambda rng, _folder: check(make(rng)), cost)
