"""The verifier tells exactly what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guests.kit import Seeded, as_seen, length, verify
from tests.guests.kit.verify import RESYNC_BYTES

SIZE = 200_000
SEED = 11
WHOLE = b"".join(Seeded(SEED, SIZE).pieces())

offsets = st.integers(0, SIZE)
spans = st.tuples(offsets, offsets).map(lambda two: (min(two), max(two)))


def test_whole_record_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_bytes(WHOLE)
    for record in (WHOLE, path, str(path)):
        verdict = verify(record, SEED, SIZE)
        assert verdict.is_whole
        assert verdict.missing == []
        assert str(verdict) == f"whole: {SIZE} bytes"


def test_empty_record_lacks_all(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.touch()
    for record in (b"", path):
        assert verify(record, SEED, SIZE).missing == [(0, SIZE)]
    assert verify(b"", SEED, 0).is_whole


@given(spans)
def test_any_range_that_is_cut_out_is_told_exactly(hole: tuple[int, int]) -> None:
    begin, end = hole
    verdict = verify(WHOLE[:begin] + WHOLE[end:], SEED, SIZE)
    if begin == end:
        assert verdict.is_whole
        return
    assert verdict.missing == [as_seen(hole, SEED, SIZE)]
    assert verdict.first_difference == verdict.missing[0][0]
    assert verdict.missing_bytes == end - begin
    assert not verdict.foreign
    assert not verdict.repeated


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=14))
def test_any_holes_that_are_apart_are_told_exactly(steps: list[int]) -> None:
    # Kept and cut by turns; what is kept is long enough to tell its place by.
    at, heard, holes = 0, bytearray(), []
    for number, step in enumerate(steps):
        if number % 2:
            holes.append((at, at + step))
        else:
            step += RESYNC_BYTES + 8
            heard += WHOLE[at : at + step]
        at += step
    heard += WHOLE[at:]
    verdict = verify(heard, SEED, SIZE)
    assert verdict.missing == [as_seen(hole, SEED, SIZE) for hole in holes]
    assert not verdict.foreign


@given(st.integers(0, SIZE - RESYNC_BYTES), st.binary(min_size=1, max_size=5000))
def test_what_the_guest_never_said_is_told(at: int, noise: bytes) -> None:
    verdict = verify(WHOLE[:at] + noise + WHOLE[at:], SEED, SIZE)
    assert verdict.missing == []
    assert not verdict.is_whole
    # Noise that happens to be what the guest said last is a repetition.
    assert length(verdict.foreign) + length(verdict.repeated) == len(noise)


@given(spans.filter(lambda span: span[1] - span[0] >= RESYNC_BYTES))
def test_what_was_recorded_twice_is_told(twice: tuple[int, int]) -> None:
    begin, end = twice
    verdict = verify(WHOLE[:end] + WHOLE[begin:], SEED, SIZE)
    assert verdict.missing == []
    assert not verdict.is_whole
    assert length(verdict.repeated) == end - begin


@given(st.integers(0, SIZE - 1), st.integers(1, 255))
def test_changed_byte_is_told_as_foreign_and_missing(at: int, change: int) -> None:
    heard = bytearray(WHOLE)
    heard[at] ^= change
    verdict = verify(heard, SEED, SIZE)
    assert verdict.first_difference == at
    assert verdict.foreign == [(at, at + 1)]
    assert verdict.missing == [(at, at + 1)]


@pytest.mark.parametrize("seed", [SEED + 1, 0])
def test_stream_of_another_seed_is_foreign(seed: int) -> None:
    verdict = verify(WHOLE, seed, SIZE)
    assert verdict.first_difference == 0
    assert verdict.foreign
