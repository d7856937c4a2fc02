"""Searching a console: as it is typed, from hit to hit, in all panes, in a list."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.panes import NOON, Guest, inner
from tests.tui.stage import Stage, dashboard
from tui.finding.search import PaneSearch
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


@pytest.fixture
def guests(tmp_path: Path) -> Iterator[tuple[Guest, Guest]]:
    """Two guests whose consoles a test writes."""
    both = Guest(tmp_path / "recordings"), Guest(tmp_path / "recordings", id="vm2")
    yield both
    for each in both:
        each.close()


@asynccontextmanager
async def watching(
    *guests: Guest, size: tuple[int, int] = (100, 24)
) -> AsyncIterator[tuple[Stage, ConsolePane]]:
    """A dashboard with the first guest's pane in focus, on a clock that goes on by itself."""
    ticks = itertools.count(NOON)
    facts = [guest.facts() for guest in guests]
    async with dashboard(facts, size=size, clock=lambda: next(ticks)) as stage:
        if len(guests) == 1:
            await stage.press("enter")
        await stage.press("1")
        pane = stage.app.dashboard.pane
        assert pane is not None
        yield stage, pane


def search_of(pane: ConsolePane) -> PaneSearch:
    assert pane.viewing is not None
    assert pane.viewing.search is not None
    return pane.viewing.search


def border(pane: ConsolePane) -> str:
    return "".join(segment.text for segment in pane.render_line(pane.size.height - 1))


def current(pane: ConsolePane) -> str:
    """The text of the row with the sign, behind its date."""
    found = [row for row in inner(pane) if "▸" in row]
    return found[0].partition("▸")[2].strip() if found else ""


def looks_of(pane: ConsolePane, text: str) -> set[str]:
    """How the pieces of the screen look that show exactly this."""
    paint = pane.paint
    names = {"hit": paint.look("hit"), "hit-here": paint.look("hit-here")}
    found = set()
    for y in range(pane.size.height):
        for segment in pane.render_line(y):
            if segment.text == text and segment.style is not None:
                style = segment.style
                found |= {
                    name
                    for name, look in names.items()
                    if style.reverse == look.reverse and style.underline == look.underline
                }
    return found


async def search(stage: Stage, text: str, *, key: str = "slash") -> None:
    await stage.press(key)
    assert stage.app.dashboard.prompt.is_asking
    await stage.press(*text)


async def counted(stage: Stage, pane: ConsolePane, count: int) -> None:
    def is_done() -> bool:
        found = search_of(pane)
        return not found.search.is_counting and found.count == count

    await stage.until(is_done)


async def test_hits_are_shown_as_a_person_types_and_counted_on_the_border(guest: Guest) -> None:
    guest.lines(range(200))
    async with watching(guest) as (stage, pane):
        await search(stage, "00019")
        await counted(stage, pane, 11)
        await stage.until(lambda: "/00019 11" in border(pane))
        assert looks_of(pane, "00019") == {"hit"}
        assert pane.following
        await stage.press("9")
        await counted(stage, pane, 1)
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000199")
        assert "/000199 1/1" in border(pane)
        assert looks_of(pane, "000199") == {"hit-here"}


async def test_enter_goes_up_from_the_end_and_down_from_a_held_view(guest: Guest) -> None:
    guest.lines(range(300))
    async with watching(guest) as (stage, pane):
        await search(stage, "5")
        await counted(stage, pane, 3 * 10 + 3 * 10 - 3)
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000295")
        await stage.press("g")
        assert not pane.following
        await search(stage, "7")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000007")


async def test_escape_leaves_all_as_it_was(guest: Guest) -> None:
    guest.lines(range(200))
    async with watching(guest) as (stage, pane):
        await search(stage, "15")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000159")
        shown = inner(pane)
        await search(stage, "line")
        assert search_of(pane).query.text == "line"
        await stage.press("escape")
        await stage.until(lambda: inner(pane) == shown)
        assert search_of(pane).query.text == "15"
        await counted(stage, pane, 12)
        assert search_of(pane).tally == "12/12"
        await stage.press("escape")
        assert pane.viewing is not None
        assert pane.viewing.search is None
        assert "/15" not in border(pane)


