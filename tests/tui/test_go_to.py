"""Going to a place in a pane of the dashboard."""

from __future__ import annotations

import os

import pytest

from core.console import Position
from tests.fakes import sandbox
from tests.tui.panes import Guest, inner, rows
from tests.tui.stage import Stage, dashboard
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


def pane_of(stage: Stage) -> ConsolePane:
    pane = stage.app.dashboard.pane
    assert pane is not None
    return pane


def is_going(stage: Stage) -> bool:
    return stage.app.dashboard.is_going


async def go(stage: Stage, typed: str) -> None:
    await stage.press("#", *typed, "enter")
    await stage.until(lambda: not is_going(stage))


async def test_a_place_is_gone_to_in_the_pane_that_keys_are_about(guest: Guest) -> None:
    other = Guest(guest.home, "vm2")
    guest.lines(range(1, 501), after=1.0)
    other.lines(range(1, 501), after=1.0)
    async with dashboard([guest.facts(), other.facts()]) as stage:
        await stage.press("2")
        await go(stage, "123")
        assert pane_of(stage).facts == other.facts()
        assert any(line.endswith("▸line 000123") for line in inner(pane_of(stage)))
        assert "line 123" in rows(pane_of(stage))[-1]
        assert stage.app.focused is pane_of(stage)
        await stage.press("1")
        assert pane_of(stage).following
        await go(stage, "50%")
        assert any(line.endswith("▸line 000251") for line in inner(pane_of(stage)))
    other.close()


async def test_without_a_recording_it_is_said() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press("#")
        await stage.toasted(1)
        assert stage.toasts == ["There is nothing to go to yet."]
    async with dashboard() as stage:
        await stage.press("#")
        await stage.toasted(1)


async def test_escape_stops_the_way_before_it_leaves_the_zoom(guest: Guest) -> None:
    guest.lines(range(1, 101))
    assert guest.recorder is not None
    log = guest.recorder.folder / "console.log"
    os.truncate(log, 1 << 40)
    async with dashboard([guest.facts()]) as stage:
        await stage.press("z", "#", *"999", "enter")
        await stage.until(lambda: "esc stops" in rows(pane_of(stage))[-1])
        await stage.press("escape")
        assert not is_going(stage)
        assert stage.app.dashboard.stage.is_zoomed
        assert "esc stops" not in rows(pane_of(stage))[-1]
        await stage.press("escape")
        assert not stage.app.dashboard.stage.is_zoomed


async def test_a_sandbox_that_goes_away_ends_the_way_to_its_lines(guest: Guest) -> None:
    guest.lines(range(1, 101))
    assert guest.recorder is not None
    os.truncate(guest.recorder.folder / "console.log", 1 << 40)
    async with dashboard([guest.facts(), sandbox("vm2")]) as stage:
        await stage.press("1", "#", *"999", "enter")
        assert is_going(stage)
        pane = pane_of(stage)
        viewing = pane.viewing
        assert viewing is not None
        stage.app.dashboard.roster.replace([sandbox("vm2")])
        stage.app.dashboard.refresh_facts()
        await stage.until(lambda: not is_going(stage))
        assert viewing.is_closed


async def test_the_place_of_a_held_pane_can_be_told_and_come_back_to(guest: Guest) -> None:
    guest.lines(range(1, 501))
    async with dashboard([guest.facts()]) as stage:
        await go(stage, "123")
        at = pane_of(stage).viewing.cursor.at  # type: ignore[union-attr]
        assert at == Position(1, 122 * 12)
        await stage.press("f")
        pane_of(stage).go_to(at)
        assert any(line.endswith("▸line 000123") for line in inner(pane_of(stage)))
