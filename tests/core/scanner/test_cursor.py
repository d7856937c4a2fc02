"""One generation, followed: over rotations, dropped segments and growth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.console.alerts import Rules
from core.errors import RecordingError
from core.sandboxes.model import AlertFacts
from core.scanner.cursor import CHUNK_BYTES, Cursor
from tests.core.recording.made import WALL, begin, moment

PANIC = b"[    1.000000] Kernel panic - not syncing: x\n[    1.000001] ---[ end Kernel panic\n"
FILLER = b"[    0.500000] nothing of note happens here\n"


def scanned(cursor: Cursor, size: int) -> list[AlertFacts]:
    """What is found until it is scanned up to `size`."""
    cursor.size = size
    alerts = []
    while cursor.is_behind:
        alerts += cursor.scan()
    return alerts


def test_an_alert_is_dated_and_names_its_generation(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(FILLER, moment(1.0))
    recorder.write(PANIC, moment(2.5))
    recorder.flush()
    cursor = Cursor(recorder.folder, 0, Rules())
    (alert,) = scanned(cursor, recorder.size)
    assert alert.generation == recorder.generation
    assert (alert.start, alert.end) == (len(FILLER), recorder.size)
    assert alert.wall == pytest.approx(WALL + 2.5, abs=0.01)
    cursor.close()
    recorder.close()


def test_a_report_over_a_rotation_is_one_alert(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=4096)
    for number in range(90):
        recorder.write(FILLER, moment(number))
    cut = len(PANIC) // 2
    recorder.write(PANIC[:cut], moment(91))
    cursor = Cursor(recorder.folder, 0, Rules())
    found = scanned(cursor, recorder.size)
    while recorder.size % 4096 > 100:
        recorder.write(b"x\n", moment(92))
        found += scanned(cursor, recorder.size)
    recorder.write(PANIC[cut:], moment(93))
    found += scanned(cursor, recorder.size) + cursor.finish()
    assert len(list(recorder.folder.glob("console.0*.log"))) >= 1
    assert [alert.kind for alert in found] == ["panic"]
    assert found[0].start == 90 * len(FILLER)
    cursor.close()
    recorder.close()


def test_bytes_that_were_dropped_before_they_were_scanned_are_passed_over(tmp_path: Path) -> None:
    recorder = begin(tmp_path, segment_bytes=4096)
    cursor = Cursor(recorder.folder, 0, Rules())
    for number in range(400):
        recorder.write(FILLER, moment(number))
    start = recorder.size
    recorder.write(PANIC, moment(401))
    for log in sorted(recorder.folder.glob("console.0*.log"))[:2]:
        log.unlink()
    (alert,) = scanned(cursor, recorder.size)
    assert alert.start == start
    cursor.close()
    recorder.close()


def test_less_than_was_said_is_no_endless_scan(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(FILLER, moment(1))
    cursor = Cursor(recorder.folder, 0, Rules())
    assert scanned(cursor, 1_000_000) == []
    assert cursor.position == cursor.size == len(FILLER)
    cursor.close()
    recorder.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        Cursor(tmp_path / "none", 0, Rules())


@pytest.mark.parametrize("spoil", [lambda f: (f / "console.timing").write_bytes(b"\xff" * 99)])
def test_a_damaged_timing_takes_no_alert_away(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    recorder = begin(tmp_path)
    recorder.write(PANIC, moment(1))
    recorder.close()
    spoil(recorder.folder)
    cursor = Cursor(recorder.folder, 0, Rules())
    (alert,) = scanned(cursor, recorder.size)
    assert alert.wall > 0
    cursor.close()


def test_one_call_takes_no_more_than_its_turn(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"x\n" * CHUNK_BYTES, moment(1))
    cursor = Cursor(recorder.folder, 0, Rules())
    cursor.size = recorder.size
    cursor.scan()
    assert cursor.position == CHUNK_BYTES
    cursor.close()
    recorder.close()
