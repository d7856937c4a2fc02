"""From a moment to the bytes that came then."""

from __future__ import annotations

from bisect import bisect_left
from math import inf, nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import Instant
from core.recording import GenerationReader, Meta, Recorder, RecordingClock
from core.recording.layout import INDEX
from core.recording.moments import offset_at

TIMES = st.lists(st.floats(0, 1000, allow_nan=False), max_size=60).map(sorted)


@given(TIMES, st.floats(-1, 1001, allow_nan=False), st.integers(0, 10**12), st.integers(0, 9))
def test_it_is_the_first_byte_that_came_then_or_later(
    times: list[float], moment: float, start: int, undated: int
) -> None:
    def when(offset: int) -> float | None:
        assert start <= offset < start + len(times) + undated
        at = offset - start
        return times[at] if at < len(times) else None

    found = offset_at(when, start, start + len(times) + undated, moment)
    assert found == start + bisect_left(times, moment)


def test_a_day_takes_few_looks() -> None:
    looks: list[int] = []

    def when(offset: int) -> float:
        looks.append(offset)
        return offset / 1000

    assert offset_at(when, 0, 2**30, 77.0) == 77_000
    assert len(looks) <= 31


@settings(max_examples=30, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 25), min_size=1, max_size=40),
    moment=st.integers(-5, 1100),
    has_index=st.booleans(),
)
def test_the_index_says_between_which_bytes_to_look(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], moment: int, has_index: bool
) -> None:
    home, second = tmp_path_factory.mktemp("recordings"), 0
    at = Instant(1e9, 1e5)
    meta = Meta(id="vm", life="1", started_wall=at.wall, started_boot=at.boot)
    recorder = Recorder.begin(home, "vm", life="1", meta=meta, at=at)
    for gap in gaps:
        second += gap
        recorder.write(b"x" * 10, Instant(1e9 + second, 1e5 + second))
    recorder.close()
    folder = home / "vm" / recorder.generation
    if not has_index:
        (folder / INDEX).unlink()
    clock, reader = RecordingClock(folder), GenerationReader(folder)
    end = reader.end

    def when(offset: int) -> float | None:
        instant = clock.at(offset)
        return None if instant is None else instant.wall

    for wanted in (1e9 + moment, nextafter(1e9 + moment, inf), inf):
        low, high = clock.around(wanted)
        assert 0 <= low <= end
        found = offset_at(when, low, end if high is None else min(high, end), wanted)
        assert found == offset_at(when, 0, end, wanted)
    clock.close()
    reader.close()
