"""Numbers of lines, counted a block a step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.console.line_numbers import LineNumbers


class Bytes:
    """A source in memory that counts what is read of it."""

    def __init__(self, data: bytes, start: int = 0) -> None:
        self.data = data
        self.start = start
        self.was_read = 0

    @property
    def end(self) -> int:
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        if offset < self.start:
            return b""
        data = self.data[offset : offset + size]
        self.was_read += len(data)
        return data


def count_all(numbers: LineNumbers) -> None:
    while numbers.count_on():
        pass


DATA = st.lists(st.sampled_from([b"\n", b"x", b"yy\n", b"z" * 9]), max_size=60).map(b"".join)


@given(DATA, st.integers(1, 20), st.data())
def test_every_line_is_where_split_finds_it(data: bytes, block: int, more: st.DataObject) -> None:
    start = more.draw(st.integers(0, len(data)))
    source = Bytes(data, start)
    numbers = LineNumbers(source, block_bytes=block)
    count_all(numbers)
    assert numbers.is_at_end
    assert numbers.lines == data[start:].count(b"\n")
    starts = [start + at + 1 for at, byte in enumerate(data[start:]) if byte == 10]
    for number, offset in enumerate([start, *starts], 1):
        assert numbers.start_of(number) == offset
    assert numbers.start_of(numbers.lines + 2) is None
    for offset in range(start, len(data) + 1):
        assert numbers.number_at(offset) == data[start:offset].count(b"\n") + 1
    assert numbers.number_at(len(data) + 1) is None


@given(st.lists(DATA, max_size=6), st.integers(1, 20))
def test_what_grows_is_counted_on(pieces: list[bytes], block: int) -> None:
    source = Bytes(b"")
    numbers = LineNumbers(source, block_bytes=block)
    for piece in pieces:
        source.data += piece
        count_all(numbers)
    whole = LineNumbers(source, block_bytes=block)
    count_all(whole)
    assert numbers.lines == whole.lines
    for number in range(1, numbers.lines + 2):
        assert numbers.start_of(number) == whole.start_of(number)


def test_only_what_was_counted_is_known() -> None:
    source = Bytes(b"one\ntwo\nthree\n")
    numbers = LineNumbers(source, block_bytes=4)
    assert (numbers.start_of(1), numbers.start_of(2), numbers.number_at(5)) == (0, None, None)
    numbers.count_on()
    assert (numbers.start_of(2), numbers.start_of(3), numbers.counted) == (4, None, 4)


def test_dropped_lines_keep_the_numbers_of_the_others() -> None:
    source = Bytes(b"one\ntwo\nthree\nfour\n")
    numbers = LineNumbers(source, block_bytes=4)
    count_all(numbers)
    source.start = 8
    assert numbers.start_of(1) == 8
    assert numbers.start_of(4) == 14
    assert numbers.number_at(14) == 4
    assert numbers.number_at(2) is None


def test_bytes_that_go_away_uncounted_begin_the_counting_anew() -> None:
    source = Bytes(b"one\ntwo\nthree\nfour\n")
    numbers = LineNumbers(source, block_bytes=4)
    numbers.count_on()
    source.start = 8
    count_all(numbers)
    assert numbers.lines == 2
    assert numbers.start_of(2) == 14


def test_a_line_of_100_mb_is_passed_a_block_a_step() -> None:
    source = Bytes(b"x" * 100_000_000 + b"\nlast\n")
    numbers = LineNumbers(source)
    count_all(numbers)
    read = source.was_read
    assert read == source.end
    assert numbers.start_of(2) == 100_000_001
    assert numbers.number_at(50_000_000) == 1
    assert source.was_read - read <= 2 * 256 * 1024