async def test_steps_go_around_and_say_so(guest: Guest) -> None:
    guest.lines(range(100))
    async with watching(guest) as (stage, pane):
        await stage.press("n")
        assert "not searched" in stage.toasts[-1]
        await search(stage, "7")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000097")
        await counted(stage, pane, 19)
        await stage.press("N")
        assert current(pane) == "line 000087"
        assert search_of(pane).tally == "18/19"
        await stage.press("n", "n")
        assert current(pane) == "line 000007"
        assert stage.toasts[-1] == "Wrapped to the top"
        await stage.press("N")
        assert current(pane) == "line 000097"
        assert stage.toasts[-1] == "Wrapped to the bottom"
        await stage.press("g")
        await stage.press("n")
        assert current(pane) == "line 000007"


async def test_a_bad_expression_is_explained_and_found_literally(guest: Guest) -> None:
    guest.write(b"call(1)\ncall 2\n")
    async with watching(guest) as (stage, pane):
        await search(stage, "call(")
        await counted(stage, pane, 1)
        assert "literal · ctrl+r regex" in stage.text
        await stage.press("ctrl+r")
        await stage.until(lambda: "A ( is not closed" in stage.text)
        assert "regex · ctrl+r literal" in stage.text
        await stage.press("enter")
        assert stage.app.dashboard.prompt.is_asking
        assert "A ( is not closed" in stage.text
        await stage.press(".", ")")
        await counted(stage, pane, 2)
        assert "is not closed" not in stage.text
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "call 2")
        assert "/call(.) regex 2/2" in border(pane)


async def test_what_was_searched_for_comes_back(guest: Guest) -> None:
    guest.lines(range(100))
    async with watching(guest) as (stage, pane):
        for text in ("10", "20"):
            await search(stage, text)
            await stage.press("enter")
        await search(stage, "")
        await stage.press("up", "up")
        assert stage.app.dashboard.prompt.text == "10"
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000010")
        await search(stage, "")
        await stage.press("enter")
        assert pane.viewing is not None
        assert pane.viewing.search is None


async def test_nothing_found_is_said(guest: Guest) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, pane):
        await search(stage, "zebra")
        await stage.press("enter")
        await stage.toasted(1)
        assert stage.toasts == ["There is no hit for zebra"]
        await stage.until(lambda: "/zebra no hits" in border(pane))
        await stage.press("n")
        assert stage.toasts[-1] == "There is no hit"


async def test_hits_stay_on_their_text_while_old_segments_are_dropped(guest: Guest) -> None:
    guest.segment_bytes = 1200
    guest.lines(range(100))
    async with watching(guest) as (stage, pane):
        await search(stage, "50")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000050")
        guest.lines(range(100, 200))
        guest.lines(range(200, 300))
        await counted(stage, pane, 3)
        assert current(pane) == "line 000050"
        await stage.press("n")
        guest.keep(3000)
        await stage.until(lambda: search_of(pane).count == 2)
        assert current(pane) == "line 000150"
        assert looks_of(pane, "50") == {"hit-here"}
        assert search_of(pane).tally == "1/2"


async def test_each_pane_has_a_search_of_its_own(guests: tuple[Guest, Guest]) -> None:
    one, two = guests
    one.lines(range(10))
    two.lines(range(10))
    async with watching(one, two, size=(140, 30)) as (stage, pane):
        await search(stage, "7")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000007")
        await stage.press("2")
        other = stage.app.dashboard.pane
        assert other is not None
        assert other is not pane
        assert other.viewing is not None
        assert other.viewing.search is None
        await search(stage, "3")
        await stage.press("enter")
        await stage.until(lambda: current(other) == "line 000003")
        assert search_of(pane).query.text == "7"


async def test_all_panes_in_sight_are_searched(guests: tuple[Guest, Guest]) -> None:
    one, two = guests
    one.lines(range(100))
    two.lines(range(50))
    async with watching(one, two, size=(140, 30)) as (stage, pane):
        await search(stage, "7", key="asterisk")
        other = next(each for each in stage.app.dashboard.panes if each is not pane)
        await counted(stage, pane, 19)
        await counted(stage, other, 5)
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "line 000097")
        assert other.following
        await stage.until(lambda: "/7 5" in border(other))
        await stage.press("2", "N")
        assert current(other) == "line 000047"
        assert current(pane) == "line 000097"


