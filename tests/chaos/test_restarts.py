"""A VM that is restarted a hundred times, and leaves its socket in every way there is."""

from __future__ import annotations

from functools import partial
from itertools import cycle, islice, pairwise
from pathlib import Path

import anyio.to_thread
import pytest

from core.capture.places import Places
from core.capture.spawn import open_capture
from core.recording import Cause, History
from core.sandboxes.named import sandbox_spec
from tests.chaos.evidence import check_account, check_whole, whole
from tests.core.capture.conftest import facts_when
from tests.guests.client import until
from tests.guests.kit import QemuQueue, Rebirth, Seeded

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

RESTARTS = 100
SAID = 20_000
SEED = 31


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # capture has its own loop
async def test_a_hundred_restarts_of_all_kinds_are_a_hundred_and_one_whole_lives(
    places: Places, short_folder: Path
) -> None:
    path = short_folder / "vm1.sock"
    with QemuQueue(path, say=Seeded(SEED, size=SAID), wait=True) as guest:
        async with open_capture(places) as client:
            await client.watch(sandbox_spec("vm1", f"unix:{path}"))
            for rebirth in islice(cycle(Rebirth), RESTARTS):
                await anyio.to_thread.run_sync(guest.wait_until_said)
                await anyio.to_thread.run_sync(partial(guest.restart, rebirth))
            await anyio.to_thread.run_sync(guest.wait_until_said)
            await facts_when(client, lambda facts: facts.traffic.bytes == SAID)
            await client.shut_down()
        await anyio.to_thread.run_sync(lambda: until(lambda: not places.control_socket.exists()))
        lives = guest.lives
    sandbox = places.recordings / "vm1"
    generations = History(sandbox).generations
    assert len(generations) == len(lives) == RESTARTS + 1
    for generation, life in zip(generations, lives, strict=True):
        assert life.said == SAID
        check_whole(whole(generation.folder), life)
    assert all(one.started_wall <= other.started_wall for one, other in pairwise(generations))
    account = check_account(sandbox, captured=SAID * (RESTARTS + 1))
    assert account.lost_bytes == 0
    assert {gap.cause for gap in account.gaps} <= {Cause.RESTARTED, Cause.NO_CAPTURE}
