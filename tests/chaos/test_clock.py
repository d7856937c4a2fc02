"""The wall clock is set back by an hour while capture records: time goes on all the same.

Capture's own: libfaketime stands between it and the clock, and the machine's is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import anyio.to_thread
import pytest

from core.capture.places import Places
from core.capture.spawn import open_capture
from core.recording import Gap, History, Ledger, RecordingClock
from core.sandboxes.model import ConsoleState, SandboxFacts
from core.sandboxes.named import sandbox_spec
from tests.chaos.evidence import check_account, check_whole, whole
from tests.core.capture.conftest import facts_when
from tests.guests.client import until
from tests.guests.kit import QemuQueue, Seeded
from tests.guests.needed import lack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

SAID = 300_000
SEED = 1582
HOUR_S = 3600.0
SAMPLE_BYTES = 1000


class Clock:
    """The wall clock of what is started while `is_faked` holds."""

    def __init__(self, library: Path, offset: Path) -> None:
        self._library = library
        self._offset = offset
        self.set_off("+0")

    def set_off(self, seconds: str) -> None:
        """Set it off; as a whole, for the library reads the file at every look at a clock."""
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(f"{seconds}\n")
        fresh.rename(self._offset)

    @contextmanager
    def is_faked(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LD_PRELOAD", str(self._library))
            patch.setenv("FAKETIME_TIMESTAMP_FILE", str(self._offset))
            patch.setenv("FAKETIME_NO_CACHE", "1")
            patch.setenv("DONT_FAKE_MONOTONIC", "1")
            yield


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        lack("libfaketime is not installed. sudo apt-get install libfaketime")
    return Clock(libraries[0], tmp_path / "offset")


def connected(facts: SandboxFacts) -> bool:
    return facts.console.state is ConsoleState.CONNECTED


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # capture has its own loop
async def test_with_the_clock_set_back_an_hour_no_time_is_negative_and_no_byte_out_of_order(
    places: Places, short_folder: Path, clock: Clock
) -> None:
    path = short_folder / "vm1.sock"
    in_thread = anyio.to_thread.run_sync
    with QemuQueue(path, say=Seeded(SEED, size=SAID), wait=True, every_ms=5, piece=1000) as guest:
        async with AsyncExitStack() as stack:
            # The guest, which runs already, keeps the machine's.
            with clock.is_faked():
                client = await stack.enter_async_context(open_capture(places))
            await client.watch(sandbox_spec("vm1", f"unix:{path}"))
            await in_thread(
                partial(guest.wait_until, lambda truth: truth.lives[0].said > SAID // 3)
            )
            clock.set_off("-3600")
            await in_thread(guest.wait_until_said)
            await client.stop("vm1")
            await client.start("vm1")
            await in_thread(partial(guest.wait_for_client, 2))
            await facts_when(client, connected)
            await in_thread(guest.restart)
            await in_thread(guest.wait_until_said)
            await facts_when(client, lambda facts: facts.traffic.bytes == SAID)
            clock.set_off("+3600")
            await in_thread(guest.restart)
            await in_thread(guest.wait_until_said)
            await facts_when(client, lambda facts: facts.traffic.bytes == SAID)
            await client.shut_down()
        await in_thread(lambda: until(lambda: not places.control_socket.exists()))
        lives = guest.lives
    sandbox = places.recordings / "vm1"
    generations = History(sandbox).generations
    assert [each.sequence for each in generations] == [1, 2, 3]
    for generation, life in zip(generations, lives, strict=True):
        check_whole(whole(generation.folder), life)
        check_order(generation.folder)
    starts = [each.started_wall for each in generations]
    # The clock was set back, and everybody can see that it was.
    assert starts[0] - starts[1] > HOUR_S / 2
    assert starts[2] - starts[1] > HOUR_S
    check_account(sandbox, captured=SAID * 3)


def check_order(folder: Path) -> None:
    """Elapsed time never goes back, nor do the ledger's offsets."""
    dates = RecordingClock(folder)
    try:
        elapsed = [dates.elapsed(offset) for offset in range(0, SAID, SAMPLE_BYTES)]
    finally:
        dates.close()
    assert None not in elapsed
    times = [seconds for seconds in elapsed if seconds is not None]
    assert times == sorted(times)
    # An hour's jump of the wall clock is none of the guest's time.
    assert times[0] >= 0
    assert times[-1] < HOUR_S / 2
    ledger = Ledger(folder)
    try:
        entries = list(ledger.read_all())
    finally:
        ledger.close()
    assert all(one.offset <= other.offset for one, other in pairwise(entries))
    for gap in filter(None, map(Gap.of, entries)):
        assert gap.start <= gap.end, gap
