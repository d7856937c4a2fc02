"""Text, with and without times, and every byte as it came."""

from __future__ import annotations

import functools
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console.line import render_line
from core.console.rows import rows_forward
from core.recording import GenerationReader, History
from core.recording.export import raw, text
from tests.core.recording.made import begin, fresh_folder, log_bytes, moment, on_disk

from .exported import HOSTILE, Chunks, exported, recorded, sources

timed = functools.partial(text, times=True)


def rows_as_text(folder: Path) -> str:
    """A generation's text, made of the rows that the dashboard shows, one by one."""
    reader = GenerationReader(History(folder).generations[0].folder)
    whole, is_ended = "", True
    for row in rows_forward(reader, reader.start, 1_000_000):
        is_ended = row.end - row.start > len(row.data)
        whole += render_line(row.data, raw=True).text + "\n" * is_ended
    reader.close()
    return whole if is_ended else whole + "\n"


@on_disk
@given(chunks=Chunks)
def test_it_is_the_rows_of_the_dashboard_with_long_lines_in_one(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    assert exported(folder, text).decode() == rows_as_text(folder)


@on_disk
@given(chunks=Chunks)
def test_with_times_it_is_the_same_text(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    lines = exported(folder, timed).decode().splitlines(keepends=True)
    bare = [re.sub(r"\A(?:2023-11-1[0-9]T[0-9:.]{12}Z| {24})  ", "", line) for line in lines]
    assert "".join(bare) == exported(folder, text).decode()


@on_disk
@given(chunks=Chunks)
def test_raw_is_every_byte(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    assert exported(folder, raw) == b"".join(chunks)


@on_disk
@given(noise=st.binary(max_size=3_000))
def test_nothing_a_hostile_guest_sends_is_a_control_code(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), [HOSTILE, noise])
    for form in (text, timed):
        shown = exported(folder, form).decode()
        assert all(line.isprintable() for line in shown.split("\n"))


def test_each_line_has_the_time_of_its_first_byte(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [b"one\r\ntw", b"o\r\nthree\r\n", b"login: "], every_s=1.5)
    assert exported(folder, timed).decode().splitlines() == [
        "2023-11-14T22:13:20.000Z  one",
        "2023-11-14T22:13:20.000Z  two",
        "2023-11-14T22:13:21.500Z  three",
        "2023-11-14T22:13:23.000Z  login: ",
    ]


def test_a_gap_stands_between_the_lines_around_it(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0))
    recorder.write(b"before\r\ncut ", moment(1))
    recorder.enter("detached", moment(2), cause="debug is off")
    facts = {"cause": "not attached", "evidence": "by \x1b[31mroot"}
    recorder.enter("gap", moment(5), start=moment(2).wall, end=moment(5).wall, **facts)
    recorder.enter("attached", moment(5))
    recorder.write(b"short\r\nafter\r\n", moment(6))
    recorder.enter("gap", moment(7), cause="disk", lost_bytes=1_234)
    recorder.close()
    assert exported(tmp_path / "vm1", text).decode().splitlines() == [
        "before",
        "cut short",
        "-- gap 3 s: not attached: by ␛[31mroot --",
        "after",
        "-- gap 0 s: disk, 1.2 kB lost --",
    ]


def test_what_was_dropped_is_told(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [b"0123456789 abcdefgh\n" * 5] * 5, segment_bytes=100)
    for name in ("log", "timing"):
        (History(folder).generations[0].folder / f"console.000000000000000.{name}").unlink()
    lines = exported(folder, text).decode().splitlines()
    assert lines == ["-- 100 B before this were dropped --"] + ["0123456789 abcdefgh"] * 20


@on_disk
@given(noise=st.binary(max_size=200))
def test_without_its_timing_it_is_the_same_text(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), [b"one\n", b"two\n"], segment_bytes=10**9)
    generation = History(folder).generations[0].folder
    (generation / "console.timing").write_bytes(noise)
    (generation / "console.index").write_bytes(noise)
    assert [line[26:] for line in exported(folder, timed).splitlines()] == [b"one", b"two"]


def test_what_is_dropped_while_it_is_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    line = b"0123456789 abcdefgh\n"
    folder = recorded(tmp_path, [line * 20_000] * 5, segment_bytes=400_000)
    generation = History(folder).generations[0].folder
    pieces = text(sources(folder))
    got = next(pieces)
    for start in range(0, 1_600_000, 400_000):
        (generation / f"console.{start:015}.log").unlink()
    got += b"".join(pieces)
    # What a reader has open stays readable: the first segment.
    notice = b"-- 1.2 MB before this were dropped --\n"
    assert got == line * 20_000 + notice + line * 20_000


def test_a_recording_of_any_size_passes_through_in_pieces(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [b"a line of it\r\n" * 4_000] * 400, segment_bytes=10_000_000)
    size = 0
    tracemalloc.start()
    try:
        for piece in text(sources(folder)):
            size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 400 * 4_000 * 13
    assert peak < 3_000_000


def test_a_line_whose_end_was_dropped_is_there_up_to_that(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [b"x" * 300_000, b"y" * 300_000, b"\nz\n"], segment_bytes=300_000)
    generation = History(folder).generations[0].folder
    pieces = text(sources(folder))
    got = next(pieces)
    (generation / "console.000000000300000.log").unlink()
    got += b"".join(pieces)
    assert got == b"x" * 300_000 + b"\n-- 300 kB before this were dropped --\n\nz\n"


def test_what_comes_while_it_is_written_waits_for_the_next_export(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=2_000_000)
    recorder.write(b"a line\n" * 100_000, moment(0))
    recorder.flush()
    pieces = text(sources(tmp_path / "vm1"))
    got = [next(pieces)]
    for i in range(40):
        recorder.write(b"another\n" * 10_000, moment(i))
    got += pieces
    assert b"".join(got) == b"a line\n" * 100_000
    recorder.close()
    assert len(exported(tmp_path / "vm1", raw)) == len(log_bytes(recorder.folder))
