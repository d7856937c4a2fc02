"""The files of a recording, one by one: timing, index, ledger, meta data, compressed logs."""

from __future__ import annotations

import math
import os
import random
from itertools import pairwise
from pathlib import Path

from core.clock import Instant
from core.recording import CourseReader, Events, Timeline, index, ledger, meta, timing
from core.recording.folder import Folder
from core.recording.index import Entry
from core.recording.layout import INDEX, LEDGER, MAX_OFFSET
from core.recording.ledger import Ledger
from core.recording.meta import Meta
from core.recording.seekable import SeekableFile, frame, seek_table
from tests.fuzz.mutation import mutated, mutated_one
from tests.fuzz.target import Target, parser

WALL = 1_795_466_472.0


def timing_file(rng: random.Random) -> bytes:
    records = [
        timing.record(rng.choice((0, 1, 999_999, 10**7, 10**18)), rng.randint(1, 10**6))
        for _ in range(rng.randrange(20))
    ]
    return mutated(rng, b"".join(records))


def check_timing(data: bytes) -> None:
    records = timing.parse(data)
    assert len(records.deltas_us) == len(records.sizes)
    # What is taken for a record is what would be written for it, byte for byte.
    pairs = zip(records.deltas_us, records.sizes, strict=True)
    assert b"".join(timing.record(*pair) for pair in pairs) == data[: records.length]


def index_file(rng: random.Random) -> bytes:
    offset = elapsed = 0
    lines = []
    for _ in range(rng.randrange(12)):
        offset += rng.randrange(1, 300_000)
        elapsed += rng.randrange(10**7)
        entry = Entry(offset, offset // 10, elapsed, round(WALL * 1e6) + elapsed, elapsed)
        lines.append(index.format_entry(entry))
    return mutated(rng, b"".join(lines))


def fuzz_index(rng: random.Random, folder: Path) -> None:
    data = index_file(rng)
    (folder / INDEX).write_bytes(data)
    with Folder.open(folder) as opened:
        entries, is_whole = index.load(opened)
        assert [index.format_entry(entry) for entry in entries] == [
            data[at : at + index.ENTRY_BYTES]
            for at in range(0, len(entries) * index.ENTRY_BYTES, index.ENTRY_BYTES)
        ]
        assert not is_whole or len(entries) * index.ENTRY_BYTES == len(data)
        assert all(one.offset < other.offset for one, other in pairwise(entries))
        wanted = rng.randrange(3_000_000)
        found = index.find(opened, wanted)
        assert found is None or found.entry.offset <= wanted
        index.following(opened, rng.randrange(20), wanted)
        index.last_segment_start(opened)


def ledger_file(rng: random.Random) -> bytes:
    kinds = ("attached", "detached", "gap", "ended", "repaired", "alert", "mark", "unmark")
    lines = []
    for number in range(rng.randrange(8)):
        facts: dict[str, ledger.Fact] = {"cause": rng.choice(("disk", "quota", "x")), "n": number}
        if rng.randrange(2):
            facts |= {"start": rng.choice((0, 150, -1, 2**70)), "mark": rng.randrange(500)}
        at = Instant(WALL + number, float(number))
        lines.append(ledger.format_entry(rng.choice(kinds), at, number * 100, facts))
    return mutated(rng, b"".join(lines))


def fuzz_ledger(rng: random.Random, folder: Path) -> None:
    data = ledger_file(rng)
    (folder / LEDGER).write_bytes(data)
    found = Ledger(folder)
    entries = list(found.read_all())
    assert len(entries) + found.skipped == data.count(b"\n")
    found.close()
    for entry in entries:
        assert math.isfinite(entry.wall)
        assert entry.wall >= 0
        assert 0 <= entry.offset <= MAX_OFFSET
        assert all(isinstance(fact, str | int | float) for fact in entry.facts.values())
    with Folder.open(folder) as opened:
        last = ledger.last_entry_wall(opened, lambda _entry: True)
    whole_lines = [entry for entry in map(ledger.parse_entry, data.split(b"\n")) if entry]
    assert last == (whole_lines[-1].wall if whole_lines else 0.0)


def fuzz_events(rng: random.Random, folder: Path) -> None:
    """What is walked through is in order, and each is of the entry it was made of."""
    (folder / LEDGER).write_bytes(ledger_file(rng))
    events = Events(folder)
    while events.refresh(rng.choice((0, 100))):
        pass
    found = list(events.forward(0))
    assert found == sorted(found)
    assert found[::-1] == list(events.backward(MAX_OFFSET + 1))
    assert None not in events.entries(found)
    assert all(0 <= event.offset <= MAX_OFFSET for event in found)


def fuzz_course(rng: random.Random, folder: Path) -> None:
    """However damaged what dates bytes is, time and bytes go forward and every byte is told."""
    (folder / "console.log").write_bytes(b"x" * rng.randrange(5000))
    (folder / INDEX).write_bytes(index_file(rng))
    (folder / "console.timing").write_bytes(timing_file(rng))
    reader = CourseReader(folder)
    for _ in range(4):
        reader.refresh()
    timeline = Timeline([reader.course], [rng.randrange(3000)])
    edges = timeline.edges(30)
    assert edges == sorted(edges)
    assert all(size >= 0 for size in timeline.sizes(edges))


GOOD_META = meta.encode(
    Meta(id="vm1", name="a name", console="unix:/x", life="one", started_wall=WALL)
)


def check_meta(data: bytes) -> None:
    found = meta.decode(data)
    if found is not None:
        again = meta.decode(meta.encode(found))
        assert again is not None
        assert again.started == found.started


def fuzz_compressed(rng: random.Random, folder: Path) -> None:
    """A damaged frame is an error or not there; never other bytes than were compressed."""
    parts = [rng.randbytes(rng.randint(8, 40)) * rng.randint(1, 200) for _ in range(4)]
    packed = [frame(part) for part in parts]
    sizes = [(len(one), len(part)) for one, part in zip(packed, parts, strict=True)]
    table = seek_table(sizes) if rng.randrange(5) else b""
    path = folder / "x.zst"
    path.write_bytes(mutated(rng, b"".join(packed) + table))
    source = SeekableFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    try:
        rest = source.pread(1 << 20, 0)
    except OSError:
        return
    finally:
        source.close()
    assert not rest or source.size >= len(rest)
    while rest:
        # Damage may repeat a frame or leave one out, but each is whole and one of ours.
        part = next((part for part in parts if rest.startswith(part)), b"")
        assert part, "a byte that nobody compressed"
        rest = rest[len(part) :]


TARGETS: tuple[Target, ...] = (
    parser("timing", timing_file, check_timing),
    Target("index", fuzz_index, cost=2),
    Target("ledger", fuzz_ledger, cost=2),
    Target("events", fuzz_events, cost=2),
    Target("course", fuzz_course, cost=3),
    parser("meta", lambda rng: mutated_one(rng, [GOOD_META]), check_meta),
    Target("compressed", fuzz_compressed, cost=2),
)
