from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import layout


@given(st.integers(0, layout.MAX_OFFSET))
def test_a_segments_name_tells_its_first_offset(start: int) -> None:
    assert layout.parse_segment_log(layout.segment_log(start)) == start


@pytest.mark.parametrize(
    "name",
    [
        "console.log",
        "console.1.log",
        "console.0000000000000000.log",
        "console.00000000000000a.log",
        "console.٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠.log",
        "console.000000000000000.log\n",
        "console.000000000000000.timing",
        "../console.000000000000000.log",
    ],
)
def test_other_names_are_no_segments(name: str) -> None:
    assert layout.parse_segment_log(name) is None


@given(st.integers(1, layout.MAX_SEQUENCE), st.integers(0, 4_000_000_000_000))
def test_a_generations_name_tells_its_number_and_its_beginning(sequence: int, ms: int) -> None:
    name = layout.generation_folder(sequence, ms / 1000)
    parsed = layout.parse_generation(name)
    assert parsed is not None
    assert parsed.sequence == sequence
    assert round(parsed.started_wall * 1000) == ms


def test_a_generations_name_is_a_sequence_number_and_utc_with_milliseconds() -> None:
    assert layout.generation_folder(7, 1_700_000_000.25) == "000007-20231114T221320.250Z"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "1-20231114T221320.250Z",
        "000001-20231314T221320.250Z",
        "000001-20231114T251320.250Z",
        "000001-00001114T221320.250Z",
        "000001-20231114T221320.250Z\n",
        "0000001-20231114T221320.250Z",
    ],
)
def test_other_names_are_no_generations(name: str) -> None:
    assert layout.parse_generation(name) is None


@pytest.mark.parametrize("wall", [math.nan, -1.0, -math.inf, math.inf, 1e300])
def test_a_moment_outside_every_calendar_is_brought_inside(wall: float) -> None:
    assert 1970 <= layout.utc(wall).year <= 9999
