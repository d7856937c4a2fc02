"""Whole recordings that are torn, cut and full of other people's bytes."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

from core.errors import RecordingError
from core.recording import GenerationReader, History, Recorder, RecordingClock, read_account
from core.recording.export import cast, jsonl, raw, text, typescript
from core.recording.layout import LOG, parse_segment_log
from tests.core.recording.export.exported import sources
from tests.core.recording.made import begin, moment
from tests.fuzz.damage import LIFE, damage, recorded
from tests.fuzz.target import Target

MORE = b"what came after the repair\r\n"


def logs(folder: Path) -> dict[str, bytes]:
    """What lies in each log now."""
    return {path.name: path.read_bytes() for path in folder.glob("console*.log*")}


def check_reader(folder: Path) -> None:
    """What is read is what the segments hold, each at its place."""
    try:
        reader = GenerationReader(folder)
    except RecordingError:
        return
    held = logs(folder)
    plain = {
        start: data
        for name, data in held.items()
        if not name.endswith(".zst") and (start := parse_segment_log(name)) is not None
    }
    try:
        for start, data in plain.items():
            later = [s for name in held if (s := parse_segment_log(name)) is not None and s > start]
            end = min([start + len(data), *later])
            if reader.start <= start and end <= reader.end:
                assert reader.read(start, end - start) == data[: end - start], start
        growing = held.get(LOG, b"")
        if growing and reader.end:
            assert reader.end - reader.start >= len(growing)
            assert reader.read(reader.end - len(growing), len(growing)) == growing
        assert reader.read(reader.end, 10) == b""
    finally:
        reader.close()


def check_clock(rng: random.Random, folder: Path) -> None:
    """Time does not go back from one byte to a later one."""
    try:
        reader, clock = GenerationReader(folder), RecordingClock(folder)
    except RecordingError:
        return
    try:
        offsets = sorted(rng.randrange(reader.end + 1) for _ in range(8))
        times = [clock.elapsed(offset) for offset in offsets]
    except RecordingError:
        return
    finally:
        reader.close()
        clock.close()
    assert all(seconds is None or seconds >= 0 for seconds in times)


def fuzz_reader(rng: random.Random, folder: Path) -> None:
    generation = recorded(rng, folder)
    damage(rng, generation)
    check_reader(generation)
    check_clock(rng, generation)


def fuzz_repair(rng: random.Random, folder: Path) -> None:
    generation = recorded(rng, folder)
    pristine = logs(generation)
    damage(rng, generation)
    before = logs(generation)
    try:
        recorder = begin(folder, life=LIFE, at=1000)
    except RecordingError:
        assert logs(generation).items() >= before.items()
        return
    assert logs(generation).items() >= before.items(), "the repair changed a log"
    check_continued(recorder, is_same=recorder.folder == generation)
    check_reader(recorder.folder)
    check_clock(rng, recorder.folder)
    again = begin(folder, life=LIFE, at=2000)
    try:
        assert again.folder == recorder.folder
        assert again.size == recorder.size
        if before != pristine:
            # A log whose length changed has left the index of its neighbours in the wrong
            # place; the times settle with the next start only.
            return
        # What was repaired is whole.
        lines = (again.folder / "events.jsonl").read_bytes().splitlines()
        last = [line for line in lines if b'"epoch": 1700002000' in line]
        assert not any(b'"repaired"' in line for line in last)
    finally:
        again.close()


def check_continued(recorder: Recorder, *, is_same: bool) -> None:
    """What is written now is read back where it belongs."""
    size = recorder.size
    recorder.write(MORE, moment(1001))
    recorder.enter("attached", moment(1001))
    recorder.close()
    reader, clock = GenerationReader(recorder.folder), RecordingClock(recorder.folder)
    try:
        assert reader.end == size + len(MORE) == recorder.size
        assert reader.read(size, 100) == MORE
        dated = clock.at(size)
        assert dated is not None, is_same
    finally:
        reader.close()
        clock.close()


def fuzz_account(rng: random.Random, folder: Path) -> None:
    for life in ("one", "two")[: rng.randint(1, 2)]:
        generation = recorded(rng, folder / life)
        home = folder / "all" / "vm1"
        home.mkdir(parents=True, exist_ok=True)
        name = generation.name.replace("000001", "000002" if life == "two" else "000001")
        generation.rename(home / name)
        damage(rng, home / name)
    account = read_account(folder / "all" / "vm1")
    assert account.disk_bytes <= account.captured_bytes
    assert account.heard_seconds >= 0
    assert account.gap_seconds >= 0
    for one, other in pairwise(account.stretches):
        assert one.end == other.start
        assert one.generation <= other.generation
    assert all(stretch.bytes >= 0 for stretch in account.stretches)


def fuzz_exports(rng: random.Random, folder: Path) -> None:
    sandbox = recorded(rng, folder).parent
    damage(rng, History(sandbox).generations[0].folder)
    every = rng.random() < 0.3
    try:
        plain = b"".join(text(sources(sandbox), times=every))
        lines = b"".join(jsonl(sources(sandbox), raw=every)).splitlines()
        shown = b"".join(cast(sources(sandbox), title="vm1", started=0.0)).splitlines()
        typed = list(typescript(sources(sandbox), started=0.0))
        whole = b"".join(raw(sources(sandbox)))
    except RecordingError:
        return
    assert not set(plain) & {*range(9), *range(11, 32), 127}, "a control code in a text"
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert all(line.isascii() for line in lines)
    times = [json.loads(line)[0] for line in shown[1:]]
    assert times == sorted(times)
    assert all(piece.timing.count(b"\n") <= 1 for piece in typed)
    reader = GenerationReader(History(sandbox).generations[0].folder)
    try:
        assert whole == reader.read(reader.start, reader.end)
    finally:
        reader.close()


TARGETS: tuple[Target, ...] = (
    Target("reader", fuzz_reader, cost=5),
    Target("repair", fuzz_repair, cost=5),
    Target("account", fuzz_account, cost=5),
    Target("exports", fuzz_exports, cost=10),
)
