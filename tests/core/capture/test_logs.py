"""Logs that are rotated, cut and removed while they are read, and while nobody reads them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from core.capture.lock import is_held, read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.capture.watching.whereabouts import Whereabouts, look_back
from core.clock import now
from core.recording import Cause, Gap, Ledger, LedgerEntry, Meta, Recorder
from core.sandboxes.model import ConsoleState, SandboxFacts, SandboxSpec
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import PATIENCE_S, facts_when, recorded, running_capture
from tests.core.endpoints.logs import Log

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

KILLS = 10


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path / "vm1.log")) as log:
        yield log


def spec(log: Log) -> SandboxSpec:
    return sandbox_spec("vm1", f"file:{log.path}")


def entries(facts: SandboxFacts) -> list[LedgerEntry]:
    with closing(Ledger(Path(facts.recordings, facts.generation))) as ledger:
        return list(ledger.read_all())


def gaps(facts: SandboxFacts) -> list[tuple[Cause, int | None]]:
    found = filter(None, map(Gap.of, entries(facts)))
    return [(gap.cause, gap.lost_bytes) for gap in found]


async def captured(places: Places, log: Log, size: int) -> SandboxFacts:
    """One capture, until its present generation has `size` bytes."""
    async with running_capture(places, spec(log)) as client:
        return await facts_when(client, lambda f: f.traffic.bytes == size)


@pytest.mark.parametrize("rotations", [0, 1, 3])
async def test_a_log_goes_on_in_its_generation_whatever_it_was_rotated_to_meanwhile(
    places: Places, log: Log, rotations: int
) -> None:
    log.append(b"first " * 1000)
    before = await captured(places, log, 6000)
    log.append(b"unread " * 1000)
    for number in range(rotations):
        log.rotate()
        log.append(b"part %d " % number * 1000)
    after = await captured(places, log, len(log.written))
    assert after.generation == before.generation
    assert await recorded(after, len(log.written)) == log.written
    assert gaps(after)[-1] == (Cause.NO_CAPTURE, 0)


async def test_a_log_that_is_stopped_and_started_is_not_recorded_twice(
    places: Places, log: Log
) -> None:
    log.append(b"x" * 5000)
    async with running_capture(places, spec(log)) as client:
        await facts_when(client, lambda f: f.traffic.bytes == 5000)
        await client.stop("vm1")
        log.append(b"y" * 100)
        log.rotate()
        log.append(b"z" * 100)
        await client.start("vm1")
        facts = await facts_when(client, lambda f: f.traffic.bytes == len(log.written))
        assert await recorded(facts, 5200) == log.written


async def test_a_rotated_log_that_is_gone_is_told_as_lossy_in_another_generation(
    places: Places, log: Log
) -> None:
    log.append(b"first")
    before = await captured(places, log, 5)
    log.append(b"never read")
    log.rotate()
    log.rotated(0).unlink()
    log.append(b"another file")
    after = await captured(places, log, 12)
    assert after.generation != before.generation
    assert await recorded(after, 12) == b"another file"
    assert gaps(after) == [(Cause.NO_CAPTURE, None), (Cause.LOSSY, None)]


async def test_a_log_that_was_cut_while_nobody_looked_and_grew_again_is_another_life(
    places: Places, log: Log
) -> None:
    log.append(b"first life")
    before = await captured(places, log, 10)
    log.cut()
    log.append(b"the second life, which is longer")
    after = await captured(places, log, 32)
    assert after.generation != before.generation
    assert await recorded(after, 32) == b"the second life, which is longer"
    assert gaps(after) == [(Cause.NO_CAPTURE, None), (Cause.LOSSY, None)]
    # And it is one life from then on.
    log.append(b"!")
    again = await captured(places, log, 33)
    assert again.generation == after.generation


async def test_a_cut_that_was_seen_ends_a_generation_and_the_next_ones_gap_says_so(
    places: Places, log: Log
) -> None:
    log.append(b"first life")
    async with running_capture(places, spec(log)) as client:
        before = await facts_when(client, lambda f: f.traffic.bytes == 10)
        log.cut()
        log.append(b"second")
        after = await facts_when(client, lambda f: f.traffic.bytes == 6)
    assert after.generation != before.generation
    (gap,) = filter(None, map(Gap.of, entries(after)))
    assert gap.cause is Cause.RESTARTED
    assert gap.evidence.startswith("the log was cut")


async def test_files_that_were_rotated_away_unread_are_a_gap_where_they_lay(
    places: Places, log: Log
) -> None:
    log.append(b"before")
    async with running_capture(places, spec(log)) as client:
        await facts_when(client, lambda f: f.traffic.bytes == 6)
        # All of this happens before capture looks again.
        log.append(b" and more")
        log.rotate()
        log.append(b"never read")
        log.rotate()
        log.rotated(0).unlink()
        log.append(b"after")
        facts = await facts_when(client, lambda f: f.traffic.bytes == 20)
        assert await recorded(facts, 20) == b"before and moreafter"
    lossy = [
        entry.offset
        for entry in entries(facts)
        if (gap := Gap.of(entry)) is not None and gap.cause is Cause.LOSSY
    ]
    assert lossy == [15]


def test_bytes_that_a_full_disk_did_not_take_were_read_all_the_same(tmp_path: Path) -> None:
    at = now()
    recorder = Recorder.begin(tmp_path, "vm1", life="one", meta=Meta(id="vm1"), at=at)
    recorder.enter("attached", at, source="1:2:3", position=1000)
    recorder.write(b"a" * 70, at)
    recorder.enter_gap(Gap(Cause.DISK, at.wall, at.wall, "full", 30), at)
    recorder.write(b"b" * 5, at)
    recorder.close()
    before = look_back(tmp_path, "vm1")
    assert before.life == "one"
    assert before.whereabouts == Whereabouts("1:2:3", 1105, b"b" * 5)


async def test_what_tells_of_no_change_is_read_all_the_same(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """procfs makes no inotify event: the list of a thread's children grows unheard."""
    monkeypatch.setattr("core.capture.readloop.POLL_S", 0.01)
    with mother() as process:
        path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        async with running_capture(places, sandbox_spec("vm1", f"file:{path}")) as client:
            await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
            for _ in range(3):
                bear(process)
                children = path.read_bytes()
                facts = await facts_when(client, partial(has, len(children)))
                assert await recorded(facts, len(children)) == children


