"""What the mouse does where no key was pressed."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from tests.fakes import sandbox
from tests.tui.stage import dashboard

pytestmark = pytest.mark.anyio

FACTS = [sandbox("a"), sandbox("b"), sandbox("c")]


async def test_a_click_selects_and_a_double_click_zooms() -> None:
    async with dashboard(FACTS) as stage:
        entries = stage.app.dashboard.stage.list
        await stage.pilot.click(entries, offset=(5, 3))
        await stage.until(lambda: stage.selected == "b")
        assert stage.app.dashboard.stage.grid.zoomed is None
        await stage.pilot.click(entries, offset=(5, 6), times=2)
        await stage.until(lambda: stage.app.dashboard.stage.grid.zoomed == "c")


async def test_the_wheel_goes_through_the_list() -> None:
    async with dashboard(FACTS) as stage:
        entries = stage.app.dashboard.stage.list
        await stage.pilot._post_mouse_events([MouseScrollDown], entries, (5, 3))
        await stage.until(lambda: stage.selected == "b")
        await stage.pilot._post_mouse_events([MouseScrollUp], entries, (5, 3))
        await stage.until(lambda: stage.selected == "a")


async def test_a_click_on_a_pane_focuses_it() -> None:
    async with dashboard(FACTS) as stage:
        pane = stage.app.dashboard.panes[1]
        await stage.pilot.click(pane, offset=(3, 2))
        await stage.until(lambda: pane.has_focus and stage.selected == "b")
