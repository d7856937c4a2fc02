"""Layouts, pages, panes that are moved, swapped and pinned: every key on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client import SandboxChanged
from core.sandboxes.model import SandboxFacts
from tests.fakes import sandbox
from tests.tui.panes import Guest, inner
from tests.tui.stage import Stage, dashboard

pytestmark = pytest.mark.anyio


def header(stage: Stage) -> str:
    return stage.text.splitlines()[0]


def shown(stage: Stage) -> list[str]:
    """The sandboxes in sight by the numbers of their panes."""
    return [pane.facts.id for pane in stage.app.dashboard.stage.grid.panes if pane.facts]


def focused(stage: Stage) -> str:
    pane = stage.app.dashboard.stage.grid.focused_pane
    return pane.facts.id if pane is not None and pane.facts is not None else ""


def names(count: int) -> list[str]:
    return [f"vm{n}" for n in range(count)]


def some(count: int) -> list[SandboxFacts]:
    return [sandbox(name) for name in names(count)]


async def test_the_layout_is_chosen_in_turns_and_said_in_the_header() -> None:
    async with dashboard(some(9), size=(200, 60)) as stage:
        assert shown(stage) == names(9)
        assert "layout" not in header(stage)
        for held in (1, 2, 4, 6, 9):
            await stage.press(".")
            assert f"layout {held}" in header(stage)
            assert len(shown(stage)) == held
            panes = stage.app.dashboard.stage.grid.panes
            area = stage.app.dashboard.stage.grid.size.area
            assert sum(pane.region.area for pane in panes) == area
        await stage.press(".")
        assert "layout" not in header(stage)


async def test_a_layout_that_has_no_room_says_how_many_panes_fit() -> None:
    async with dashboard(some(9), size=(120, 30)) as stage:
        await stage.press(*".....")
        fitting = len(shown(stage))
        assert 1 < fitting < 9
        assert f"layout 9, {fitting} fit" in header(stage)


async def test_pages_are_turned_by_keys_and_end() -> None:
    async with dashboard(some(5), size=(120, 40)) as stage:
        await stage.press(".", ".", "1")
        assert focused(stage) == "vm0"
        await stage.press(">")
        assert shown(stage) == ["vm2", "vm3"]
        assert (focused(stage), stage.selected) == ("vm2", "vm2")
        assert "page 2/3" in header(stage)
        await stage.press(">")
        assert shown(stage) == ["vm4"]
        await stage.press(">")
        await stage.toasted(1)
        assert shown(stage) == ["vm4"]
        await stage.press("<", "<", "<")
        assert shown(stage) == ["vm0", "vm1"]
        assert len(stage.toasts) == 2


async def test_turning_pages_leaves_the_focus_in_the_list() -> None:
    async with dashboard(some(5), size=(120, 40)) as stage:
        await stage.press(".")
        await stage.go_to_list()
        await stage.press(">")
        assert shown(stage) == ["vm1"]
        assert stage.app.dashboard.stage.list.has_focus


async def test_beside_a_zoomed_pane_the_next_sandbox_is_the_next_page() -> None:
    async with dashboard(some(3), size=(120, 40)) as stage:
        await stage.press("1", "z", ">")
        assert shown(stage) == ["vm1"]
        assert focused(stage) == "vm1"
        await stage.press(">", ">")
        assert shown(stage) == ["vm2"]
        await stage.press("z")
        assert shown(stage) == names(3)


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("ctrl+left", ["vm1", "vm0", "vm2", "vm3"]),
        ("ctrl+down", ["vm0", "vm3", "vm2", "vm1"]),
        ("ctrl+up", ["vm0", "vm1", "vm2", "vm3"]),
        ("ctrl+right", ["vm0", "vm2", "vm1", "vm3"]),
    ],
)
async def test_a_pane_is_moved_and_keeps_the_focus(key: str, order: list[str]) -> None:
    async with dashboard(some(4), size=(200, 60)) as stage:
        await stage.press("2", key)
        assert shown(stage) == order
        assert focused(stage) == "vm1"
        assert len(stage.toasts) == (key == "ctrl+up")


async def test_moving_on_to_the_next_page_turns_to_it() -> None:
    async with dashboard(some(4), size=(120, 40)) as stage:
        await stage.press(".", ".", "2", "ctrl+right")
        assert shown(stage) == ["vm1", "vm3"]
        assert focused(stage) == "vm1"
        await stage.press("<")
        assert shown(stage) == ["vm0", "vm2"]


async def test_a_pane_is_swapped_with_the_one_whose_number_is_typed() -> None:
    async with dashboard(some(4), size=(200, 60)) as stage:
        await stage.press("1", "X")
        assert "swap with pane" in stage.text
        await stage.press("4", "enter")
        assert shown(stage) == ["vm3", "vm1", "vm2", "vm0"]
        await stage.until(lambda: focused(stage) == stage.selected == "vm0")


@pytest.mark.parametrize("typed", ["9", "1", "X", "²", "00000000001"])
async def test_a_number_that_no_other_pane_has_is_refused_in_words(typed: str) -> None:
    async with dashboard(some(4), size=(200, 60)) as stage:
        await stage.press("1", "X", *typed, "enter")
        assert "No other pane in sight has that number" in stage.text
        await stage.press("escape")
        assert shown(stage) == names(4)


async def test_a_pinned_pane_is_on_every_page_and_says_so() -> None:
    async with dashboard(some(6), size=(160, 50)) as stage:
        await stage.press(".", ".", "1", "P")
        await stage.toasted(1)
        assert "┴ pinned" in stage.text
        for page in (["vm0", "vm1"], ["vm0", "vm2"], ["vm0", "vm3"]):
            assert shown(stage) == page
            await stage.press(">")
        await stage.press("1", "P")
        assert "pinned" not in stage.text.splitlines()[1]
        assert shown(stage) == ["vm0", "vm1"]


async def test_a_new_sandbox_moves_no_pane_of_a_chosen_layout() -> None:
    async with dashboard(some(4), size=(200, 60)) as stage:
        await stage.press(*".....", "1", "ctrl+right")
        before = shown(stage)
        stage.link.tell(SandboxChanged(sandbox("new")))
        await stage.until(lambda: "new" in shown(stage))
        assert shown(stage) == [*before, "new"]


async def test_two_hundred_sandboxes_are_turned_through() -> None:
    async with dashboard(some(200), size=(200, 60)) as stage:
        await stage.press("1")
        await stage.until(lambda: "page 1/23" in header(stage))
        seen: list[str] = []
        for page in range(1, 24):
            assert f"page {page}/23" in header(stage)
            seen += shown(stage)
            await stage.press(">")
        assert seen == names(200)
        await stage.press(*"....", "1")
        assert "layout 6" in header(stage)
        assert "page 34/34" in header(stage)
        assert shown(stage) == ["vm198", "vm199"]


async def test_two_hundred_recordings_are_read_counted_locked_and_merged(tmp_path: Path) -> None:
    home = tmp_path / "recordings"
    facts = []
    for number, name in enumerate(names(200)):
        guest = Guest(home, id=name, clock=float(number))
        guest.boot()
        for line in range(30):
            guest.write(b"%s says %d\n" % (name.encode(), line), 1.0)
        guest.close()
        facts.append(sandbox(name, recordings=str(home / name)))
    async with dashboard(facts, size=(200, 60)) as stage:
        grid = stage.app.dashboard.stage.grid
        await stage.press("1", *">>>>>>>>>>")
        assert shown(stage)[0] == "vm90"
        assert inner(grid.panes[0])[-1].endswith("vm90 says 29")
        await stage.press("pageup", "=")
        await stage.until(lambda: grid.time_lock.is_settled(grid.panes))
        assert stage.text.count("LOCKED") == 9
        await stage.press("=", "i", "f")
        assert "9 consoles" in stage.text
        assert "vm98 says 29" in stage.text.replace("▸", " ")
        await stage.press("i", "G")
        # One that nobody has opened yet, on the last page.
        late = Guest(home, id="vm199", lives=1, clock=900.0)
        late.boot(b"a new life\n")
        stage.link.tell(SandboxChanged(late.facts()))
        await stage.press(*">>>>>>>>>>>>")
        await stage.until(lambda: "a new life" in stage.text)
        late.close()
