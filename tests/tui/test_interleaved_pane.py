"""Several consoles in one pane, and the keys on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from core.client import SandboxChanged
from core.sandboxes.model import SandboxFacts
from tests.fakes import sandbox
from tests.tui.panes import Guest
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.widgets.interleaved_pane import InterleavedPane

pytestmark = pytest.mark.anyio


@pytest.fixture
def guests(tmp_path: Path) -> Iterator[list[Guest]]:
    """Three that take turns, a line a second."""
    made = [Guest(tmp_path / "recordings", id=f"vm{number}") for number in range(3)]
    for second in range(120):
        guest = made[second % 3]
        guest.clock = float(second)
        guest.write(b"line %03d\n" % second)
    yield made
    for guest in made:
        guest.close()


def facts(guests: Sequence[Guest]) -> list[SandboxFacts]:
    return [
        sandbox(
            guest.id,
            recordings=str(guest.home / guest.id),
            generation=guest.recorder.generation if guest.recorder else "",
        )
        for guest in guests
    ]


def pane(stage: Stage) -> InterleavedPane:
    return stage.app.dashboard.stage.grid.interleaved


def rows(stage: Stage) -> list[str]:
    """What stands between the borders."""
    shown = pane(stage)
    return [shown.render_line(y).text[1:-1].rstrip() for y in range(1, shown.size.height - 1)]


def said(stage: Stage) -> list[tuple[str, str]]:
    """Whose each row is, and what it says."""
    found = []
    for row in rows(stage):
        words = row.replace("▸", " ").split()
        if words:
            found.append((words[-3], words[-1]))
    return found


def expected(last: int, count: int) -> list[tuple[str, str]]:
    numbers = range(last - count + 1, last + 1)
    return [(f"vm{number % 3}", f"{number:03}") for number in numbers]


async def test_all_in_sight_are_merged_by_arrival_and_named(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i")
        assert stage.app.dashboard.stage.grid.panes == []
        assert pane(stage).has_focus
        assert said(stage) == expected(119, len(rows(stage)))
        assert "3 consoles" in stage.text
        assert "≡ interleaved" in stage.text
        assert "FOLLOW" in stage.text
        await stage.press("i")
        assert len(stage.app.dashboard.stage.grid.panes) == 3
        focused = stage.app.dashboard.stage.grid.focused_pane
        assert focused is not None
        assert focused.facts is not None
        assert focused.facts.id == "vm0"


async def test_each_console_has_a_colour_of_its_own(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i")
        colours = set()
        for y in range(1, 4):
            strip = pane(stage).render_line(y)
            colours |= {
                segment.style.color
                for segment in strip
                if segment.style is not None and segment.text.startswith("vm")
            }
        assert len(colours) == 3


async def test_it_follows_what_comes(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i")
        guests[1].clock = 130.0
        guests[1].write(b"line 777\n")
        await stage.until(lambda: said(stage)[-1] == ("vm1", "777"))


async def test_keys_move_it(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i", "up")
        height = len(rows(stage))
        assert said(stage) == expected(118, height)
        assert "PAUSED" in stage.text
        assert rows(stage)[0].split()[1].endswith("▸line") or "▸" in rows(stage)[0]
        await stage.press("pageup")
        assert said(stage) == expected(118 - height + 1, height)
        await stage.press("pagedown", "down")
        assert pane(stage).following
        await stage.press("g")
        assert said(stage) == expected(height - 1, height)
        await stage.press("G")
        assert pane(stage).following
        await stage.press("k", "f")
        assert pane(stage).following


async def test_a_paused_view_stays_while_others_print(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i", "pageup")
        before = rows(stage)
        for number, guest in itertools.product(range(5), guests):
            guest.clock = 200.0 + number
            guest.write(b"line 999\n")
        stage.app.dashboard.stage.grid.beat()
        assert rows(stage) == before


async def test_enter_opens_a_row_in_its_own_pane(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i", "pageup", "pageup")
        whose, what = said(stage)[0]
        await stage.press("enter")
        grid = stage.app.dashboard.stage.grid
        assert not grid.interleaved.is_wanted
        await stage.until(lambda: grid.focused_pane is grid.pane_of(whose))
        focused = grid.focused_pane
        assert focused is not None
        assert focused.current is not None
        assert focused.current.row is not None
        assert focused.current.row.data.decode() == f"line {what}"


async def test_it_begins_at_the_moment_of_a_held_pane(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "g", "down", "down", "down", "i")
        assert said(stage)[0] == ("vm0", "009")


async def test_chosen_ones_alone_are_shown(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("2", "I", "3", "I")
        await stage.toasted(2)
        assert stage.text.count("≡ chosen") == 2
        await stage.press("i")
        assert {whose for whose, _ in said(stage)} == {"vm1", "vm2"}
        assert "2 consoles" in stage.text
        await stage.press("escape", "3", "I", "i")
        assert {whose for whose, _ in said(stage)} == {"vm1"}


async def test_a_sandbox_that_goes_away_and_one_that_reboots(guests: list[Guest]) -> None:
    async with dashboard(facts(guests), size=(160, 30)) as stage:
        await stage.press("1", "i")
        guests[0].clock = 150.0
        guests[0].boot(b"line 150\n")
        stage.link.tell(SandboxChanged(facts(guests)[0]))
        await stage.until(lambda: said(stage)[-1] == ("vm0", "150"))
        assert any("guest rebooted" in row for row in rows(stage))


async def test_nothing_to_show_says_so() -> None:
    async with dashboard([sandbox("vm0")], size=(160, 30)) as stage:
        await stage.press("1", "i")
        assert "None of these consoles has printed anything yet" in stage.text
    async with dashboard([]) as stage:
        await stage.press("i")
        await stage.toasted(1)
        assert "No console is in sight" in stage.toasts[0]


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
async def test_hostile_names_and_rows_stay_in_their_place(
    guests: list[Guest], size: tuple[int, int]
) -> None:
    named = [
        msgspec.structs.replace(each, spec=msgspec.structs.replace(each.spec, name=name))
        for each, name in zip(facts(guests), HOSTILE[2:5], strict=True)
    ]
    guests[0].write(b"\x1b[2J\x1b]0;x\x07[/red] " + "　漢字".encode() * 300 + b"\n")
    async with dashboard(named, size=size) as stage:
        await stage.press("1", "i", "right", "left", "r")
        shown = pane(stage)
        for y in range(shown.size.height):
            strip = shown.render_line(y)
            assert strip.cell_length == shown.size.width
            assert strip.text.isprintable()


@pytest.mark.parametrize("key", ["/", "&", "m", "s", "d", "T", "y", "#"])
async def test_what_is_done_to_one_console_is_refused_with_the_way_to_it(
    guests: list[Guest], key: str
) -> None:
    async with dashboard(facts(guests)) as stage:
        await stage.press("1", "i")
        await stage.until(lambda: pane(stage).is_wanted)
        await stage.press(key)
        assert stage.toasts[-1].startswith("Press enter to do that in the row's own pane.")
        assert not stage.app.dashboard.prompt.is_asking
        assert stage.link.asked == []
