"""The shape of recordings in time."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import index
from core.recording.course import NEAR_BYTES, SAMPLES, TIMING_BYTES, CourseReader
from core.recording.density import MAX_POINTS, Course, Edge, Timeline
from core.recording.index import Entry, format_entry
from core.recording.layout import INDEX

from .made import begin, moment

Steps = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 1000)), max_size=30)


def course_of(steps: list[tuple[float, int]]) -> Course:
    course, seconds, offset = Course(), 0.0, 0
    for pause, size in steps:
        seconds += pause
        course.add(seconds, offset)
        offset += size
        course.add(seconds, offset)
    return course


def read(folder: Path) -> Course:
    reader = CourseReader(folder)
    for _ in range(50):
        reader.refresh()
        if not reader.is_behind:
            break
    return reader.course


@given(st.lists(Steps, min_size=1, max_size=5), st.integers(1, 60), st.data())
def test_cells_hold_every_byte_once_and_follow_each_other(
    lives: list[list[tuple[float, int]]], count: int, data: st.DataObject
) -> None:
    courses = [course_of(steps) for steps in lives]
    starts = [data.draw(st.integers(0, course.bytes)) for course in courses]
    timeline = Timeline(courses, starts)
    edges = timeline.edges(count)
    total = sum(course.bytes - start for course, start in zip(courses, starts, strict=True))
    if not total:
        assert edges == []
        return
    assert len(edges) == count + 1
    assert edges == sorted(edges)
    sizes = timeline.sizes(edges)
    assert sum(sizes) == total
    assert all(size >= 0 for size in sizes)
    for edge in edges:
        assert 0 <= timeline.cell_of(edge, count) < count


def test_a_burst_after_an_hour_of_silence_is_a_burst() -> None:
    timeline = Timeline([course_of([(0, 10), (3600, 1000)])], [0])
    sizes = timeline.sizes(timeline.edges(60))
    assert sizes == [10, *[0] * 58, 1000]
    assert timeline.cell_of(Edge(0, 9), 60) == 0
    assert timeline.cell_of(Edge(0, 500), 60) == 59


def test_what_is_between_generations_takes_no_room_and_what_was_dropped_neither() -> None:
    one, other = course_of([(0, 10), (10, 10)]), course_of([(0, 5), (10, 5)])
    timeline = Timeline([one, other], [0, 0])
    assert timeline.seconds == 20
    edges = timeline.edges(4)
    assert [edge.generation for edge in edges] == [0, 0, 1, 1, 1]
    assert Timeline([one, other], [20, 0]).seconds == 10


def test_what_goes_back_is_not_believed_and_many_points_are_few() -> None:
    course = Course()
    for i in range(3 * MAX_POINTS):
        course.add(i, i)
        course.add(i - 5, 0)
    assert len(course) <= MAX_POINTS + 1
    assert (course.seconds, course.bytes) == (3 * MAX_POINTS - 1, 3 * MAX_POINTS - 1)
    assert abs(course.offset_at(100) - 100) <= 8


def test_a_short_recording_has_the_shape_of_its_records(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        for second, size in ((1, 100), (2, 0), (9, 1000)):
            recorder.write(b"x" * size, moment(second))
        recorder.flush()
        course = read(recorder.folder)
        assert (course.seconds, course.bytes) == (9, 1100)
        assert [course.offset_at(s) for s in (0.5, 1, 8.9, 9)] == [0, 100, 100, 1100]


def test_the_shape_of_a_minute_of_many_lines_is_no_coarser_than_they_are(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        for tick in range(12_000):
            recorder.write(b"x" * (100 if tick % 1000 < 100 else 1), moment(tick / 200))
        recorder.flush()
        course = read(recorder.folder)
    timeline = Timeline([course], [0])
    sizes = timeline.sizes(timeline.edges(120))
    assert [size > 5000 for size in sizes] == [cell % 10 == 0 for cell in range(120)]


def test_it_goes_on_over_segments_whether_there_is_an_index_or_not(tmp_path: Path) -> None:
    with closing(begin(tmp_path, segment_bytes=1000)) as recorder:
        reader = CourseReader(recorder.folder)
        for second in range(1, 40):
            recorder.write(b"x" * 300, moment(second))
            recorder.flush()
            if second % 3 == 0:
                reader.refresh()
        reader.refresh()
        (recorder.folder / INDEX).unlink()
        for course in (reader.course, read(recorder.folder)):
            assert (course.seconds, course.bytes) == (39, 39 * 300)
            for second in range(2, 39):
                assert abs(course.offset_at(second + 0.5) - second * 300) <= 300


def test_the_shape_of_a_gigabyte_costs_a_look_at_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"x", moment(0))
        folder = recorder.folder
    count = 100_000
    with (folder / INDEX).open("wb") as out:
        for i in range(count):
            out.write(format_entry(Entry(i * 262_144, 0, i * 10_000_000, 0, 0)))
    reads: list[int] = []
    pread = os.pread

    def counted(fd: int, size: int, at: int) -> bytes:
        reads.append(min(size, max(0, os.fstat(fd).st_size - at)))
        return pread(fd, size, at)

    monkeypatch.setattr(os, "pread", counted)
    (folder / "console.timing").write_bytes(b"O 0.001000 1\n" * (NEAR_BYTES // 5))
    reader = CourseReader(folder)
    reader.refresh()
    assert len(reads) <= 2 * SAMPLES
    assert sum(reads) <= 2 * SAMPLES * index.ENTRY_BYTES + 4 * TIMING_BYTES
    assert reader.course.bytes >= (count - 1) * 262_144
    middle = count // 2 * 262_144
    assert abs(reader.course.offset_at(count // 2 * 10.0) - middle) < 0.01 * middle


@pytest.mark.parametrize("name", ["console.index", "console.timing"])
@given(st.binary(max_size=200))
def test_nonsense_is_no_shape(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    home = tmp_path_factory.mktemp("nonsense")
    with closing(begin(home)) as recorder:
        recorder.write(b"x" * 50, moment(1))
    (recorder.folder / name).write_bytes(data)
    course = read(recorder.folder)
    assert course.bytes >= 0
    assert Timeline([course], [0]).edges(5) is not None
