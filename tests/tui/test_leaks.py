"""Panes that come, go and change their sandbox leave nothing behind."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.strip import Strip

from core.console import ConsoleLine, Transcript
from tests.tui.panes import NOON, Guest, PaneApp
from tui.opened.recorded import Recorded
from tui.opened.viewing import Viewing
from tui.opened.viewings import Viewings
from tui.pane.lately import Lately
from tui.pane.row_texts import RowTexts, RowWrap
from tui.pane.rows import RowPainter
from tui.pane.view import PaneView
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

WATCHED = (ConsolePane, Viewing, Viewings, PaneView, Recorded, RowPainter, RowTexts, RowWrap)
ALSO = (Lately, Transcript)
TIMES = 1000


def objects(kinds: tuple[type, ...]) -> Counter[str]:
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects() if type(each) in kinds)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def guests(tmp_path: Path) -> Iterator[list[Guest]]:
    made = [Guest(tmp_path, id=f"vm{n}") for n in range(6)]
    for each in made:
        each.lines(range(200))
    yield made
    for each in made:
        each.close()


async def test_a_pane_bound_a_thousand_times_holds_no_more_than_at_first(
    guests: list[Guest],
) -> None:
    viewings = Viewings()
    pane = ConsolePane(viewings)
    facts = [guest.facts() for guest in guests]

    def bind(times: int) -> None:
        for n in range(times):
            pane.show(facts[n % len(facts)], 1)
            pane.toggle_wrap()
            pane.scroll_rows(-5)
            pane.beat(NOON + n)
            if n % 7 == 0:
                pane.clear()

    async with PaneApp(pane).run_test(size=(60, 12)):
        bind(100)
        before, open_before = objects((*WATCHED, *ALSO)), descriptors()
        kept = objects((Strip, ConsoleLine))
        bind(TIMES)
        after = objects((*WATCHED, *ALSO))
        # What the last pane is bound to may be wrapped or not.
        assert all(after[kind] <= before[kind] + 1 for kind in after), (before, after)
        assert descriptors() == open_before
        assert objects((Strip, ConsoleLine)).total() <= kept.total() * 1.2
        viewings.keep(())
        pane.clear()
    viewings.close()


async def test_a_thousand_panes_opened_and_closed_leave_nothing(guests: list[Guest]) -> None:
    facts = [guest.facts() for guest in guests]
    app = PaneApp()
    async with app.run_test(size=(60, 24)) as pilot:

        async def open_and_close(times: int) -> None:
            for _ in range(times // len(facts)):
                panes = [ConsolePane() for _ in facts]
                await app.screen.mount_all(panes)
                for number, (pane, each) in enumerate(zip(panes, facts, strict=True), 1):
                    pane.show(each, number)
                    pane.toggle_wrap()
                    pane.focus()
                    pane.beat(NOON)
                await app.screen.remove_children()
            await pilot.pause()

        await open_and_close(60)
        open_before = descriptors()
        await open_and_close(TIMES)
        assert descriptors() == open_before
        # Textual may hold the ones that were removed last.
        left = objects(WATCHED)
        assert all(count <= 2 * len(facts) for count in left.values()), left


async def test_viewings_that_come_and_go_give_their_descriptors_back(guests: list[Guest]) -> None:
    viewings = Viewings()
    facts = [guest.facts() for guest in guests]
    pane = ConsolePane(viewings)
    async with PaneApp(pane).run_test(size=(60, 12)):
        open_before = descriptors()
        for n in range(TIMES):
            pane.show(facts[n % len(facts)], 1)
            pane.clear()
            viewings.keep(())
        assert descriptors() == open_before
        assert objects(WATCHED)["Viewing"] == 0
    viewings.close()
