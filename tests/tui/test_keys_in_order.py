"""Keys that come at once."""

from __future__ import annotations

import pytest
from textual import events

from tests.fakes import sandbox
from tests.tui.panes import Guest
from tests.tui.stage import Stage, dashboard
from tui.screens.palette import Palette
from tui.themes.theme import full_name

pytestmark = pytest.mark.anyio

NAMES = {
    "&": "ampersand",
    "/": "slash",
    "#": "number_sign",
    "\n": "enter",
    ":": "colon",
    " ": "space",
    ".": "full_stop",
}


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


@pytest.mark.parametrize("asked_by", ["&", "/"])
async def test_what_is_typed_behind_an_answer_goes_to_the_pane(guest: Guest, asked_by: str) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        burst(stage, asked_by + "00001\n" + asked_by + "sdT")
        await stage.until(lambda: stage.app.dashboard.prompt.text == "sdT")
        assert stage.link.asked == []


async def test_a_place_and_what_is_done_there_may_be_typed_at_once(guest: Guest) -> None:
    guest.lines(range(2000))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        burst(stage, "#100\nvjj")
        pane = stage.app.dashboard.pane
        assert pane is not None
        await stage.until(lambda: pane.selection is not None and pane.selection.is_visual)
        await stage.press("y")
        await stage.until(lambda: "000099" in stage.app.clipboard)
        assert len(stage.app.clipboard.splitlines()) == 3


@pytest.mark.parametrize("typed", ["/tmp/rv/x.txt", "no such thing"])
async def test_enter_in_the_palette_runs_only_what_was_typed(guest: Guest, typed: str) -> None:
    guest.lines(range(5))
    async with dashboard([guest.facts()]) as stage:
        burst(stage, f":{typed}\n")
        await stage.until(lambda: isinstance(stage.app.screen, Palette))
        await stage.until(lambda: "No matches found" in stage.text)
        assert stage.link.asked == []


async def test_a_command_typed_at_once_is_run(guest: Guest) -> None:
    guest.lines(range(5))
    async with dashboard([guest.facts()]) as stage:
        burst(stage, ":theme light\n")
        await stage.until(lambda: stage.app.theme == full_name("light"))


async def test_no_key_overtakes_those_that_wait(guest: Guest) -> None:
    guest.lines(range(100))
    typed = "abcdefghijklmnopqrstuvwxyz" * 8
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        burst(stage, "/" + typed)
        await stage.until(lambda: stage.app.dashboard.prompt.text == typed)
