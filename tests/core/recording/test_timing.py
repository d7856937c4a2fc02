from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.recording import timing
from core.recording.layout import MAX_OFFSET
from core.recording.source import PlainFile

Some = st.lists(st.tuples(st.integers(0, timing.MAX_DELTA_US), st.integers(1, MAX_OFFSET)))


def test_a_record_is_a_line_of_util_linux_script() -> None:
    assert timing.record(1_002_003, 4711) == b"O 1.002003 4711\n"
    assert timing.record(0, 1) == b"O 0.000000 1\n"


def test_a_record_is_never_longer_than_the_limit_says() -> None:
    line = timing.record(10**30, MAX_OFFSET)
    assert len(line) <= timing.MAX_RECORD_BYTES
    assert timing.parse(line).length == len(line)


@given(Some)
def test_what_was_written_is_read_back(some: list[tuple[int, int]]) -> None:
    block = b"".join(timing.record(delta_us, size) for delta_us, size in some)
    parsed = timing.parse(block)
    assert list(zip(parsed.deltas_us, parsed.sizes, strict=True)) == some
    assert parsed.length == len(block)


@given(Some, st.data())
def test_a_torn_line_is_left_out_and_nothing_before_it(
    some: list[tuple[int, int]], data: st.DataObject
) -> None:
    lines = [timing.record(delta_us, size) for delta_us, size in some]
    cut = data.draw(st.integers(0, sum(map(len, lines))))
    whole = 0
    while whole < len(lines) and sum(map(len, lines[: whole + 1])) <= cut:
        whole += 1
    parsed = timing.parse(b"".join(lines)[:cut])
    assert parsed.sizes == tuple(size for _, size in some[:whole])
    assert parsed.length == sum(map(len, lines[:whole]))


@given(st.binary(), Some)
def test_parsing_stops_at_anything_else_and_never_raises(
    noise: bytes, some: list[tuple[int, int]]
) -> None:
    good = b"".join(timing.record(delta_us, size) for delta_us, size in some)
    parsed = timing.parse(good + noise)
    assert parsed.length >= len(good)
    again = b"".join(
        timing.record(delta_us, size)
        for delta_us, size in zip(parsed.deltas_us, parsed.sizes, strict=True)
    )
    # Every line that is believed is exactly as long as the line of its numbers.
    assert again == (good + noise)[: parsed.length]


def test_reading_begins_anywhere_and_ends_with_the_file(tmp_path: Path) -> None:
    lines = [timing.record(i, i + 1) for i in range(100)]
    path = tmp_path / "t"
    path.write_bytes(b"".join(lines))
    source = PlainFile(os.open(path, os.O_RDONLY))
    at = sum(map(len, lines[:50]))
    assert timing.read(source, at).sizes == tuple(range(51, 101))
    assert timing.read(source, path.stat().st_size) == timing.NO_RECORDS
    assert timing.read(source, at + 1) == timing.NO_RECORDS
    source.close()
