"""A paused pane moves no row while the guest floods and old segments are dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[2] / "core" / "demo" / "data"
RECORDINGS = sorted(FOLDER.glob("*.log"))
SEGMENT = 64 * 1024
KEPT = 8 * SEGMENT
SIZE = (72, 24)


class Flood:
    """A guest that prints a recording again and again, of which only the newest is kept."""

    def __init__(self, guest: Guest, pane: ConsolePane, path: Path) -> None:
        self.guest = guest
        self.pane = pane
        self.boot = path.read_bytes()
        self.printed = 0

    def print(self, size: int) -> None:
        """Print that much, paint it, and have the old segments dropped."""
        end = self.printed + size
        while self.printed < end:
            self.guest.write(self.boot, after=1.0)
            self.printed += len(self.boot)
            self.guest.keep(KEPT)
        self.pane.beat(NOON + self.guest.clock)

    @property
    def first(self) -> int:
        """The first offset that is left."""
        viewing = self.pane.viewing
        assert viewing is not None
        return viewing.transcript.first.offset


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("is_wrapped", [False, True], ids=["clipped", "wrapped"])
async def test_no_row_moves_until_the_top_row_is_dropped_and_then_it_says_so(
    guest: Guest, path: Path, is_wrapped: bool
) -> None:
    guest.segment_bytes = SEGMENT
    guest.boot()
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        flood = Flood(guest, pane, path)
        guest.write(flood.boot * 3)
        pane.show(guest.facts(), 1)
        if is_wrapped:
            pane.toggle_wrap()
        flood.print(KEPT)
        pane.scroll_rows(-7)
        before = inner(pane)
        strips = pane._strips[1:-1]
        assert pane.viewing is not None
        held = pane.viewing.view.top
        assert held is not None

        dropped_at = flood.first
        assert 0 < dropped_at < held.offset
        history = 10 * len(before) * SIZE[0]
        flowed = 0
        while True:
            flood.print(SEGMENT)
            await pilot.pause()
            if flood.first > held.offset:
                break
            flowed += SEGMENT
            assert inner(pane) == before
            assert pane._strips[1:-1] == strips
            assert "PAUSED +" in rows(pane)[0]
        assert flood.first > dropped_at
        assert flowed > history

        shown = inner(pane)
        assert "of earlier output dropped ─" in shown[0]
        assert not pane.following
        assert pane.viewing.view.top == pane.viewing.transcript.first
        pane.scroll_rows(1)
        held_again = inner(pane)
        assert held_again[:-1] == shown[1:]
        flood.print(SEGMENT)
        assert inner(pane) == held_again or "of earlier output dropped ─" in inner(pane)[0]


async def test_ten_times_all_that_is_kept_flows_past_a_pane_that_says_what_it_lost(
    guest: Guest,
) -> None:
    guest.segment_bytes = SEGMENT
    guest.boot()
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        flood = Flood(guest, pane, RECORDINGS[0])
        guest.write(flood.boot)
        pane.show(guest.facts(), 1)
        pane.toggle_wrap()
        pane.go_home()
        for _ in range(80):
            flood.print(SEGMENT)
            assert not pane.following
            assert len(inner(pane)) == SIZE[1] - 2
        assert flood.printed > 10 * KEPT
        assert "of earlier output dropped ─" in inner(pane)[0]
        pane.go_end()
        assert pane.following
