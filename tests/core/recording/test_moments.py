"""From a moment to the bytes that came then."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

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
