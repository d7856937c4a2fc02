"""The last line loses no key, and its keys can be clicked."""

from __future__ import annotations

import pytest

from core.sandboxes.model import ConsoleState
from tests.fakes import sandbox
from tests.tui.stage import Stage, dashboard
from tui.actions import footer_actions, key_name

pytestmark = pytest.mark.anyio


def last_line(stage: Stage) -> str:
    return stage.text.splitlines()[-1]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize(
    "facts",
    [
        sandbox("vm1"),
        sandbox("vm1", debug=False),
        sandbox("vm1", ConsoleState.NOT_WATCHED),
    ],
)
async def test_no_key_is_lost_at_any_width(width: int, facts: object) -> None:
    async with dashboard([facts], size=(width, 24)) as stage:  # type: ignore[list-item]
        words = last_line(stage).split()
        for action in footer_actions():
            assert key_name(action.keys[0]) in words
        assert "quit" in words


@pytest.mark.parametrize("width", [20, 40])
async def test_help_and_quit_are_the_last_to_go(width: int) -> None:
    async with dashboard([sandbox("vm1")], size=(width, 24)) as stage:
        assert last_line(stage).split()[-4:] == ["?", "help", "q", "quit"]


async def test_labels_say_what_a_key_would_do_now() -> None:
    facts = [sandbox("vm1"), sandbox("vm2", ConsoleState.NOT_WATCHED, debug=False)]
    async with dashboard(facts) as stage:
        assert "s stop" in last_line(stage)
        assert "d debug off" in last_line(stage)
        assert "enter zoom" in last_line(stage)
        await stage.press("z")
        assert "enter back" in last_line(stage)
        await stage.press("z", "l", "j")
        assert "s start" in last_line(stage)
        assert "d debug on" in last_line(stage)


async def test_without_sandboxes_only_keys_that_do_something_are_shown() -> None:
    async with dashboard() as stage:
        assert last_line(stage).split() == ["?", "help", "q", "quit"]


async def test_a_click_on_a_key_is_a_press_of_it() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        column = last_line(stage).index("stop")
        await stage.pilot.click(offset=(column, 39))
        await stage.until(lambda: stage.link.asked == [("stop", "vm1")])
        await stage.pilot.click(offset=(110, 39))
        await stage.pilot.pause()
        assert len(stage.link.asked) == 1
