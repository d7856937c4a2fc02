"""Panes held at the same moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import Position
from core.sandboxes.model import SandboxFacts
from tests.fakes import sandbox
from tests.tui.panes import NOON, Guest, inner, rows
from tests.tui.stage import Stage, dashboard
from tui.grid.time_lock import TimeLock
from tui.opened.viewing import Viewing
from tui.pane.view import Note
from tui.widgets.console_pane import ConsolePane


@dataclass
class Sheet:
    """A pane without a screen."""

    guest: Guest
    height: int = 10
    viewing: Viewing = field(init=False)

    def __post_init__(self) -> None:
        self.viewing = Viewing(self.guest.home / self.guest.id)
        self.viewing.poll(NOON)

    @property
    def facts(self) -> SandboxFacts:
        return self.guest.facts()

    def repaint(self) -> None:
        """Nothing to paint on."""

    @property
    def shown(self) -> list[bytes]:
        lines = [line for line in self.viewing.lines(self.height) if not isinstance(line, Note)]
        return [line.row.data for line in lines if line.row is not None]

    @property
    def pointed(self) -> bytes:
        """The row with the sign."""
        lines = [line for line in self.viewing.lines(self.height) if not isinstance(line, Note)]
        at = self.viewing.cursor.at
        return next(line.row.data for line in lines if line.row and line.position == at)


def arrive(lock: TimeLock, *sheets: Sheet) -> None:
    """Let all get to the moment."""
    for _ in range(200):
        lock.go_on(sheets, 1.0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def pair(home: Path) -> Iterator[tuple[Sheet, Sheet]]:
    """One that prints each second, and one that prints each tenth."""
    quick, slow = Guest(home, id="quick"), Guest(home, id="slow")
    for second in range(100):
        quick.write(b"quick %d\n" % second, 1.0)
        slow.clock += 1.0
        if second % 10 == 0:
            slow.write(b"slow %d\n" % second)
    sheets = Sheet(quick), Sheet(slow)
    yield sheets
    for sheet in sheets:
        sheet.viewing.close()
        sheet.guest.close()


def test_others_go_to_the_first_row_that_came_then_or_later(pair: tuple[Sheet, Sheet]) -> None:
    quick, slow = pair
    quick.viewing.view.scroll(-50, quick.height)
    lock = TimeLock()
    assert lock.begin(quick)
    arrive(lock, *pair)
    assert quick.shown[0] == quick.pointed == b"quick 40"
    assert slow.shown[0] == slow.pointed == b"slow 40"
    assert lock.word == "LOCKED 12:00:41"
    assert lock.note("slow") == ""


def test_scrolling_one_scrolls_all_and_says_who_has_no_output(pair: tuple[Sheet, Sheet]) -> None:
    quick, slow = pair
    quick.viewing.view.scroll(-50, quick.height)
    lock = TimeLock()
    lock.begin(quick)
    arrive(lock, *pair)
    quick.viewing.view.scroll(4, quick.height)
    arrive(lock, *pair)
    assert quick.pointed == b"quick 44"
    assert slow.pointed == b"slow 50"
    assert lock.note("slow") == "nothing until 12:00:51"
    slow.viewing.view.scroll(-2, slow.height)
    arrive(lock, *pair)
    assert slow.pointed == b"slow 30"
    assert quick.pointed == b"quick 30"
    assert lock.note("slow") == lock.note("quick") == ""


def test_one_that_printed_nothing_since_shows_its_last_rows(pair: tuple[Sheet, Sheet]) -> None:
    quick, slow = pair
    lock = TimeLock()
    lock.begin(quick)
    quick.viewing.view.scroll(5, quick.height)
    arrive(lock, *pair)
    assert quick.shown[-1] == b"quick 99"
    quick.viewing.cursor.at = quick.viewing.lines(10)[-1].position  # type: ignore[union-attr]
    arrive(lock, *pair)
    assert slow.shown == [b"slow %d" % n for n in range(0, 100, 10)]
    assert slow.pointed == b"slow 90"
    assert lock.note("slow") == "nothing since 12:01:31"


def test_leaving_returns_each_to_following_or_its_own_place(pair: tuple[Sheet, Sheet]) -> None:
    quick, slow = pair
    slow.viewing.view.go_home(5)
    slow.viewing.view.scroll(2, 3)
    before = slow.viewing.view.stand
    lock = TimeLock()
    lock.begin(quick)
    quick.viewing.view.scroll(-30, quick.height)
    arrive(lock, *pair)
    assert slow.viewing.view.stand != before
    lock.end()
    assert quick.viewing.view.is_following
    assert slow.viewing.view.stand == before
    assert slow.viewing.cursor.at is None
    assert not lock.is_on
    assert lock.word == ""


def test_nothing_is_held_without_a_date(home: Path) -> None:
    guest = Guest(home)
    guest.boot()
    sheet = Sheet(guest)
    lock = TimeLock()
    assert not lock.begin(sheet)
    assert not lock.is_on
    assert sheet.viewing.view.is_following
    sheet.viewing.close()
    guest.close()


def test_a_recording_of_several_lives_is_one_time(home: Path) -> None:
    steady, crashing = Guest(home, id="steady"), Guest(home, id="crashing")
    for life in range(4):
        crashing.clock = 100.0 * life
        crashing.boot(b"boot %d\n" % life)
        crashing.write(b"crash %d\n" % life, 10.0)
    for second in range(400):
        steady.write(b"second %d\n" % second, 1.0)
    sheets = Sheet(steady), Sheet(crashing)
    lock = TimeLock()
    steady_view = sheets[0].viewing
    row = next(
        line
        for line in steady_view.transcript.forward(steady_view.transcript.first, 400)
        if line.row is not None and line.row.data == b"second 204"
    )
    steady_view.view.go_to(row.position, 10)
    steady_view.cursor.at = row.position
    assert lock.begin(sheets[0])
    arrive(lock, *sheets)
    assert sheets[1].pointed == b"crash 2"
    assert sheets[1].viewing.cursor.at == Position(3, len(b"boot 2\n"))
    for sheet in sheets:
        sheet.viewing.close()
        sheet.guest.close()


def test_a_sandbox_that_went_away_is_forgotten(pair: tuple[Sheet, Sheet]) -> None:
    quick, slow = pair
    lock = TimeLock()
    lock.begin(quick)
    arrive(lock, *pair)
    lock.keep(["quick"])
    moved = slow.viewing.view.stand
    lock.end()
    assert slow.viewing.view.stand == moved
    assert quick.viewing.view.is_following


GAPS = st.lists(st.integers(0, 20), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(one=GAPS, other=GAPS, number=st.integers(0, 29))
def test_the_row_is_the_one_that_a_plain_look_through_all_finds(
    tmp_path_factory: pytest.TempPathFactory, one: list[int], other: list[int], number: int
) -> None:
    home = tmp_path_factory.mktemp("recordings")
    sheets = []
    times: list[list[int]] = []
    for name, gaps in (("one", one), ("other", other)):
        guest = Guest(home, id=name)
        guest.boot()
        at, when = 0, []
        for row, gap in enumerate(gaps):
            at += gap + 1
            guest.clock = at / 10
            guest.write(b"row %d\n" % row)
            when.append(at)
        times.append(when)
        guest.close()
        sheets.append(Sheet(guest, height=40))
    lead, follower = sheets
    number %= len(one)
    lead.viewing.view.hold(40)
    lead.viewing.cursor.at = lead.viewing.transcript.forward(Position(1, 0), 40)[number].position
    lock = TimeLock()
    assert lock.begin(lead)
    arrive(lock, *sheets)
    expected = min(bisect_left(times[1], times[0][number]), len(other) - 1)
    assert follower.pointed == b"row %d" % expected
    for sheet in sheets:
        sheet.viewing.close()


# On the screen.


def pane_of(stage: Stage, name: str) -> ConsolePane:
    pane = stage.app.dashboard.stage.grid.pane_of(name)
    assert pane is not None
    return pane


@pytest.mark.anyio
async def test_a_key_locks_the_panes_and_unlocks_them(pair: tuple[Sheet, Sheet]) -> None:
    facts = [
        sandbox(sheet.guest.id, recordings=str(sheet.guest.home / sheet.guest.id)) for sheet in pair
    ]
    async with dashboard(facts, size=(160, 30)) as stage:
        await stage.press("1", "pageup", "pageup")
        slow, quick = pane_of(stage, "slow"), pane_of(stage, "quick")
        before = inner(quick)
        await stage.press("=")
        moment = rows(quick)[0].split("LOCKED ")[1][:8]
        await stage.until(lambda: f"LOCKED {moment}" in rows(slow)[0])
        assert "▸" in inner(quick)[0]
        await stage.press("g")
        await stage.until(lambda: "▸slow 0" in inner(slow)[0])
        assert "LOCKED 12:00:01" in rows(quick)[0]
        assert "LOCKED 12:00:01" in rows(slow)[0]
        await stage.press("=")
        assert inner(quick) == before
        assert slow.following
        assert "LOCKED" not in stage.text
        await stage.press("=", "escape")
        assert "LOCKED" not in stage.text
        assert stage.app.dashboard.stage.grid.focused_pane is quick


@pytest.mark.anyio
async def test_without_a_dated_line_a_key_says_so() -> None:
    async with dashboard([sandbox("vm")]) as stage:
        await stage.press("1", "=")
        await stage.toasted(1)
        assert "No line in sight has a date yet" in stage.toasts[0]
