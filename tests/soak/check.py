"""Every recording of a soak, against what its guest says that it said."""

from __future__ import annotations

from pathlib import Path

from core.recording import Cause, History, read_account
from tests.chaos.evidence import gaps_of, whole
from tests.guests.kit import as_seen, verify
from tests.guests.kit.truth import Life, Span


def check_sandbox(sandbox: Path, lives: list[Life]) -> tuple[int, int, int]:
    """Every byte of every life is recorded, or lies where a gap is told.

    A life that nobody heard has no generation. Returns bytes recorded, bytes that were
    said into a gap, and gaps.
    """
    generations = list(History(sandbox).generations)
    recorded = lost = gaps = 0
    heard = [life for life in lives if life.visits]
    assert len(generations) <= len(heard)
    rest = iter(heard)
    for generation in generations:
        record = whole(generation.folder)
        life = next((one for one in rest if belongs(record, one)), None)
        assert life is not None, f"{generation.folder} is none of the guest's lives"
        offsets = [offset for offset, _ in gaps_of(generation.folder)]
        lost += check_life(record, life, offsets)
        recorded += len(record)
        gaps += len(offsets)
    account = read_account(sandbox)
    assert account.troubles == ()
    assert account.captured_bytes == recorded
    assert all(stretch.seconds >= 0 for stretch in account.stretches)
    assert all(gap.cause is not Cause.UNKNOWN for gap in account.gaps)
    return recorded, lost, gaps


def belongs(record: bytes, life: Life) -> bool:
    """Whether a record is of this life: nothing in it was said by another."""
    return not verify(record, life.seed, life.said).foreign


def check_life(record: bytes, life: Life, offsets: list[int]) -> int:
    """What is missing of a life is missing where a gap lies; returns how much that is."""
    verdict = verify(record, life.seed, life.said)
    assert not verdict.repeated, verdict
    before = 0
    for hole in verdict.missing:
        begin, end = hole
        at = begin - before
        # What is missing at the beginning and the end has no byte of the record behind it.
        is_edge = begin == 0 or end == life.said
        assert is_edge or any(fits(hole, at, o, life) for o in offsets), (verdict, offsets)
        before += end - begin
    return verdict.missing_bytes


def fits(hole: Span, at: int, offset: int, life: Life) -> bool:
    """Whether a hole that is seen at `at` may have been cut at a gap's `offset`."""
    if not 0 <= at - offset <= 64:
        return False
    back = at - offset
    return as_seen((hole[0] - back, hole[1] - back), life.seed, life.said) == hole