async def test_a_hit_list_stands_beside_the_text_and_goes_with_it(guest: Guest) -> None:
    guest.lines(range(300))
    async with watching(guest) as (stage, pane):
        await search(stage, "5")
        await stage.press("enter")
        await counted(stage, pane, 57)
        await stage.press("H")
        hit_list = stage.app.dashboard.hit_list
        assert is_listed(stage)
        assert hit_list.has_focus
        await stage.until(lambda: hit_list.facts is not None and len(hit_list.facts.rows) > 5)
        assert hit_list.facts is not None
        assert len(hit_list.facts.rows) <= hit_list.page
        assert [row.text for row in hit_list.facts.rows if row.is_here] == ["line 000295"]
        assert hit_list.facts.rows[0].date
        await stage.press("up")
        assert current(pane) == "line 000285"
        await stage.press("N")
        assert [row.text for row in hit_list.facts.rows if row.is_here] == ["line 000275"]
        await click_row(stage.pilot, stage, 0)
        assert current(pane) == hit_list.facts.rows[0].text or current(pane).startswith("line")
        await stage.press("enter")
        assert pane.has_focus
        assert is_listed(stage)
        await stage.press("escape")
        assert not is_listed(stage)
        assert search_of(pane).count == 57


def is_listed(stage: Stage) -> bool:
    return stage.app.dashboard.hit_list.display


async def click_row(pilot: Pilot[None], stage: Stage, index: int) -> None:
    facts = stage.app.dashboard.hit_list.facts
    assert facts is not None
    chosen = facts.rows[index].position
    await pilot.click(stage.app.dashboard.hit_list, offset=(5, index + 1))
    pane = stage.app.dashboard.pane
    assert pane is not None
    await stage.until(lambda: search_of(pane).at == chosen)


def unread(pane: ConsolePane) -> int:
    """What a badge says of hits that nobody saw."""
    assert pane.viewing is not None
    return pane.viewing.hits_behind(pane.viewing.counter.seen)


async def test_what_came_since_somebody_looked_is_counted(guest: Guest, tmp_path: Path) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, pane):
        await search(stage, "line")
        await stage.press("enter")
        await counted(stage, pane, 10)
        assert unread(pane) == 0
        guest.lines(range(10, 13))
        await stage.until(lambda: unread(pane) == 3)
        await stage.press("f")
        assert unread(pane) == 0


async def test_a_hit_far_to_the_right_comes_into_sight(guest: Guest) -> None:
    guest.write(b"x" * 300 + b" needle\nneedle\n")
    async with watching(guest) as (stage, pane):
        await search(stage, "needle")
        await stage.press("enter")
        await stage.until(lambda: current(pane) == "needle")
        await stage.press("N")
        await stage.until(lambda: "needle" in current(pane))
        assert looks_of(pane, "needle") == {"hit-here"}
        assert pane.viewing is not None
        assert pane.viewing.view.column > 200
        await stage.press("n")
        assert pane.viewing.view.column == 0
        await stage.press("N")
        await stage.until(lambda: "needle" in current(pane))
        await stage.press("escape")
        assert pane.viewing.search is None
        assert pane.viewing.view.column == 0


HOSTILE = ("[/]", "[red]x", "(", "\\", "日本", "\u0301", "a" * 300)


async def test_no_pattern_does_anything_but_search(guest: Guest) -> None:
    guest.write(b"\x1b[31m[/] ( \\ [red]x\x1b[0m\n" + "日本\n".encode())
    async with watching(guest) as (stage, pane):
        for text in HOSTILE:
            await stage.press("slash")
            stage.app.dashboard.prompt._line.value = text
            await stage.pilot.pause()
            await stage.until(lambda: not search_of(pane).search.is_counting)
            await stage.press("ctrl+r", "ctrl+r", "enter")
        await stage.press("H")
        await stage.pilot.pause()
