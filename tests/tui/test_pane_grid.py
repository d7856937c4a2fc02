"""The grid of live consoles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.sandboxes.model import SandboxFacts
from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tui.widgets.console_pane import ConsolePane
from tui.widgets.pane_grid import PaneGrid

pytestmark = pytest.mark.anyio

Guests = Callable[[int], list[Guest]]


@pytest.fixture
def guests(tmp_path: Path) -> Iterator[Guests]:
    """Makes some guests that have printed their names."""
    made: list[Guest] = []

    def make(count: int) -> list[Guest]:
        for number in range(count):
            guest = Guest(tmp_path / "recordings", id=f"vm{number}")
            guest.write(b"this is vm%d\n" % number)
            made.append(guest)
        return made

    yield make
    for guest in made:
        guest.close()


def all_facts(guests: list[Guest]) -> list[SandboxFacts]:
    return [guest.facts() for guest in guests]


def shown(grid: PaneGrid) -> list[str]:
    """The sandboxes in sight, in the order of their panes."""
    return [pane.facts.id for pane in grid.panes if pane.facts is not None]


async def settle(pilot: Pilot[None]) -> None:
    """Let layout and focus happen."""
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9])
async def test_each_sandbox_has_a_pane_with_its_text(guests: Guests, count: int) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(200, 60)) as pilot:
        grid.show(all_facts(guests(count)), NOON)
        await settle(pilot)
        assert shown(grid) == [f"vm{n}" for n in range(count)]
        for number, pane in enumerate(grid.panes):
            assert f"this is vm{number}" in inner(pane)[0]
            assert rows(pane)[0].startswith(f"╭ {number + 1} vm{number} ─")


async def test_panes_fill_the_grid(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(200, 60)) as pilot:
        grid.show(all_facts(guests(5)), NOON)
        await settle(pilot)
        assert sum(pane.region.area for pane in grid.panes) == 200 * 60


async def test_a_grid_without_sandboxes_shows_no_pane(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(200, 60)) as pilot:
        grid.show([], NOON)
        await settle(pilot)
        assert grid.panes == []
        assert grid.focused_pane is None


async def test_panes_are_pooled(guests: Guests) -> None:
    made = guests(4)
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(200, 60)) as pilot:
        before = set(grid.query(ConsolePane))
        for count in (4, 1, 3, 0, 4):
            grid.show(all_facts(made[:count]), NOON)
            await settle(pilot)
            assert shown(grid) == [f"vm{n}" for n in range(count)]
        assert set(grid.query(ConsolePane)) == before


async def test_what_does_not_fit_is_on_the_page_of_the_selected_one(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(50, 22)) as pilot:
        grid.show(all_facts(guests(7)), NOON)
        await settle(pilot)
        assert shown(grid) == ["vm0", "vm1", "vm2"]
        assert grid.pages.count == 3
        grid.select("vm4")
        await settle(pilot)
        assert shown(grid) == ["vm3", "vm4", "vm5"]
        assert grid.pages.page == 1
        grid.select("vm6")
        await settle(pilot)
        assert shown(grid) == ["vm6"]


async def test_the_selected_pane_is_marked(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(guests(2)), NOON)
        grid.select("vm1")
        await settle(pilot)
        assert [pane.is_selected for pane in grid.panes] == [False, True]


async def test_a_larger_window_shows_more(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(50, 22)) as pilot:
        grid.show(all_facts(guests(4)), NOON)
        await settle(pilot)
        assert len(grid.panes) == 3
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert len(grid.panes) == 4


async def test_zoom_gives_one_pane_the_whole_grid_and_back(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(guests(4)), NOON)
        await settle(pilot)
        grid.zoom("vm2")
        await settle(pilot)
        assert shown(grid) == ["vm2"]
        assert grid.panes[0].region.size == (120, 40)
        assert grid.focused_pane is grid.panes[0]
        assert rows(grid.panes[0])[0].startswith("╭ 3 vm2 ─")
        grid.zoom(None)
        await settle(pilot)
        assert shown(grid) == ["vm0", "vm1", "vm2", "vm3"]
        assert grid.focused_pane is grid.panes[2]


async def test_a_zoomed_sandbox_that_goes_away_ends_the_zoom(guests: Guests) -> None:
    made = guests(3)
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(made), NOON)
        grid.zoom("vm2")
        await settle(pilot)
        grid.show(all_facts(made[:2]), NOON)
        await settle(pilot)
        assert grid.zoomed is None
        assert shown(grid) == ["vm0", "vm1"]


async def test_selecting_another_while_zoomed_zooms_that_one(guests: Guests) -> None:
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(guests(3)), NOON)
        grid.zoom("vm2")
        grid.select("vm0")
        await settle(pilot)
        assert shown(grid) == ["vm0"]


async def test_panes_are_focused_by_number_and_the_grid_tells(guests: Guests) -> None:
    told: list[str] = []

    class Listener(PaneApp):
        def on_pane_grid_pane_focused(self, message: PaneGrid.PaneFocused) -> None:
            told.append(message.sandbox_id)

    grid = PaneGrid()
    async with Listener(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(guests(3)), NOON)
        await settle(pilot)
        for number in (2, 3, 9):
            grid.focus_pane(number)
            await settle(pilot)
        assert told[-2:] == ["vm1", "vm2"]
        assert grid.focused_pane is grid.pane_of("vm2")


async def test_the_focus_stays_with_its_sandbox_when_another_goes_away(guests: Guests) -> None:
    made = guests(3)
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(made), NOON)
        await settle(pilot)
        grid.focus_pane(2)
        await settle(pilot)
        grid.show(all_facts(made[1:]), NOON)
        await settle(pilot)
        assert grid.focused_pane is not None
        assert grid.focused_pane.facts is not None
        assert grid.focused_pane.facts.id == "vm1"


async def test_a_sandbox_keeps_its_scroll_position_on_another_page(guests: Guests) -> None:
    made = guests(4)
    made[0].lines(range(100))
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(50, 22)) as pilot:
        grid.show(all_facts(made), NOON)
        await settle(pilot)
        pane = grid.panes[0]
        pane.scroll_rows(-20)
        before = inner(pane)
        grid.select("vm3")
        await settle(pilot)
        assert grid.pane_of("vm0") is None
        made[0].lines(range(500))
        grid.select("vm0")
        await settle(pilot)
        back = grid.pane_of("vm0")
        assert back is not None
        assert inner(back) == before


async def test_lines_of_a_sandbox_out_of_sight_are_counted(guests: Guests) -> None:
    made = guests(7)
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(50, 22)) as pilot:
        grid.show(all_facts(made), NOON)
        await settle(pilot)
        grid.beat()
        assert grid.unseen("vm6") == 0
        made[6].lines(range(42))
        grid.beat()
        assert grid.unseen("vm6") == 42


async def test_new_output_is_painted_by_the_timer(guests: Guests) -> None:
    made = guests(2)
    grid = PaneGrid(lambda: NOON)
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(made), NOON)
        await settle(pilot)
        made[1].write(b"something new\n")
        with_it = grid.panes[1]
        for _ in range(200):
            await pilot.pause(0.01)
            if "something new" in inner(with_it)[1]:
                return
        pytest.fail("the timer painted nothing within two seconds")


async def test_the_recordings_are_closed_with_the_app(guests: Guests) -> None:
    made = guests(3)
    grid = PaneGrid()
    async with PaneApp(grid).run_test(size=(120, 40)) as pilot:
        grid.show(all_facts(made), NOON)
        await settle(pilot)
        assert _open_logs(made[0].home) > 3
    for guest in made:
        guest.close()
    assert _open_logs(made[0].home) == 0


def _open_logs(home: Path) -> int:
    """This process's descriptors below `home`."""
    count = 0
    for fd in Path("/proc/self/fd").iterdir():
        try:
            count += fd.readlink().is_relative_to(home)
        except OSError:
            continue
    return count
