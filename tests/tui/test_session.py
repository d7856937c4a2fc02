"""A dashboard begins where the last one was left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import parse_config
from core.console import Level
from core.console.filtered import MAX_CONTEXT
from core.sandboxes.model import SandboxFacts
from core.search import Query
from core.search.sieve import MAX_QUERIES
from core.session import EMPTY, Loaded, Session, Value, load_session, save_session
from tests.fakes import NOON, ScriptedLink, sandbox
from tests.tui.panes import Guest
from tests.tui.stage import Stage, dashboard
from tui.app import GuestwatchApp
from tui.finding.filters import LEVELS, Filters, Term
from tui.grid.pages import Pages
from tui.opened.remembered import (
    filters_of,
    is_sound,
    query_of,
    recall,
    recall_pages,
    remember,
    remember_pages,
    written,
)
from tui.opened.viewing import Gutter, Viewing
from tui.pane.view import Note
from tui.program import leave
from tui.themes.looks import STOCK_LOOKS, Looks, settle
from tui.themes.theme import full_name

pytestmark = pytest.mark.anyio


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(1 << 53), 1 << 53),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
)


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    """A guest that printed a thousand lines, in small segments."""
    guest = Guest(tmp_path / "recordings", segment_bytes=1000)
    for first in range(0, 1000, 50):
        guest.lines(range(first, first + 50))
    return guest


@asynccontextmanager
async def opened(
    state: Path,
    facts: Sequence[SandboxFacts],
    *,
    is_fresh: bool = False,
    looks: Looks = STOCK_LOOKS,
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[Stage]:
    """A dashboard as the program opens and leaves it."""
    loaded = Loaded(EMPTY) if is_fresh else load_session(state)
    async with dashboard(facts, loaded=loaded, looks=looks, size=size) as stage:
        yield stage
    leave(stage.app, state)


def top_row(stage: Stage) -> str:
    """What the first pane's first row says."""
    rows = stage.app.dashboard.panes[0].render_lines
    pane = stage.app.dashboard.panes[0]
    strip = rows(pane.size.region)[1]
    return "".join(segment.text for segment in strip).strip("│ ")


async def settled(stage: Stage) -> None:
    """Wait until the first pane has rows."""
    await stage.until(
        lambda: bool(stage.app.dashboard.panes) and stage.app.dashboard.panes[0].current is not None
    )
    await stage.pilot.pause()


async def test_a_held_place_and_the_choices_for_a_console_are_there_again(
    tmp_path: Path, guest: Guest
) -> None:
    facts = [guest.facts()]
    async with opened(tmp_path / "state", facts) as stage:
        await settled(stage)
        await stage.press("1", "pageup", "pageup", "pageup", "t", "r", "w", "x", "C")
        held = top_row(stage)
        place = stage.app.dashboard.panes[0].viewing
        assert place is not None
        top = place.view.top
    # It goes on printing while nobody looks.
    guest.lines(range(1000, 1200))
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        viewing = stage.app.dashboard.panes[0].viewing
        assert viewing is not None
        assert viewing.view.top == top
        assert "line" in held
        assert top_row(stage) == held
        assert viewing.gutter is Gutter.LOCAL
        assert viewing.look == place.look
        assert viewing.look.is_raw
        assert viewing.is_wrapped
        assert stage.toasts == []


async def test_a_search_and_a_filter_are_there_again(tmp_path: Path, guest: Guest) -> None:
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        await stage.press("1", "/", "ctrl+r", *"9[05]$", "enter", "&", *"!7", "enter", "+", "e")
        viewing = stage.app.dashboard.panes[0].viewing
        assert viewing is not None
        filters = viewing.filtering.filters
        assert not filters.is_empty
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled_filter(stage)
        viewing = stage.app.dashboard.panes[0].viewing
        assert viewing is not None
        assert viewing.filtering.filters == filters
        assert viewing.search is not None
        assert viewing.search.query == Query("9[05]$", is_regex=True)
        await stage.press("1")
        await stage.until(lambda: stage.text.splitlines()[-1].split()[:2] == ["n", "next"])


async def settled_filter(stage: Stage) -> None:
    """Wait until the first pane's filter is on."""

    def is_filtered() -> bool:
        panes = stage.app.dashboard.panes
        viewing = panes[0].viewing if panes else None
        return viewing is not None and viewing.filtering.is_on

    await stage.until(is_filtered)


