"""The help on the screen: what has the focus first, found by words, within reach at any size."""

from __future__ import annotations

import pytest
from textual import events

from tests.fakes import sandbox
from tests.tui.stage import Stage, dashboard
from tui.actions import ACTIONS

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])


def first_words(stage: Stage) -> str:
    lines = stage.text.splitlines()
    at = next(n for n, line in enumerate(lines) if "Keys and states" in line)
    return " ".join(lines[at + 1 : at + 4])


@SIZES
async def test_the_keys_of_the_focus_stand_first(size: tuple[int, int]) -> None:
    async with dashboard([sandbox("vm1")], size=size) as stage:
        await stage.go_to_list()
        await stage.press("?")
        assert "In the list · Sandbox" in first_words(stage)
        await stage.press("escape", "1", "f1")
        assert "In a pane · Reading" in first_words(stage)


@SIZES
async def test_everything_can_be_reached_by_scrolling(size: tuple[int, int]) -> None:
    async with dashboard([sandbox("vm1")], size=size) as stage:
        await stage.press("?")
        seen = ""
        for _ in range(40):
            seen += " " + " ".join(stage.text.split())
            await stage.press("space")
        await stage.press("G")
        assert "Debug is off" in " ".join(stage.text.split())
        for action in ACTIONS:
            assert action.help[:14] in seen
        await stage.press("g", "j", "k")
        assert "In the list" in first_words(stage) or size == (60, 15)


async def test_words_find_an_action_and_escape_takes_them_back() -> None:
    async with dashboard([sandbox("vm1")], size=(80, 24)) as stage:
        await stage.press("?", "/", *"proxy")
        await stage.until(lambda: "Scroll up" not in stage.text)
        assert "Start or stop the sandbox's proxy" in stage.text
        await stage.press("enter", "q")
        assert "Keys and states" not in stage.text
        await stage.press("?", "/", *"[red]")
        await stage.until(lambda: "No key does that." in stage.text)
        await stage.press("escape")
        await stage.until(lambda: "Zoom the selected" in stage.text)
        await stage.press("escape")
        assert "Keys and states" not in stage.text


async def test_the_wheel_scrolls_the_help() -> None:
    async with dashboard([sandbox("vm1")], size=(80, 24)) as stage:
        await stage.press("?")
        before = stage.text
        await stage.pilot._post_mouse_events([events.MouseScrollDown], offset=(40, 12), button=0)
        await stage.until(lambda: stage.text != before)
