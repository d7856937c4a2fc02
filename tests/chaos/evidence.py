"""What a recording holds, against what its guest knows that it said."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

from core.errors import RecordingError
from core.recording import (
    Account,
    Cause,
    Gap,
    GenerationReader,
    History,
    Ledger,
    RecordingClock,
    read_account,
)
from tests.guests.kit import as_seen, verify
from tests.guests.kit.seeded import stream
from tests.guests.kit.truth import Life

TICK_S = 0.02
"""A log's time on disk is the kernel's last tick, which lies before the write that it dates."""


def whole(folder: Path) -> bytes:
    """All that a generation holds."""
    reader = GenerationReader(folder)
    try:
        assert reader.start == 0
        return reader.read(0, reader.end)
    finally:
        reader.close()


def size_of(sandbox: Path) -> int:
    """How much a sandbox's newest generation holds by now; 0 when there is none yet."""
    with contextlib.suppress(RecordingError, IndexError):
        reader = GenerationReader(History(sandbox).generations[-1].folder)
        size = reader.end
        reader.close()
        return size
    return 0


def gaps_of(folder: Path) -> list[tuple[int, Gap]]:
    """A generation's gaps and where they lie, but for the one before its first byte."""
    ledger = Ledger(folder)
    try:
        entries = list(ledger.read_all())
        assert ledger.skipped == 0
    finally:
        ledger.close()
    offsets = [entry.offset for entry in entries]
    assert offsets == sorted(offsets)
    found = [(entry.offset, gap) for entry in entries if (gap := Gap.of(entry)) is not None]
    return [(offset, gap) for offset, gap in found if offset > 0]


def check_whole(record: bytes, life: Life) -> None:
    """Not a byte of a life is missing, more or another."""
    verdict = verify(record, life.seed, life.said)
    assert verdict.is_whole, verdict


def check_one_hole(record: bytes, life: Life, offset: int) -> int:
    """All of a life is there but for one hole at `offset`; returns how many bytes it has.

    The life's second client says where the hole ends.
    """
    first, second = life.visits
    hole = (offset, second.delivered[0][0])
    # What nobody was there to hear lies within, and what capture had not read when it died.
    assert life.dropped
    assert hole[0] <= life.dropped[0][0]
    assert life.dropped[-1][1] == hole[1]
    assert first.delivered[-1][1] == life.dropped[0][0]
    verdict = verify(record, life.seed, life.said)
    assert verdict.missing == [as_seen(hole, life.seed, life.said)], verdict
    assert not verdict.foreign, verdict
    assert not verdict.repeated, verdict
    return hole[1] - hole[0]


def check_losses(record: bytes, life: Life, gaps: list[tuple[int, Gap]]) -> int:
    """The record is what was said without what its gaps count, each at its place.

    Returns how many bytes are lost.
    """
    sent = memoryview(b"".join(stream(life.seed, life.said)))
    heard = said = 0
    for offset, gap in gaps:
        assert gap.lost_bytes is not None
        step = offset - heard
        assert record[heard:offset] == sent[said : said + step], f"before the gap at {offset}"
        heard, said = offset, said + step + gap.lost_bytes
    assert record[heard:] == sent[said:], f"after the gap at {heard}"
    return life.said - len(record)


def check_bracket(folder: Path, offset: int, gap: Gap, outage: tuple[float, float]) -> None:
    """A gap covers the time in which no capture ran, and no moment in which it was heard."""
    killed_at, started_at = outage
    assert gap.start <= killed_at
    assert started_at <= gap.end
    clock = RecordingClock(folder)
    try:
        before, after = clock.at(offset - 1), clock.at(offset)
    finally:
        clock.close()
    assert before is not None
    assert after is not None
    assert before.wall <= gap.start + TICK_S
    # The first bytes are read before the console counts as attached.
    assert after.wall >= started_at


def check_account(sandbox: Path, *, captured: int) -> Account:
    """Every moment of a sandbox's life is explained, and every byte that was heard."""
    account = read_account(sandbox)
    assert account.troubles == ()
    assert account.skipped_lines == 0
    assert account.captured_bytes == account.disk_bytes == captured
    assert sum(stretch.bytes for stretch in account.stretches) == captured
    for one, other in pairwise(account.stretches):
        assert one.end == other.start
        assert (one.generation, one.last) <= (other.generation, other.first) or (
            one.generation < other.generation
        )
    for stretch in account.stretches:
        assert stretch.seconds >= 0
        assert stretch.gap is None or stretch.gap.cause is not Cause.UNKNOWN, stretch
    assert account.heard_seconds >= 0
    assert account.gap_seconds >= 0
    return account