TEXTS = st.text(max_size=30)
TERMS = st.builds(Term, st.builds(Query, TEXTS, st.booleans()), st.booleans())


@given(st.lists(TERMS, max_size=20), st.sampled_from(LEVELS), st.integers(0, 50), st.booleans())
def test_any_filter_is_read_as_it_was_written(
    terms: list[Term], level: Level | None, context: int, hides: bool
) -> None:
    record: dict[str, Value] = {
        "filter": [written(term) for term in terms],
        "filter_level": level.name.lower() if level else "",
        "filter_context": context,
        "filter_hides": hides,
    }
    sound = tuple(term for term in terms if is_sound(term.query))[:MAX_QUERIES]
    assert filters_of(record) == Filters(sound, level, context, hides)


@given(
    st.dictionaries(st.sampled_from(["search", "filter", "filter_level", "filter_context"]), VALUES)
)
def test_no_record_makes_a_filter_or_search_that_cannot_be(record: dict[str, Value]) -> None:
    filters = filters_of(record)
    assert 0 <= filters.context <= MAX_CONTEXT
    for query in [*(term.query for term in filters.terms), query_of(record)]:
        if query is not None:
            query.check()


async def test_who_followed_follows_again(tmp_path: Path, guest: Guest) -> None:
    for _ in range(2):
        async with opened(tmp_path / "state", [guest.facts()]) as stage:
            await settled(stage)
            assert stage.app.dashboard.panes[0].following


async def test_a_place_whose_bytes_were_dropped_says_so(tmp_path: Path, guest: Guest) -> None:
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        await stage.press("1", "g")
    guest.keep(8000)
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        await stage.toasted(1)
        assert "vm1 was left at output that is dropped by now" in stage.toasts[0]
        assert "of earlier output dropped" in stage.text
        pane = stage.app.dashboard.panes[0]
        assert not pane.following


async def test_a_generation_that_is_gone_leaves_the_first_row_there_is(
    tmp_path: Path, guest: Guest
) -> None:
    session = Session(sandboxes={"vm1": {"generation": "000000-gone", "offset": 7}})
    save_session(tmp_path / "state", session)
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        await stage.toasted(1)
        assert "line 000000" in top_row(stage)


async def test_selection_and_zoom_are_there_again(tmp_path: Path) -> None:
    facts = [sandbox("a"), sandbox("b"), sandbox("c")]
    async with opened(tmp_path, facts) as stage:
        await stage.press("down", "z")
    async with opened(tmp_path, facts) as stage:
        assert stage.selected == "b"
        assert stage.app.dashboard.stage.grid.zoomed == "b"
        await stage.press("z", "3")
        await stage.until(lambda: stage.selected == "c")
    async with opened(tmp_path, facts) as stage:
        assert stage.app.dashboard.stage.grid.zoomed is None
        await stage.until(lambda: stage.app.dashboard.stage.grid.focused_pane is not None)
        assert stage.selected == "c"
        await stage.press("l")
    async with opened(tmp_path, facts) as stage:
        assert stage.app.dashboard.stage.list.has_focus
    async with opened(tmp_path, facts[:1]) as stage:
        assert stage.selected == "a"


async def test_order_pins_and_layout_are_there_again(tmp_path: Path) -> None:
    facts = [sandbox(name) for name in "abcd"]

    def arranged(stage: Stage) -> list[str]:
        return [pane.facts.id for pane in stage.app.dashboard.panes if pane.facts]

    async with opened(tmp_path, facts, size=(160, 50)) as stage:
        await stage.press(".", ".", "1", "ctrl+right", "P")
        left = arranged(stage)
        assert left == ["b", "a"]
    async with opened(tmp_path, facts, size=(160, 50)) as stage:
        await stage.until(lambda: arranged(stage) == left)
        assert stage.app.dashboard.stage.grid.pages.order.pinned == {"a"}
        await stage.press(">")
        await stage.until(lambda: arranged(stage) == ["c", "a"])


PAGES = ["panes", "order", "pins"]


@given(st.dictionaries(st.sampled_from(PAGES), VALUES))
def test_any_arrangement_is_taken_up_without_harm(record: dict[str, Value]) -> None:
    pages = Pages()
    recall_pages(pages, record)
    pages.order.keep(["a", "b"])
    pages.size = (100, 40)
    assert {each for each in pages.turn_to("b") if each} <= {"a", "b"}
    again = Pages()
    recall_pages(again, remember_pages(pages))
    assert (again.layout, again.order.ids) == (pages.layout, pages.order.ids)
    assert again.order.pins == pages.order.pins


