"""Rows: the same wherever reading began, bounded in size and in what is read for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import MAX_ROW_BYTES, Row, row_start, rows_backward, rows_forward
from tests.core.console.checks import unhurried
from tests.core.console.memory import Memory

ALL = 100_000

pieces = st.sampled_from(
    [
        *(b"\n", b"\n", b"\n\n\n", b"a", b"bcd", b"x" * 11, b"y" * 40, b"\r\n"),
        *("é".encode(), "€".encode(), "𝄞".encode(), "日本語".encode() * 3),
    ]
)
invalid = st.sampled_from([b"\x80", b"\x80\x80\x80\x80\x80", b"\xe2\x82", b"\xff", b"\x00\x1b["])
texts = st.lists(pieces, max_size=40).map(b"".join)
layouts = st.lists(st.one_of(pieces, invalid), max_size=40).map(b"".join)
blocks = st.integers(4, 24)


def starts_of(data: bytes, block: int, start: int = 0) -> list[int]:
    """Every row start there is, found by looking at all of the data."""
    starts = {start}
    starts |= {at + 1 for at in range(start, len(data)) if data[at : at + 1] == b"\n"}
    first = max(0, start // block - 1)
    for number in range(first, len(data) // block + 1):
        if b"\n" in data[max(number * block, start) : (number + 1) * block]:
            continue
        edge = (number + 1) * block
        for at in range(edge, edge + 4):
            if at == edge + 3 or (start <= at < len(data) and data[at] & 0xC0 != 0x80):
                starts.add(at)
                break
            if at >= len(data):
                break
    return sorted(at for at in starts if start <= at <= len(data))


def rows_of(data: bytes, block: int, start: int = 0) -> list[Row]:
    """Every row there is, from `starts_of`."""
    starts = starts_of(data, block, start)
    ends = [*starts[1:], len(data)]
    rows = []
    for begin, end in zip(starts, ends, strict=True):
        if begin == end:
            continue
        line = data[begin:end]
        before = data[begin - 1 : begin] if begin > start else b""
        continued = begin > 0 and before != b"\n"
        rows.append(Row(begin, end, line.removesuffix(b"\n"), continued, end in starts))
    return rows


@unhurried
@given(layouts, blocks)
def test_rows_are_those_found_by_looking_at_everything(data: bytes, block: int) -> None:
    assert rows_forward(Memory(data), 0, ALL, block_bytes=block) == rows_of(data, block)


@unhurried
@given(layouts, blocks)
def test_rows_read_backward_are_the_rows_read_forward(data: bytes, block: int) -> None:
    source = Memory(data)
    assert rows_backward(source, len(data), ALL, block_bytes=block) == rows_of(data, block)


@unhurried
@given(layouts, blocks)
def test_rows_join_to_the_whole(data: bytes, block: int) -> None:
    rows = rows_forward(Memory(data), 0, ALL, block_bytes=block)
    assert b"".join(data[row.start : row.end] for row in rows) == data
    newlines = [data[row.start : row.end].count(b"\n") for row in rows]
    assert all(count <= 1 for count in newlines)
    assert all(row.end - row.start <= 2 * block + 3 for row in rows)


@unhurried
@given(layouts, blocks, st.integers(0, 6), st.data())
def test_a_row_is_the_same_wherever_reading_began(
    data: bytes, block: int, count: int, draw: st.DataObject
) -> None:
    rows = rows_of(data, block)
    source = Memory(data)
    index = draw.draw(st.integers(0, len(rows)))
    at = rows[index].start if index < len(rows) else len(data)
    assert rows_forward(source, at, count, block_bytes=block) == rows[index : index + count]
    before = rows[max(0, index - count) : index]
    assert rows_backward(source, at, count, block_bytes=block) == before


@unhurried
@given(layouts, blocks)
def test_the_start_of_the_row_that_holds_any_offset_is_known(data: bytes, block: int) -> None:
    starts = starts_of(data, block)
    source = Memory(data)
    for offset in range(len(data) + 1):
        expected = max(at for at in starts if at <= offset)
        assert row_start(source, offset, block_bytes=block) == expected


@unhurried
@given(layouts, blocks)
def test_a_row_never_changes_its_start_or_its_end_as_the_source_grows(
    data: bytes, block: int
) -> None:
    source = Memory()
    known: set[Row] = set()
    for byte in data:
        source.data.append(byte)
        rows = rows_forward(source, 0, ALL, block_bytes=block)
        assert known <= set(rows)
        assert all(row.complete for row in rows[:-1])
        known = {row for row in rows if row.complete}


@unhurried
@given(layouts, blocks, st.data())
def test_dropping_old_bytes_keeps_every_row_start_that_is_left(
    data: bytes, block: int, draw: st.DataObject
) -> None:
    start = draw.draw(st.integers(0, len(data)))
    source = Memory(data, start)
    rows = rows_forward(source, 0, ALL, block_bytes=block)
    assert rows == rows_of(data, block, start)
    assert rows == rows_backward(source, len(data), ALL, block_bytes=block)
    starts = {row.start for row in rows}
    before = rows_of(data, block)
    assert {row.start for row in before if row.start >= start} <= starts
    # Only the first block that is left may have starts that were not there.
    settled = (start // block + 1) * block + 3
    assert [r for r in rows if r.start > settled] == [r for r in before if r.start > settled]


@unhurried
@given(texts, blocks)
def test_no_character_is_torn(data: bytes, block: int) -> None:
    for row in rows_forward(Memory(data), 0, ALL, block_bytes=block):
        row.data.decode()


@unhurried
@given(layouts, blocks, st.integers(1, 5), st.data())
def test_what_is_read_is_bounded_by_what_is_asked(
    data: bytes, block: int, count: int, draw: st.DataObject
) -> None:
    source = Memory(data)
    at = draw.draw(st.sampled_from(starts_of(data, block)))
    rows_forward(source, at, count, block_bytes=block)
    assert source.bytes_read <= (count + 3) * (2 * block + 3)
    rows_backward(Memory(data), at, count, block_bytes=block)
    assert source.bytes_read <= (count + 3) * (2 * block + 3)
    assert max(source.reads, default=0) <= block


B = MAX_ROW_BYTES


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"\n", [Row(0, 1, b"", False, True)]),
        (b"a", [Row(0, 1, b"a", False, False)]),
        (b"a\n", [Row(0, 2, b"a", False, True)]),
        (b"a\r\nb", [Row(0, 3, b"a\r", False, True), Row(3, 4, b"b", False, False)]),
        (b"\n\n", [Row(0, 1, b"", False, True), Row(1, 2, b"", False, True)]),
        # The byte behind a block decides its break: it may belong to the last character.
        (b"x" * B, [Row(0, B, b"x" * B, False, False)]),
        (b"x" * B + b"y", [Row(0, B, b"x" * B, False, True), Row(B, B + 1, b"y", True, False)]),
        (b"x" * B + b"\n", [Row(0, B, b"x" * B, False, True), Row(B, B + 1, b"", True, True)]),
        (
            b"x" * (B - 1) + "€y".encode(),
            [
                Row(0, B + 2, b"x" * (B - 1) + "€".encode(), False, True),
                Row(B + 2, B + 3, b"y", True, False),
            ],
        ),
        (
            b"a\n" + b"x" * (2 * B - 2) + b"y",
            [
                Row(0, 2, b"a", False, True),
                Row(2, 2 * B, b"x" * (2 * B - 2), False, True),
                Row(2 * B, 2 * B + 1, b"y", True, False),
            ],
        ),
    ],
)
def test_where_some_bytes_break(data: bytes, rows: list[Row]) -> None:
    assert rows_forward(Memory(data), 0, ALL) == rows
    assert rows_backward(Memory(data), len(data), ALL) == rows


def test_an_offset_that_was_dropped_means_the_first_that_is_left() -> None:
    source = Memory(b"one\ntwo\nthree\n", start=6)
    assert rows_forward(source, 0, 1) == [Row(6, 8, b"o", True, True)]
    assert rows_backward(source, 8, 5) == [Row(6, 8, b"o", True, True)]
    assert rows_backward(source, 4, 5) == []
    assert row_start(source, 0) == 6


def test_an_offset_in_a_row_counts_the_rows_that_end_before_it() -> None:
    source = Memory(b"one\ntwo\nthree")
    assert [row.data for row in rows_backward(source, 6, 9)] == [b"one"]
    assert [row.data for row in rows_backward(source, 10, 9)] == [b"one", b"two"]
    assert [row.data for row in rows_backward(source, 13, 1)] == [b"three"]
    assert [row.data for row in rows_backward(source, 99, 1)] == [b"three"]


@pytest.mark.parametrize("count", [0, -1])
def test_no_rows_are_no_work(count: int) -> None:
    source = Memory(b"a\nb\n")
    assert rows_forward(source, 0, count) == []
    assert rows_backward(source, 2, count) == []


def test_reading_at_or_behind_the_end_finds_nothing() -> None:
    source = Memory(b"a\n")
    assert rows_forward(source, 2, 5) == []
    assert rows_forward(source, 99, 5) == []
    assert row_start(source, 99) == 2


def test_a_source_that_is_all_dropped_has_no_rows() -> None:
    source = Memory(b"a\nb\n", start=4)
    assert rows_forward(source, 0, 5) == []
    assert rows_backward(source, 4, 5) == []


def test_bytes_dropped_while_they_are_read_send_the_reader_to_what_is_left() -> None:
    source = Memory(b"".join(b"line %04d\n" % n for n in range(10_000)))

    def drop(_offset: int) -> None:
        source.start = 50_000

    source.before_read = drop
    assert [row.data for row in rows_forward(source, 0, 2)] == [b"line 5000", b"line 5001"]


def test_bytes_dropped_while_reading_backward_end_the_rows() -> None:
    source = Memory(b"".join(b"line %04d\n" % n for n in range(10_000)))

    def drop(offset: int) -> None:
        if offset < 60_000:
            source.start = 60_000

    source.before_read = drop
    rows = rows_backward(source, source.end, ALL)
    assert rows == rows_forward(Memory(bytes(source.data)), 0, ALL)[-len(rows) :]
    assert 60_000 <= rows[0].start < 60_000 + 2 * B


def test_a_source_that_gives_less_than_it_said_has_the_rows_it_gave() -> None:
    class Cut(Memory):
        @property
        def end(self) -> int:
            return super().end + 1000

    source = Cut(b"one\ntwo\nthr")
    rows = rows_forward(source, 0, ALL)
    assert [row.data for row in rows] == [b"one", b"two", b"thr"]
    assert not rows[-1].complete
    assert rows_backward(source, source.end, ALL) == rows


def test_a_source_whose_bytes_keep_going_away_is_given_up() -> None:
    source = Memory(b"x\n" * 1_000_000)

    def drop(offset: int) -> None:
        source.start = offset + 1

    source.before_read = drop
    assert rows_forward(source, 0, 5) == []
    assert rows_backward(source, source.end, 5) == []
    assert len(source.reads) < 100
