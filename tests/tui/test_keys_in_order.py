"""Keys that come at once."""

from __future__ import annotations

import pytest
from textual import events

from tests.fakes import sandbox
from tests.tui.panes import Guest
from tests.tui.stage import Stage, dashboard

pytestmark = pytest.mark.anyio

NAMES = {"&": "ampersand", "/": "slash"}


def burst(stage: Stage, keys: str) -> None:
    """Press keys faster than any of them is handled."""
    for key in keys:
        stage.app.post_message(events.Key(NAMES.get(key, key), key))


@pytest.mark.parametrize("asked_by", ["&", "/"])
async def test_what_is_typed_behind_a_key_that_asks_is_the_answer(
    guest: Guest, asked_by: str
) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        burst(stage, asked_by + "sdTserv")
        await stage.until(lambda: stage.app.dashboard.prompt.text == "sdTserv")
        assert stage.link.asked == []


async def test_keys_go_to_the_pane_that_was_called_just_before(guest: Guest) -> None:
    guest.lines(range(200))
    async with dashboard([sandbox("vm0"), guest.facts()]) as stage:
        burst(stage, "2kk")
        pane = stage.app.dashboard.stage.grid.panes[1]
        await stage.until(lambda: not pane.following)
        assert stage.app.dashboard.pane is pane


async def test_a_key_whose_widget_goes_away_holds_up_no_other(guest: Guest) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        for _ in range(3):
            burst(stage, "??")
            await stage.until(lambda: stage.app.screen is stage.app.dashboard)
        burst(stage, "/abc")
        await stage.until(lambda: stage.app.dashboard.prompt.text == "abc")
