"""What a guest can send to make the reader work: it costs bounded reads and bounded lines."""

from __future__ import annotations

import pytest

from core.console import MAX_ROW_BYTES, render_line, row_start, rows_backward, rows_forward
from tests.core.console.checks import check_line
from tests.core.console.memory import Memory

TEN_MB = 10_000_000
SCREEN = 50

MAX_ROW = 2 * MAX_ROW_BYTES + 3

FLOODS = {
    "letters": b"A",
    "newlines": b"\n",
    "returns": b"\r",
    "backspaces": b"A\b",
    "tabs": b"\t",
    "tabs and letters": b"\tA",
    "escapes": b"\x1b",
    "titles": b"\x1b]",
    "sequences": b"\x1b[",
    "parameters": b"\x1b[" + b"1;" * 100,
    "one title": b"\x1b]" + b"A" * 100_000,
    "device strings": b"\x1bP",
    "colours": b"\x1b[31mA\x1b[32mB",
    "erasing all": b"\x1b[2KA",
    "erasing left": b"A" * 1000 + b"\x1b[1KA" * 1000,
    "tabs and erasing": b"\t" * 1000 + b"\x1b[2KA" * 1000,
    "marks": "\u0301".encode(),
    "wide": "日\b".encode(),
    "c1": "\x9b".encode(),
    "continuation bytes": b"\x80",
    "json": b'{"msg":',
    "stamps": b"[    1.",
    "nul": b"\0",
}


def flood(name: str) -> bytes:
    unit = FLOODS[name]
    return (unit * (TEN_MB // len(unit) + 1))[:TEN_MB]


@pytest.mark.parametrize("name", FLOODS)
def test_a_screenful_costs_bounded_reads_wherever_it_is_taken(name: str) -> None:
    source = Memory(flood(name))
    for where in (0, TEN_MB // 3, TEN_MB // 2 + 1, TEN_MB - 1):
        source.bytes_read = 0
        at = row_start(source, where)
        assert source.bytes_read <= 4 * MAX_ROW_BYTES
        assert where - MAX_ROW <= at <= where
        source.bytes_read = 0
        after = rows_forward(source, at, SCREEN)
        before = rows_backward(source, at, SCREEN)
        assert source.bytes_read <= (2 * SCREEN + 6) * MAX_ROW
        assert max(source.reads) <= 65536
        assert all(row.end - row.start <= MAX_ROW for row in before + after)
        assert rows_forward(source, before[0].start, SCREEN) == before if before else at == 0


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_gives_lines_of_bounded_size(name: str) -> None:
    source = Memory(flood(name))
    rows = rows_forward(source, 0, 3) + rows_backward(source, TEN_MB, 3)
    for row in rows:
        line = render_line(row.data)
        check_line(line)
        # A tab is the only byte that shows as more than one character.
        assert len(line.text) <= 8 * len(row.data)


@pytest.mark.parametrize("name", FLOODS)
def test_a_longest_row_of_anything_is_a_bounded_line(name: str) -> None:
    data = flood(name)[:MAX_ROW].replace(b"\n", b"")
    for raw in (False, True):
        line = render_line(data, raw=raw)
        check_line(line)
        assert len(line.text) <= 8 * len(data)


def test_a_hundred_megabytes_of_one_line_are_read_where_they_are_shown() -> None:
    class Endless(Memory):
        """100 MB of one letter, made as it is read."""

        @property
        def end(self) -> int:
            return 100_000_000

        def read(self, offset: int, size: int) -> bytes:
            found = b"A" * max(0, min(size, self.end - offset))
            self.bytes_read += len(found)
            return found

    source = Endless()
    rows = rows_backward(source, source.end, SCREEN)
    assert len(rows) == SCREEN
    assert source.bytes_read <= (SCREEN + 3) * MAX_ROW
    assert [row.start % MAX_ROW_BYTES for row in rows] == [0] * SCREEN
