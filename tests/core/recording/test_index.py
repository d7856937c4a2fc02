from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import index
from core.recording.folder import Folder
from core.recording.index import Entry, Spacing

from .made import open_descriptors

Numbers = st.integers(0, 10**15 - 1)
Entries = st.builds(Entry, Numbers, Numbers, Numbers, Numbers, Numbers)


def write(folder: Path, entries: list[Entry]) -> Folder:
    (folder / "console.index").write_bytes(b"".join(map(index.format_entry, entries)))
    return Folder.open(folder)


def rising(count: int) -> list[Entry]:
    return [Entry(i * 100, i * 20, i * 1000, i, i) for i in range(count)]


@given(st.lists(Entries))
def test_entries_are_lines_of_one_length_and_are_read_back(entries: list[Entry]) -> None:
    lines = [index.format_entry(entry) for entry in entries]
    assert all(len(line) == index.ENTRY_BYTES and line.count(b"\n") == 1 for line in lines)
    assert index.parse(b"".join(lines)) == entries


@given(st.binary())
def test_parsing_never_raises(noise: bytes) -> None:
    assert index.parse(noise) == []


def test_numbers_that_have_no_room_are_brought_inside() -> None:
    line = index.format_entry(Entry(10**30, -5, 10**30, -1, 10**20))
    assert len(line) == index.ENTRY_BYTES
    assert len(index.parse(line)) == 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_the_last_entry_at_or_before_an_offset_is_found(tmp_path: Path, count: int) -> None:
    entries = rising(count)
    with write(tmp_path, entries) as folder:
        for offset in (0, 1, 99, 100, 101, 50_050, 99_900, 10**15):
            at = bisect_right([entry.offset for entry in entries], offset)
            found = index.find(folder, offset)
            assert (found and found.entry) == (entries[at - 1] if at else None)


def test_without_an_index_nothing_is_found(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        assert index.find(folder, 5) is None
        assert index.following(folder, 0, 5) == []
        assert index.load(folder) == ([], False)
        assert index.last_segment_start(folder) is None


def test_following_entries_end_before_the_limit(tmp_path: Path) -> None:
    entries = rising(50)
    with write(tmp_path, entries) as folder:
        assert index.following(folder, 10, 2_000) == entries[10:20]
        assert index.following(folder, 50, 10**9) == []


@pytest.mark.parametrize("cut", [1, 40, 82])
def test_a_torn_entry_is_not_loaded_and_is_told(tmp_path: Path, cut: int) -> None:
    entries = rising(600)
    write(tmp_path, entries).close()
    path = tmp_path / "console.index"
    path.write_bytes(path.read_bytes()[:-cut])
    with Folder.open(tmp_path) as folder:
        assert index.load(folder) == (entries[:-1], False)


def test_a_whole_index_is_loaded_as_such(tmp_path: Path) -> None:
    entries = rising(1200)
    with write(tmp_path, entries) as folder:
        assert index.load(folder) == (entries, True)


def test_loading_stops_where_the_order_is_broken(tmp_path: Path) -> None:
    entries = rising(10)
    with write(tmp_path, [*entries, entries[3]]) as folder:
        assert index.load(folder) == (entries, False)


def test_an_entry_that_is_none_makes_the_index_useless_but_hurts_nobody(tmp_path: Path) -> None:
    write(tmp_path, rising(9)).close()
    path = tmp_path / "console.index"
    data = bytearray(path.read_bytes())
    data[4 * index.ENTRY_BYTES + 3] = 0
    path.write_bytes(data)
    with Folder.open(tmp_path) as folder:
        assert index.find(folder, 10**9) is None
        assert index.load(folder) == (rising(4), False)


@pytest.mark.parametrize("after", [0, 3, 511, 512, 513, 2000])
def test_the_newest_segments_start_is_found_from_the_end(tmp_path: Path, after: int) -> None:
    first = [Entry(0, 0, 0, 0, 0), Entry(50, 20, 10, 10, 10)]
    second = [Entry(777 + i, i * 20, 0, 0, 0) for i in range(after + 1)]
    with write(tmp_path, [*first, *second]) as folder:
        assert index.last_segment_start(folder) == 777


def test_an_index_that_begins_inside_a_segment_names_no_start(tmp_path: Path) -> None:
    with write(tmp_path, [Entry(500, 20, 0, 0, 0)]) as folder:
        assert index.last_segment_start(folder) is None


def test_an_entry_is_due_by_bytes_by_time_and_when_forced() -> None:
    spacing = Spacing()
    assert spacing.is_due(0, 0)
    spacing.entered(0, 0)
    assert not spacing.is_due(256 * 1024 - 1, 9_999_999)
    assert spacing.is_due(256 * 1024, 0)
    assert spacing.is_due(1, 10_000_000)
    spacing.force()
    assert spacing.is_due(1, 1)


def test_a_skewed_clock_is_measured() -> None:
    entry = Entry(0, 0, 1_000, 50_000, 70_000)
    assert entry.moved(9, 9, 4_000).skew_from(entry) == 0
    assert Entry(9, 9, 4_000, 53_000 + 7, 73_000).skew_from(entry) == 7
    assert Entry(9, 9, 4_000, 53_000, 73_000 - 9).skew_from(entry) == 9


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = open_descriptors()
    with write(tmp_path, rising(3)) as folder:
        index.find(folder, 1)
        index.following(folder, 0, 1)
        index.load(folder)
        index.last_segment_start(folder)
    assert open_descriptors() == before
