"""A thousand hostile inputs for each parser, and some for whatever takes longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import run
from tests.fuzz.registry import TARGETS
from tests.fuzz.target import Target

CASES = 1000
SEED = 1


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_no_hostile_input_is_more_than_an_error_that_has_a_name(target: Target) -> None:
    assert run(target, SEED, range(target.cases(CASES))) is None


def test_the_same_seed_and_case_are_the_same_input() -> None:
    def drawn(case: int) -> list[float]:
        found: list[float] = []
        Target("x", lambda rng, _folder: found.append(rng.random())).run_case(SEED, case, Path())
        return found

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
