"""Two minutes in which everything happens that may happen to consoles and those who watch."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import anyio
import pytest

from tests.guests.qemu import short_folder
from tests.soak.bounds import check_bounds, summary
from tests.soak.events import Event, happenings
from tests.soak.soak import soak
from tests.soak.usage import table

__all__ = ["short_folder"]

DURATION_S = 120.0
SEED = 20261124


@pytest.mark.timeout(600)
def test_after_two_minutes_of_everything_no_byte_and_no_descriptor_is_missing(
    short_folder: Path,
) -> None:
    print(f"seed {SEED}")
    found = anyio.run(soak, short_folder, DURATION_S, SEED)
    print(table(found.samples))
    print(summary(found))
    check_bounds(found)
    assert found.recorded > 0
    assert len(found.happened) == len(Event)


def test_the_same_seed_lets_the_same_things_happen() -> None:
    first, again, other = (list(islice(happenings(seed, 5), 100)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