def has(size: int, facts: SandboxFacts) -> bool:
    return facts.traffic.bytes == size


def has_more(size: int, facts: SandboxFacts) -> bool:
    return facts.traffic.bytes > size


MOTHER = """
import os, sys
print(flush=True)
for line in sys.stdin:
    if os.fork() == 0:
        os.close(0)
        sys.stdout = None
        os.close(1)
        import signal
        signal.pause()
    print(flush=True)
os.killpg(0, 9)
"""


@contextmanager
def mother() -> Iterator[subprocess.Popen[bytes]]:
    """A process that gets children when told to, and ends with them."""
    with subprocess.Popen(
        [sys.executable, "-c", MOTHER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        bear(process)
        yield process
        assert process.stdin is not None
        process.stdin.close()


def bear(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.stdout.readline()


WRITER = """
import itertools, os, sys, time
path = sys.argv[1]
file = open(path, "ab", buffering=0)
for number in itertools.count():  # 250 kB/s, 5 rotations a second
    file.write(b"%09d\\n" % number * 50)
    if number % 100 == 99:
        # By date, as logrotate's dateext; none is removed.
        os.rename(path, f"{path}-{number:09d}")
        file.close()
        file = open(path, "ab", buffering=0)
    time.sleep(0.002)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Path]:
    """A log that a process writes and rotates as long as the test runs."""
    path = tmp_path / "vm1.log"
    path.touch()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) as process:
        yield path
        process.kill()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # what is killed has its own loop
async def test_ten_kills_while_a_log_grows_and_rotates_lose_nothing_and_record_nothing_twice(
    places: Places, writer: Path
) -> None:
    kept = 0
    for kill in range(KILLS + 1):
        async with open_capture(places) as client:
            pid = read_owner(places.state_lock)[0]
            await client.watch(sandbox_spec("vm1", f"file:{writer}"))
            facts = await facts_when(client, partial(has_more, kept + 30_000))
            if kill < KILLS:
                os.kill(pid, signal.SIGKILL)
            else:
                await client.shut_down()
        with anyio.fail_after(PATIENCE_S):
            while Path(f"/proc/{pid}").exists() or is_held(places.state_lock):
                await anyio.sleep(0.02)
        kept = Path(facts.recordings, facts.generation, "console.log").stat().st_size
    data = Path(facts.recordings, facts.generation, "console.log").read_bytes()
    assert facts.generation.startswith("000001-")
    lines = [int(line) for line in data.splitlines()[:-1]]
    assert len(lines) > KILLS * 3000
    # What was rotated before the first capture began is not its business.
    assert lines == [lines[0] + at // 50 for at in range(len(lines))]
