"""The recordings that come with the demo are whole and said to be what they are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import core.demo
from core.demo.recordings import dated, load_recording

DATA = Path(core.demo.__file__).parent / "data"
NAMES = sorted(path.stem for path in DATA.glob("*.log"))


@pytest.mark.parametrize("name", NAMES)
def test_timing_accounts_for_every_byte(name: str) -> None:
    recording = load_recording(name)
    assert recording.log == (DATA / f"{name}.log").read_bytes()
    assert all(step.data for step in recording.steps)
    assert recording.duration_s > 2


@pytest.mark.parametrize("name", NAMES)
def test_records_begin_four_milliseconds_apart(name: str) -> None:
    times, at = [], 0.0
    for step in load_recording(name).steps:
        at += step.delay_s
        times.append(at)
    assert min(after - before for before, after in pairwise(times)) > 0.004 - 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_readme_tells_what_a_recording_is(name: str) -> None:
    assert f"| `{name}` |" in (DATA / "README.md").read_text("utf-8")


def test_recordings_stay_below_a_megabyte() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_000_000


def test_beginning_ends_with_the_mark() -> None:
    recording = load_recording("debian12-systemd-boot")
    beginning = b"".join(step.data for step in recording.until(b"guest login: "))
    assert beginning.endswith(b"guest login: ")
    assert recording.log.startswith(beginning)
    assert beginning.count(b"guest login: ") == 1


def test_beginning_without_its_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="not found"):
        list(load_recording("debian12-systemd-boot").until(b"no such words"))


def test_unknown_recording_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load_recording("none")


@pytest.mark.parametrize("timing", ["O 0.1 4\n", "O 0.1 6\n", "", "I 0.1 5\n", "O 0.1\n"])
def test_timing_that_does_not_fit_the_log_is_an_error(timing: str) -> None:
    with pytest.raises(ValueError, match=r"timing|unpack"):
        list(dated(b"12345", timing))