async def test_fresh_begins_as_if_for_the_first_time(tmp_path: Path) -> None:
    facts = [sandbox("a"), sandbox("b")]
    async with opened(tmp_path, facts) as stage:
        await stage.press("down", "z")
    async with opened(tmp_path, facts, is_fresh=True) as stage:
        assert stage.selected == "a"
        assert stage.app.dashboard.stage.grid.zoomed is None


async def test_a_sandbox_that_is_not_there_today_is_remembered(
    tmp_path: Path, guest: Guest
) -> None:
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        await stage.press("1", "pageup", "t")
    async with opened(tmp_path / "state", [sandbox("other")]) as stage:
        assert stage.selected == "other"
    async with opened(tmp_path / "state", [guest.facts()]) as stage:
        await settled(stage)
        assert not stage.app.dashboard.panes[0].following


# Themes.


async def choose(stage: Stage, theme: str) -> None:
    await stage.press(":", *"theme")
    await stage.press("space", *theme)
    await stage.until(lambda: f"Theme {theme}" in stage.text)
    await stage.press("enter")
    await stage.until(lambda: stage.app.theme == full_name(theme))


async def test_a_theme_that_was_changed_to_stays(tmp_path: Path) -> None:
    async with opened(tmp_path, []) as stage:
        await choose(stage, "high-contrast")
    async with opened(tmp_path, []) as stage:
        assert stage.app.theme == full_name("high-contrast")
    typed = settle(parse_config(b"", "c.toml"), "light")
    async with opened(tmp_path, [], looks=typed) as stage:
        assert stage.app.theme == full_name("light")
    async with opened(tmp_path, []) as stage:
        assert stage.app.theme == full_name("high-contrast")
    later = settle(parse_config(b'theme = "light"', "c.toml"))
    async with opened(tmp_path, [], looks=later) as stage:
        assert stage.app.theme == full_name("light")


async def test_a_theme_that_is_not_there_any_more_is_passed_over(tmp_path: Path) -> None:
    save_session(tmp_path, Session(theme="mine", theme_before="dark"))
    async with opened(tmp_path, []) as stage:
        assert stage.app.theme == full_name("dark")


async def test_without_colour_a_remembered_theme_brings_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_session(tmp_path, Session(theme="light", theme_before="dark"))
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path, []) as stage:
        assert stage.app.theme == full_name("ansi-dark")
    assert load_session(tmp_path).session.theme == "light"


# What goes wrong.


async def test_a_damaged_file_is_told_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text("{")
    async with opened(tmp_path, [sandbox("a"), sandbox("b")]) as stage:
        (said,) = stage.toasts
        assert "session.json is not heeded: it is damaged" in said
        await stage.press("down")
    async with opened(tmp_path, [sandbox("a"), sandbox("b")]) as stage:
        assert (stage.toasts, stage.selected) == ([], "b")


async def test_a_state_folder_that_takes_nothing_is_told_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.write_text("a file")
    link = ScriptedLink()
    app = GuestwatchApp(link, host="h", clock=lambda: NOON)
    leave(app, state)
    app.bridge.close()
    link.close()
    assert "Cannot remember how the dashboard was left" in capsys.readouterr().err


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_record_is_taken_up_without_harm(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    guest = Guest(tmp_path_factory.mktemp("any"))
    guest.lines(range(50))
    viewing = Viewing(guest.home / guest.id)
    names = [*remember(viewing), "offset", "generation", "else"]
    record = data.draw(st.dictionaries(st.sampled_from(names), VALUES))
    if data.draw(st.booleans()):
        record["generation"] = guest.facts().generation
        record["offset"] = data.draw(st.integers(-5, 1000))
    recall(viewing, record)
    viewing.poll(0.0)
    lines = viewing.lines(10)
    assert lines
    held = remember(viewing)
    again = Viewing(guest.home / guest.id)
    recall(again, held)
    again.poll(0.0)
    assert remember(again) == held
    shown = [line for line in lines if not isinstance(line, Note)]
    assert shown == [line for line in again.lines(10) if not isinstance(line, Note)]
    viewing.close()
    again.close()
    guest.close()


def test_looks_that_were_asked_for_hold_once() -> None:
    looks = replace(settle(parse_config(b"", "c.toml"), "light"))
    assert (looks.theme, looks.configured) == ("light", "dark")
