"""The strip of time: how dense a recording is, what lies where in it, and where the view is."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position
from core.recording import Cause, Gap, enter_mark
from tests.fakes import ScriptedLink
from tests.tui.panes import NOON, Guest, inner
from tests.tui.stage import Stage, dashboard
from tests.tui.test_annotations import read
from tui.events.timeline import Strip, bars, strip
from tui.opened.viewing import Viewing
from tui.widgets.console_pane import ConsolePane


def strip_of(guest: Guest, width: int, height: int = 10) -> tuple[Viewing, Strip]:
    viewing = Viewing(guest.home / guest.id)
    read(viewing)
    viewing.shape.poll()
    found = strip(viewing, viewing.lines(height), width)
    assert found is not None
    return viewing, found


def signs(found: Strip) -> str:
    return "".join(sign.glyph if sign else " " for sign in found.signs)


@given(st.lists(st.integers(0, 10**12), max_size=50))
def test_there_is_a_block_for_each_size_and_none_for_nothing(sizes: list[int]) -> None:
    found = bars(sizes)
    assert len(found) == len(sizes)
    for one, other in itertools.pairwise(sorted(zip(sizes, found, strict=True))):
        assert one[1] <= other[1]
    for size, block in zip(sizes, found, strict=True):
        assert (block == " ") is (size == 0)
    if any(sizes):
        assert "█" in found


def test_a_strip_shows_density_seams_alerts_marks_and_the_view(guest: Guest) -> None:
    guest.boot(b"x\n" * 10)
    guest.write(b"x\n" * 10, after=10)
    assert guest.recorder is not None
    enter_mark(guest.recorder.folder, 0, "", guest.now)
    guest.clock += 1000
    guest.boot(b"y\n" * 10)
    guest.write(b"y\n" * 2000, after=10)
    assert guest.recorder is not None
    guest.recorder.enter("alert", guest.now, kind="oops", title="t", start=20)
    guest.recorder.enter("alert", guest.now, kind="login", title="t", severity="note", start=0)
    guest.write(b"y\n" * 10, after=10)
    guest.recorder.enter_gap(Gap(Cause.DISK, NOON, NOON + 1), guest.now)
    viewing, found = strip_of(guest, 30)
    assert len(found.bars) == len(found.signs) == len(found.places) == 30
    assert signs(found).count("◆") == 1
    assert signs(found).index("◆") < signs(found).index("┊") < signs(found).index("▲")
    assert signs(found)[-1] == "≠"
    assert found.first_seen >= 0
    assert found.extent == "30 s · 4.1 kB"
    assert (found.began, found.ended) == ("12:00:00", "12:17:10")
    mark = viewing.annotations.after(Position(0, 0))
    assert mark is not None
    assert found.events[signs(found).index("◆")] == mark.position
    assert found.bars.index("█") in (19, 20)
    viewing.close()


def test_a_recording_without_output_has_none(guest: Guest) -> None:
    guest.boot()
    viewing = Viewing(guest.home / guest.id)
    read(viewing)
    viewing.shape.poll()
    assert strip(viewing, (), 30) is None


def test_a_strip_of_a_million_alerts_looks_at_few(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(100):
        guest.write(b"ab\n" * 3000, after=1)
    assert guest.recorder is not None
    folder = guest.recorder.folder
    line = b'{"epoch": 1, "offset": %d, "kind": "alert", "facts": {"start": %d, "kind": "x"}}\n'
    with (folder / "events.jsonl").open("ab") as out:
        out.write(b"".join(line % (i, i) for i in range(0, 900_000, 3)))
    viewing, found = strip_of(guest, 80)
    assert signs(found).count("▲") == 80
    reads: list[int] = []
    pread = os.pread

    def measured(fd: int, size: int, at: int) -> bytes:
        reads.append(size)
        return pread(fd, size, at)

    lines = viewing.lines(10)
    monkeypatch.setattr(os, "pread", measured)
    strip(viewing, lines, 80)
    assert reads == []
    viewing.close()


@asynccontextmanager
async def watching(guest: Guest, size: tuple[int, int]) -> AsyncIterator[tuple[Stage, ConsolePane]]:
    ticks = itertools.count(NOON)
    link = ScriptedLink([guest.facts()])
    async with dashboard(link=link, size=size, clock=lambda: next(ticks)) as stage:
        await stage.press("enter")
        pane = stage.app.dashboard.pane
        assert pane is not None
        await stage.until(lambda: pane.viewing is not None and not pane.viewing.is_empty)
        stage.app.dashboard.refresh_timeline()
        await stage.pilot.pause()
        yield stage, pane


def talk(guest: Guest) -> Path:
    for first in range(0, 1000, 10):
        guest.lines(range(first, first + 10), after=1)
    assert guest.recorder is not None
    return guest.recorder.folder


pytestmark = pytest.mark.anyio


def is_shown(stage: Stage) -> bool:
    return stage.app.dashboard.timeline.display


async def test_a_low_window_shows_it_only_when_asked(guest: Guest) -> None:
    talk(guest)
    async with watching(guest, (100, 24)) as (stage, _):
        assert not is_shown(stage)
        await stage.press("L")
        await stage.until(lambda: "12:01:40" in stage.text)
        assert is_shown(stage)
        await stage.press("L")
        assert not is_shown(stage)


async def test_a_tall_window_shows_it_unless_told_not_to(guest: Guest) -> None:
    talk(guest)
    async with watching(guest, (100, 40)) as (stage, _):
        assert is_shown(stage)
        await stage.until(lambda: "1 m 40 s · 12 kB" in stage.text)
        await stage.press("L")
        assert not is_shown(stage)


@pytest.mark.parametrize("width", [30, 60, 120])
async def test_a_click_goes_to_that_time_and_a_click_on_a_sign_to_the_event(
    guest: Guest, width: int
) -> None:
    folder = talk(guest)
    enter_mark(folder, 12 * 200, "two hundred", guest.now)
    async with watching(guest, (width, 40)) as (stage, pane):
        viewing = pane.viewing
        assert viewing is not None
        await stage.until(lambda: viewing.annotations.after(Position(0, 0)) is not None)
        stage.app.dashboard.refresh_timeline()
        await stage.pilot.pause()
        widget = stage.app.dashboard.timeline
        found = widget.strip
        assert found is not None
        left = 1 + widget.size.width - widget.cells - (9 if width >= 40 else 0)
        await stage.pilot.click(widget, offset=(left + widget.cells // 2, 0))
        await stage.pilot.pause()
        assert not pane.following
        shown = [int(row.split()[-1]) for row in inner(pane) if "line" in row]
        assert any(400 <= number <= 600 for number in shown)
        cell = signs(found).index("◆")
        await stage.pilot.click(widget, offset=(left + cell, 1))
        await stage.pilot.pause()
        assert any("▸── ◆ mark" in row for row in inner(pane))


async def test_new_output_alone_paints_no_timeline(guest: Guest) -> None:
    talk(guest)
    async with watching(guest, (100, 40)) as (stage, pane):
        before = stage.app.dashboard.timeline.strip
        for first in range(0, 2000, 100):
            guest.lines(range(first, first + 100))
            pane.beat(NOON + first)
        assert stage.app.dashboard.timeline.strip is before
