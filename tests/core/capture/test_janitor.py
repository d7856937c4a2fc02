"""Recordings keep to their quotas, say what went, and are compressed once they have ended."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.capture.writing.janitor import Janitor
from core.capture.writing.spool import Spool
from core.capture.writing.spools import Spools
from core.recording import (
    Cause,
    Gap,
    GenerationReader,
    Ledger,
    Recorder,
    RecordingClock,
    read_meta,
)
from core.recording.quota import MAX_GENERATIONS
from core.settings import Settings
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, running_capture
from tests.core.recording.made import begin, moment

pytestmark = pytest.mark.anyio

MB = 1_000_000
SEGMENT = 100_000


def settings(console: int = 0, total: int = 0) -> Settings:
    return Settings(quota_console=console, quota_total=total)


def ended(
    home: Path, size: int, *, sandbox_id: str = "vm1", at: float = 0.0, life: str = "one"
) -> Path:
    """A generation nobody writes: a read of 10,000 bytes each second."""
    recorder = begin(home, life=life, at=at, sandbox_id=sandbox_id, segment_bytes=SEGMENT)
    fill(recorder, size, at)
    recorder.close()
    return recorder.folder


def fill(recorder: Recorder | Spool, size: int, at: float = 0.0) -> None:
    for number, start in enumerate(range(0, size, 10_000)):
        recorder.write(text(start, start + 10_000), moment(at + number))


def text(start: int, end: int) -> bytes:
    return b"".join(b"%09d\n" % at for at in range(start, end, 10))


def gaps(folder: Path) -> list[tuple[int, Gap]]:
    ledger = Ledger(folder)
    try:
        entries = ledger.read_new()
    finally:
        ledger.close()
    return [(entry.offset, gap) for entry in entries if (gap := Gap.of(entry)) is not None]


def taken(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


async def tidy(janitor: Janitor) -> None:
    while await janitor.round():
        pass


async def test_the_oldest_segments_go_and_the_ledger_tells_which(tmp_path: Path) -> None:
    folder = ended(tmp_path, 1_000_000)
    janitor = Janitor(tmp_path, Spools())
    janitor.configure(settings(console=500_000))
    await tidy(janitor)
    assert taken(tmp_path) <= 500_000
    assert janitor.usage["vm1"] <= 500_000
    reader = GenerationReader(folder)
    assert reader.start >= 500_000
    assert reader.read(reader.start, MB) == text(reader.start, 1_000_000)
    told = gaps(folder)
    assert [offset for offset, _ in told] == list(range(SEGMENT, reader.start + 1, SEGMENT))
    for number, (_, gap) in enumerate(told):
        assert gap.lost_bytes == SEGMENT
        assert gap.start == pytest.approx(moment(10 * number).wall)
        assert gap.end == pytest.approx(moment(10 * number + 9).wall)
        assert gap.evidence == "quota of 500 kB a sandbox"
        assert gap.cause is Cause.QUOTA
    clock = RecordingClock(folder)
    assert clock.at(reader.start - 1) is None
    assert clock.at(reader.start) == pytest.approx(moment(reader.start / 10_000))
    clock.close()
    reader.close()
    before = taken(tmp_path)
    await tidy(janitor)
    assert taken(tmp_path) == before


async def test_what_lost_its_oldest_segments_can_be_gone_on_with(tmp_path: Path) -> None:
    folder = ended(tmp_path, 1_000_000)
    janitor = Janitor(tmp_path, Spools())
    janitor.configure(settings(console=500_000))
    await tidy(janitor)
    recorder = begin(tmp_path, at=2000, segment_bytes=SEGMENT)
    assert (recorder.folder, recorder.size) == (folder, 1_000_000)
    recorder.write(b"and on", moment(2000))
    recorder.close()
    reader, clock = GenerationReader(folder), RecordingClock(folder)
    assert reader.read(reader.start, MB) == text(reader.start, 1_000_000) + b"and on"
    assert clock.elapsed(1_000_000) == pytest.approx(2000.0)
    assert clock.elapsed(reader.start) == pytest.approx(reader.start / 10_000)
    reader.close()
    clock.close()


async def test_what_is_written_loses_its_full_segments_through_its_own_ledger(
    tmp_path: Path,
) -> None:
    spools = Spools()
    janitor = Janitor(tmp_path, spools)
    janitor.configure(settings(console=300_000))
    async with anyio.create_task_group() as tasks:
        recorder = begin(tmp_path, segment_bytes=SEGMENT)
        spool = Spool(recorder, tasks, lambda _: None, spools=spools)
        fill(spool, 950_000)
        reader = GenerationReader(recorder.folder)
        await tidy(janitor)
        spool.enter("mark", moment(1000))
        reader.refresh()
        assert reader.read(reader.start, MB) == text(reader.start, 950_000)
        assert 0 < reader.start <= 900_000
        spool.write(b"goes on", moment(1000))
        reader.refresh()
        assert reader.read(950_000, 100) == b"goes on"
        reader.close()
        await spool.aclose()
    told = gaps(recorder.folder)
    assert sum(gap.lost_bytes or 0 for _, gap in told) == told[-1][0]
    assert taken(tmp_path) <= 300_000


async def test_the_segment_that_grows_never_goes(tmp_path: Path) -> None:
    spools = Spools()
    janitor = Janitor(tmp_path, spools)
    async with anyio.create_task_group() as tasks:
        recorder = begin(tmp_path)
        spool = Spool(recorder, tasks, lambda _: None, spools=spools)
        fill(spool, 90_000)
        janitor.configure(settings(console=50_000))
        await tidy(janitor)
        reader = GenerationReader(recorder.folder)
        assert reader.read(0, MB) == text(0, 90_000)
        reader.close()
        # Its next write begins another one: the quota made them smaller.
        spool.write(b"x", moment(100))
        assert spool.rotations == 1
        await spool.aclose()


async def test_over_all_sandboxes_the_one_that_wrote_longest_ago_gives_first(
    tmp_path: Path,
) -> None:
    first = ended(tmp_path, 200_000, sandbox_id="old")
    second = ended(tmp_path, 200_000, sandbox_id="new")
    janitor = Janitor(tmp_path, Spools())
    janitor.configure(settings(total=270_000))
    await tidy(janitor)
    assert [gap.evidence for _, gap in gaps(first)] == ["quota of 270 kB in all"] * 2
    assert gaps(second) == []


async def test_a_generation_of_which_nothing_is_left_keeps_its_ledger_and_is_not_gone_on_with(
    tmp_path: Path,
) -> None:
    folder = ended(tmp_path, 250_000)
    janitor = Janitor(tmp_path, Spools())
    janitor.configure(settings(console=10_000))
    await tidy(janitor)
    assert sorted(path.name for path in folder.iterdir()) == ["events.jsonl", "meta.json"]
    assert sum(gap.lost_bytes or 0 for _, gap in gaps(folder)) == 250_000
    assert read_meta(folder).id == "vm1"
    # The ledger's own growth counts from the next look on.
    await tidy(janitor)
    assert janitor.usage["vm1"] == taken(tmp_path)
    again = begin(tmp_path, at=500)
    assert again.folder != folder
    again.close()


async def test_a_reboot_loop_keeps_so_many_generations_and_the_oldest_tells_of_the_others(
    tmp_path: Path,
) -> None:
    surplus = 3
    first = ended(tmp_path, 20_000, life="0")
    for number in range(1, MAX_GENERATIONS + surplus):
        crashed_like(first, number)
    janitor = Janitor(tmp_path, Spools())
    janitor.configure(settings())
    await tidy(janitor)
    left = sorted((tmp_path / "vm1").iterdir())
    assert len(left) == MAX_GENERATIONS
    assert left[0].name.startswith("000004")
    ((offset, gap),) = gaps(left[0])
    assert (offset, gap.lost_bytes) == (0, surplus * 20_000)
    assert gap.start == pytest.approx(moment(0).wall)
    assert gap.evidence == (
        "no more than 1000 generations of a sandbox are kept;"
        " generation 000003 and those before it were removed"
    )


def crashed_like(folder: Path, number: int) -> None:
    """Another generation like this one, so many later."""
    copy = folder.parent / f"{number + 1:06d}{folder.name[6:]}"
    copy.mkdir(0o700)
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())


async def test_what_is_none_of_ours_is_neither_touched_nor_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = ended(home, 300_000)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "console.log"
    target.write_bytes(b"x" * MB)
    (home / "vm2").symlink_to(elsewhere)
    (home / "vm1" / "000009-20261124T000000.000Z").symlink_to(elsewhere)
    (folder / "console.000000000500000.log").symlink_to(target)
    janitor = Janitor(home, Spools())
    janitor.configure(settings(console=1_000))
    await tidy(janitor)
    assert target.stat().st_size == MB
    assert "vm2" not in janitor.usage


async def test_ended_generations_are_compressed_and_count_as_small_as_they_are(
    tmp_path: Path,
) -> None:
    old = ended(tmp_path, 500_000)
    new = ended(tmp_path, 300_000, at=100, life="two")
    janitor = Janitor(tmp_path, Spools(), idle_s=0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(janitor.run)
        with anyio.fail_after(PATIENCE_S):
            while list(tmp_path.rglob("console.0*.log")):
                await anyio.sleep(0.01)
            while not 0 < janitor.usage["vm1"] < 400_000:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    for folder, size in ((old, 500_000), (new, 300_000)):
        reader = GenerationReader(folder)
        assert reader.read(0, MB) == text(0, size)
        reader.close()
    assert not list(tmp_path.rglob("*.new"))
    assert taken(tmp_path) < 400_000


async def test_a_generation_that_may_go_on_is_not_compressed(tmp_path: Path) -> None:
    old = ended(tmp_path, 300_000)
    new = ended(tmp_path, 300_000, at=100, life="two")
    # Written in 2023 by its clock, and just now by the file system's.
    janitor = Janitor(tmp_path, Spools(), idle_s=3600)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(janitor.run)
        with anyio.fail_after(PATIENCE_S):
            # The last file of the old one is done: the new one would be next.
            while not (old / "console.000000000200000.log.zst").exists():
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert (new / "console.000000000000000.log").exists()
    assert not list(new.glob("*.zst"))


async def test_what_cannot_be_compressed_is_not_tried_again_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = ended(tmp_path, 300_000)
    ended(tmp_path, 300_000, at=100, life="two")
    (bad / "console.000000000000000.log.zst.new").symlink_to(tmp_path)
    janitor = Janitor(tmp_path, Spools())
    await tidy(janitor)
    assert await janitor.compress_next()
    await tidy(janitor)
    assert not await janitor.compress_next()
    assert caplog.text.count("is a symbolic link") == 1


async def test_a_capture_tells_what_all_recordings_take_not_only_those_it_adds_to(
    places: Places,
) -> None:
    ended(places.recordings, 300_000)
    async with running_capture(places) as client:
        with anyio.fail_after(PATIENCE_S):
            while (await client.status()).disk_bytes != taken(places.recordings):
                await anyio.sleep(0.01)


async def test_a_watched_guest_that_floods_keeps_to_its_quota(
    places: Places, chardev: Chardev
) -> None:
    quota = Settings(quota_console=MB, quota_total=0)
    async with running_capture(places, chardev.spec, settings=quota) as client:
        await chardev.accept()
        for start in range(0, 8 * MB, 50_000):
            await chardev.write(text(start, start + 50_000))
        facts = await facts_when(client, lambda f: f.traffic.bytes == 8 * MB)
        folder = Path(facts.recordings, facts.generation)
        with anyio.fail_after(PATIENCE_S):
            # What the facts say may be of a moment before the last bytes came.
            while taken(folder) > MB:
                await anyio.sleep(0.01)
        await facts_when(client, lambda f: 0 < f.disk_bytes <= MB)
        reader = GenerationReader(folder)
        assert reader.read(reader.start, 8 * MB) == text(0, 8 * MB)[reader.start :]
        told = gaps(folder)
        assert sum(gap.lost_bytes or 0 for _, gap in told) == reader.start > 6 * MB
        reader.close()
