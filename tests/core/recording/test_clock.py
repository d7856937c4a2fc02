from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Instant
from core.errors import RecordingError
from core.recording import Meta, Recorder, RecordingClock, index
from core.recording.layout import segment_log, segment_timing

from .made import BOOT, WALL, begin, fresh_folder, moment, on_disk, open_descriptors


def bytes_read_by(action: Callable[[], object]) -> int:
    """How many bytes this process read from files meanwhile, as the kernel counts them."""

    def count() -> int:
        text = Path("/proc/self/io").read_text("ascii")
        return int(text.split()[1])

    before = count()
    own = count() - before
    before = count()
    action()
    return count() - before - own


def long_recording(home: Path, records: int) -> tuple[Path, list[tuple[int, float]]]:
    """A console that prints some 100 bytes every 5 ms; returns each record's offset and time."""
    recorder = begin(home, segment_bytes=4_000_000)
    dated = []
    for i in range(records):
        seconds = i * 0.005
        dated.append((recorder.size, seconds))
        recorder.write(b"x" * (60 + i * 31 % 80), moment(seconds))
    recorder.close()
    return recorder.folder, dated


def test_a_recording_without_bytes_dates_nothing(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    clock = RecordingClock(recorder.folder)
    for offset in (-1, 0, 1, 10**18):
        assert clock.at(offset) is None
        assert clock.elapsed(offset) is None
    recorder.close()
    clock.close()


def test_every_byte_of_a_record_has_its_moment(tmp_path: Path) -> None:
    recorder = begin(tmp_path, at=0)
    recorder.write(b"abc", moment(1.5))
    recorder.write(b"de", moment(2.25))
    recorder.close()
    clock = RecordingClock(recorder.folder)
    assert [clock.elapsed(i) for i in range(6)] == [1.5, 1.5, 1.5, 2.25, 2.25, None]
    assert clock.at(3) == pytest.approx(moment(2.25), abs=1e-6)
    clock.close()


def test_bytes_that_came_together_are_dated_together(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"abc", moment(1.5))
    recorder.write(b"de", moment(2.25))
    recorder.close()
    clock = RecordingClock(recorder.folder)
    found = [clock.dated(i) for i in range(6)]
    assert [dated and (dated.start, dated.end, dated.elapsed_us) for dated in found] == [
        (0, 3, 1_500_000),
        (1, 3, 1_500_000),
        (2, 3, 1_500_000),
        (3, 5, 2_250_000),
        (4, 5, 2_250_000),
        None,
    ]
    assert found[3] is not None
    assert found[3].wall == pytest.approx(moment(2.25).wall, abs=1e-6)
    clock.close()


def test_a_byte_is_dated_as_soon_as_its_record_is_written(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    clock = RecordingClock(recorder.folder)
    for i in range(200):
        recorder.write(b"abc", moment(i))
        assert clock.elapsed(recorder.size - 1) is None
        recorder.flush()
        assert clock.elapsed(recorder.size - 1) == float(i)
    recorder.close()
    clock.close()


def test_it_follows_a_recording_that_rotates(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    clock = RecordingClock(recorder.folder)
    for i in range(100):
        recorder.write(b"abc", moment(i))
        recorder.flush()
        assert clock.elapsed(recorder.size - 1) == float(i)
        assert clock.elapsed(recorder.size // 2) == float((recorder.size // 2) // 3)
    recorder.close()
    clock.close()


def test_the_end_of_a_long_recording_is_dated_by_reading_a_little(tmp_path: Path) -> None:
    folder, dated = long_recording(tmp_path, 200_000)
    timing = sum(path.stat().st_size for path in folder.glob("*.timing"))
    assert timing > 2_500_000
    clock = RecordingClock(folder)
    offset, seconds = dated[-1]

    def ask() -> None:
        assert clock.elapsed(offset) == pytest.approx(seconds, abs=1e-6)

    assert bytes_read_by(ask) < 256 * 1024
    clock.close()


def test_rows_of_a_screen_are_dated_without_reading_again(tmp_path: Path) -> None:
    folder, dated = long_recording(tmp_path, 50_000)
    clock = RecordingClock(folder)
    rows = dated[30_000:30_050]

    def paint() -> None:
        for offset, seconds in rows:
            assert clock.elapsed(offset) == pytest.approx(seconds, abs=1e-6)

    paint()
    assert bytes_read_by(paint) == 0
    clock.close()


def test_rows_far_apart_in_time_are_dated_without_reading_again(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    for i in range(3000):
        recorder.write(b"one line a minute\n", moment(i * 60))
    recorder.close()
    clock = RecordingClock(recorder.folder)

    def paint() -> None:
        for i in range(1000, 1050):
            assert clock.elapsed(i * 18) == float(i * 60)

    paint()
    assert bytes_read_by(paint) == 0
    clock.close()


def test_it_holds_one_descriptor(tmp_path: Path) -> None:
    folder, dated = long_recording(tmp_path, 5_000)
    before = open_descriptors()
    clock = RecordingClock(folder)
    for offset, _ in dated[::100]:
        clock.at(offset)
    assert open_descriptors() == before + 1
    clock.close()
    clock.close()
    assert open_descriptors() == before


def test_the_wall_clock_is_what_it_showed_then_not_what_it_should_have(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    steps = [(0, 0), (20, 0), (40, 3600), (60, 3600), (80, -86_400)]
    for seconds, wrong in steps:
        recorder.write(b"0123456789", Instant(WALL + seconds + wrong, BOOT + seconds))
    recorder.close()
    clock = RecordingClock(recorder.folder)
    for i, (seconds, wrong) in enumerate(steps):
        at = clock.at(i * 10 + 5)
        assert at is not None
        assert at.wall == pytest.approx(WALL + seconds + wrong, abs=1e-5)
        assert at.boot == pytest.approx(BOOT + seconds, abs=1e-5)
    clock.close()


def test_after_another_boot_both_clocks_are_the_new_ones(tmp_path: Path) -> None:
    first = begin(tmp_path, boot_id="a boot")
    first.write(b"before", moment(1))
    first.close()
    meta = Meta(id="vm1", boot_id="another boot")
    second = Recorder.begin(tmp_path, "vm1", life="one", meta=meta, at=Instant(WALL + 61, 7.0))
    second.write(b"after", Instant(WALL + 62, 8.0))
    second.close()
    clock = RecordingClock(second.folder)
    assert clock.at(0) == pytest.approx(moment(1), abs=1e-5)
    assert clock.at(6) == pytest.approx(Instant(WALL + 62, 8.0), abs=1e-5)
    assert clock.elapsed(6) == 62.0
    clock.close()


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "wrong"])
def test_without_a_usable_index_the_timing_is_followed(tmp_path: Path, damage: str) -> None:
    recorder = begin(tmp_path, segment_bytes=20_000)
    dated = []
    for i in range(20_000):
        dated.append((recorder.size, i * 0.005))
        recorder.write(b"abc", moment(i * 0.005))
    recorder.close()
    path = recorder.folder / "console.index"
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "garbage":
            path.write_bytes(bytes(range(256)) * 100)
        case "wrong":
            entry = index.Entry(0, 7, 5, 5, 5)
            path.write_bytes(index.format_entry(entry))
    clock = RecordingClock(recorder.folder)
    for offset, seconds in [dated[-1], dated[0], dated[7_000], dated[19_000], dated[6_999]]:
        assert clock.elapsed(offset) == pytest.approx(seconds, abs=1e-6)
        at = clock.at(offset)
        assert at is not None
        assert at.wall == pytest.approx(moment(seconds).wall, abs=1e-5)
    clock.close()


def test_one_call_follows_a_long_timing_only_so_far(tmp_path: Path) -> None:
    folder, dated = long_recording(tmp_path, 300_000)
    (folder / "console.index").unlink()
    clock = RecordingClock(folder)
    offset, seconds = dated[-1]
    assert clock.elapsed(offset) is None
    asked = 1
    while clock.elapsed(offset) is None:
        asked += 1
        assert asked < 10
    assert clock.elapsed(offset) == pytest.approx(seconds, abs=1e-6)
    clock.close()


def test_without_meta_data_the_folders_name_tells_the_beginning(tmp_path: Path) -> None:
    recorder = begin(tmp_path, at=10)
    recorder.write(b"abc", moment(11))
    recorder.close()
    (recorder.folder / "meta.json").unlink()
    (recorder.folder / "console.index").unlink()
    clock = RecordingClock(recorder.folder)
    at = clock.at(0)
    assert at is not None
    assert at.wall == pytest.approx(moment(11).wall, abs=1e-3)
    clock.close()


@pytest.mark.parametrize("what", ["meta.json", "console.index", "console.timing", "console.log"])
def test_each_file_may_be_missing(tmp_path: Path, what: str) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"abc", moment(1))
    recorder.close()
    (recorder.folder / what).unlink()
    clock = RecordingClock(recorder.folder)
    expected = {"console.timing": None, "console.log": None}.get(what, 1.0)
    assert clock.elapsed(1) == expected
    clock.close()


def test_the_lost_timing_of_one_segment_does_not_disturb_the_others(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    for i in range(5):
        recorder.write(b"0123456789", moment(i))
    recorder.write(b"tail", moment(9))
    recorder.close()
    (recorder.folder / segment_timing(20)).unlink()
    clock = RecordingClock(recorder.folder)
    dates = [clock.elapsed(offset) for offset in (5, 15, 25, 35, 45, 53)]
    assert dates == [0.0, 1.0, None, 3.0, 4.0, 9.0]
    clock.close()


def test_a_segment_whose_timing_is_lost_is_not_dated_by_the_next_ones(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=10)
    recorder.write(b"0123456789", moment(1))
    recorder.write(b"tail", moment(9))
    recorder.close()
    (recorder.folder / segment_timing(0)).unlink()
    clock = RecordingClock(recorder.folder)
    assert [clock.elapsed(offset) for offset in (0, 9, 10)] == [None, None, 9.0]
    clock.close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        RecordingClock(tmp_path / "nothing")


HOSTILE_TIMING = [
    b"",
    b"\0" * 100,
    b"O 1.000000 0\n" * 50,
    b"O 99999999999999999999.000000 5\n",
    b"O 1.000000 99999999999999999999\n",
    b"O 999999999.999999 999999999999999\n" * 5000,
    b"O -1.000000 5\nO nan 5\nO 1e5 5\n",
    b"O 1.5 5\n",
    b"x" * 300_000,
    b"O 1.000000 1\n" * 3 + b"O 1.00",
    b"I 1.000000 5\nO 1.000000 5\n",
]


@pytest.mark.parametrize("timing", HOSTILE_TIMING)
@pytest.mark.parametrize("with_index", [False, True])
def test_hostile_timing_dates_nothing_wrongly_typed_and_hurts_nobody(
    tmp_path: Path, timing: bytes, with_index: bool
) -> None:
    (tmp_path / "console.log").write_bytes(b"x" * 1000)
    (tmp_path / "console.timing").write_bytes(timing)
    if with_index:
        entries = [index.Entry(i, 0, 10**16 - 1, 10**16 - 1, 0) for i in range(0, 999, 3)]
        (tmp_path / "console.index").write_bytes(b"".join(map(index.format_entry, entries)))
    clock = RecordingClock(tmp_path)
    for offset in (0, 1, 2, 500, 999, 1000, 10**16):
        at = clock.at(offset)
        assert at is None or (at.wall >= 0 and clock.elapsed(offset) is not None)
    clock.close()


@on_disk
@given(
    st.lists(st.tuples(st.sampled_from(["log", "timing", "index", "segment"]), st.binary())),
    st.integers(0, 200),
)
def test_random_files_hurt_nobody(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, bytes]], offset: int
) -> None:
    folder = fresh_folder(tmp_path_factory)
    for kind, data in files:
        name = segment_log(len(data)) if kind == "segment" else f"console.{kind}"
        (folder / name).write_bytes(data)
    clock = RecordingClock(folder)
    clock.at(offset)
    clock.elapsed(offset)
    clock.close()
