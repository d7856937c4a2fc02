"""Filtering a console by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import pytest

from core.plain_log import PlainLog
from tests.tui.panes import NOON, Guest, inner, rows
from tests.tui.stage import Stage, dashboard
from tests.tui.test_view import shown
from tui.finding.filtering import CONTEXT, MATCH
from tui.opened.viewing import Viewing
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


@dataclass
class Filtered:
    """A dashboard with one console, and the search process beside it."""

    stage: Stage
    pane: ConsolePane
    viewing: Viewing

    async def press(self, *keys: str) -> None:
        """Press keys, and let be found what they ask for."""
        for key in keys:
            await self.stage.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Wait until everything there is was searched, and show it."""
        await self.stage.until(lambda: self.searched)
        self.pane.beat(NOON)
        self.pane.repaint()
        await self.stage.pilot.pause()

    @property
    def searched(self) -> bool:
        facts = self.viewing.filtering.facts
        return facts is None or "+" not in facts.count

    @property
    def searches(self) -> int:
        """How many searches go on."""
        return len(self.stage.app.dashboard.finder._searches)

    async def type(self, text: str) -> None:
        await self.press(*(_KEYS.get(char, char) for char in text))

    async def filter(self, text: str) -> None:
        await self.press("&")
        await self.type(text)
        await self.press("enter")

    def asks(self) -> bool:
        return self.stage.app.dashboard.prompt.is_asking

    @property
    def last_match(self) -> int:
        """Where the last row is that matches."""
        (search,) = self.stage.app.dashboard.finder._searches.values()
        return search.hits[len(search.hits) - 1].offset

    def has_match_behind(self, offset: int) -> bool:
        return self.last_match > offset

    def counts(self, count: int) -> bool:
        """Whether so many rows match."""
        facts = self.viewing.filtering.facts
        return facts is not None and facts.count.startswith(f"{count} of")

    def follows(self) -> bool:
        return self.pane.following

    @property
    def texts(self) -> list[str]:
        """The rows without their dates and signs."""
        return [row[9:] for row in inner(self.pane)]

    @property
    def bottom(self) -> str:
        return rows(self.pane)[-1]


_KEYS = {"!": "exclamation_mark", " ": "space", "(": "left_parenthesis", "|": "vertical_line"}


@asynccontextmanager
async def filtered(guest: Guest, size: tuple[int, int] = (100, 20)) -> AsyncIterator[Filtered]:
    async with dashboard([guest.facts()], size=size) as stage:
        await stage.press("1")
        pane = stage.app.dashboard.pane
        assert pane is not None
        viewing = pane.viewing
        assert viewing is not None
        yield Filtered(stage, pane, viewing)


LOG = b"".join(
    b"[    %d.000000] %s %03d\n"
    % (n, b"error: disk" if n % 10 == 5 else b"usb device" if n % 2 else b"hello world", n)
    for n in range(200)
)


@pytest.fixture
def log(guest: Guest) -> Guest:
    guest.boot(LOG)
    return guest


async def test_a_pane_shows_what_passes_as_it_is_typed(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("&")
        assert on.asks()
        await on.type("err")
        assert all("error: disk" in text for text in on.texts if text)
        assert "+err ─ 20 of 200 " in on.bottom
        await on.type("z")
        assert "No line matches" in "".join(inner(on.pane))
        assert "esc to go back to where you were" in " ".join("".join(inner(on.pane)).split())
        await on.press("backspace", "enter")
        assert not on.asks()
        assert "+err ─ 20 of 200 " in on.bottom
        assert on.searches == 1


async def test_leaving_the_prompt_leaves_the_pane_as_it_was(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("pageup")
        before = inner(on.pane)
        await on.press("&")
        await on.type("err")
        assert inner(on.pane) != before
        await on.press("escape")
        assert inner(on.pane) == before
        assert on.searches == 0


async def test_escape_goes_back_to_the_same_line(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("pageup", "pageup", "up")
        before = inner(on.pane)
        await on.filter("error")
        await on.press("home", "down", "pagedown")
        await on.press("escape")
        assert inner(on.pane) == before
        assert "of 200" not in on.bottom


async def test_escape_goes_back_to_following(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        assert on.follows()
        await on.press("home")
        assert not on.follows()
        await on.press("escape")
        assert on.follows()
        assert on.texts[-1].endswith("hello world 198") or on.texts[-1].endswith("199")


async def test_escape_leaves_the_filter_before_the_zoom(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("z")
        await on.filter("error")
        await on.press("escape")
        assert not on.viewing.filtering.is_on
        assert on.stage.app.dashboard.stage.is_zoomed
        await on.press("escape")
        assert not on.stage.app.dashboard.stage.is_zoomed


async def test_several_filters_at_once(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        await on.filter("usb")
        await on.filter("!1")
        assert "+error +usb −1 ─ 36 of 200 " in on.bottom
        await on.press("backspace")
        assert "+error +usb ─ 100 of 200 " in on.bottom
        await on.press("U")
        assert not on.viewing.filtering.is_on
        await on.press("backspace")
        await on.stage.toasted(1)
        assert on.stage.toasts == ["Nothing is filtered here. Press & to filter."]


async def test_a_key_in_the_prompt_hides_what_matches(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("&")
        assert "Only lines with" in on.stage.text
        await on.press("ctrl+e")
        assert "No lines with" in on.stage.text
        await on.type("usb")
        assert "−usb ─ 120 of 200 " in on.bottom
        await on.press("ctrl+e")
        assert "+usb ─ 80 of 200 " in on.bottom


async def test_a_key_in_the_prompt_makes_it_an_expression(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("&")
        await on.type("error|usb")
        assert " 0 of 200 " in on.bottom
        await on.press("ctrl+r")
        assert "Only lines matching" in on.stage.text
        assert "+/error|usb/ ─ 100 of 200 " in on.bottom
        await on.type("(")
        assert "A ( is not closed" in on.stage.text
        assert "+/error|usb/ ─ 100 of 200 " in on.bottom
        await on.press("enter")
        assert on.asks()
        await on.press("backspace", "enter")
        assert not on.asks()


async def test_context_grows_and_shrinks(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        await on.press("+", "+")
        assert "±2 ─" in on.bottom
        shown = inner(on.pane)
        assert [row[8] for row in shown if "error" in row] == [MATCH] * len(
            [row for row in shown if "error" in row]
        )
        assert next(row[8] for row in shown if "hello" in row) == CONTEXT
        assert any("⋯ 5 lines" in row for row in shown)
        await on.press("-", "-", "-")
        assert "±" not in on.bottom
        assert not any("⋯" in row for row in inner(on.pane))


async def test_levels_go_round(guest: Guest) -> None:
    guest.boot(b"<3>[    1.000000] bad\n<4>[    2.000000] odd\n<6>[    3.000000] fine\nplain\n")
    async with filtered(guest) as on:
        await on.press("e")
        assert "≥error ─ 1 of 4 " in on.bottom
        await on.press("e")
        assert "≥warn ─ 2 of 4 " in on.bottom
        await on.press("e", "e")
        assert "≥info ─ 3 of 4 " in on.bottom
        await on.press("e")
        assert not on.viewing.filtering.is_on


async def test_highlighting_keeps_all_lines(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("pageup", "pageup")
        before = on.texts
        await on.filter("error")
        await on.press("h")
        assert on.texts == before
        assert "+error highlight ─ 20 of 200 " in on.bottom
        assert next(row[8] for row in inner(on.pane) if "error" in row) == MATCH
        assert next(row[8] for row in inner(on.pane) if "hello" in row) == " "
        await on.press("h")
        assert all("error" in text for text in on.texts if text)


async def test_nothing_typed_brings_back_what_was_left(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        await on.filter("!1")
        await on.press("escape")
        await on.press("&", "enter")
        assert "+error −1 ─ " in on.bottom


async def test_filters_are_listed_changed_and_taken_off(log: Guest) -> None:
    async with filtered(log) as on:
        await on.press("F")
        await on.stage.toasted(1)
        await on.filter("error")
        await on.filter("usb")
        await on.press("e", "e")
        await on.press("F")
        text = on.stage.text
        assert "Filtered by" in text
        assert "only warnings and worse" in text
        await on.press("backspace")
        assert "≥warn" not in on.bottom
        await on.press("up", "e")
        assert "−error +usb ─ 80 of 200 " in on.bottom
        await on.press("enter")
        prompt = on.stage.app.dashboard.prompt
        assert on.asks()
        assert prompt.text == "!error"
        assert "No lines with" in on.stage.text
        await on.press("end", "backspace", "enter")
        assert "+usb −erro ─ 80 of 200 " in on.bottom
        await on.press("F", "backspace", "backspace")
        assert not on.viewing.filtering.is_on


async def test_following_goes_on_with_what_passes(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        log.write(b"error: new\nnothing\n")
        await on.stage.until(lambda: on.counts(21))
        await on.settle()
        assert on.texts[-1].endswith("error: new")
        assert on.pane.following
        assert "21 of 202" in on.bottom


async def test_a_held_pane_does_not_move_while_matches_come_and_segments_go(
    guest: Guest,
) -> None:
    guest.boot()
    megabyte = b"".join(
        b"%s %06d %s\n" % (b"error" if n % 5 == 0 else b"line", n, b"." * 1000) for n in range(1000)
    )
    for _ in range(70):
        guest.write(megabyte)
    async with filtered(guest) as on:
        await on.filter("err")
        await on.press("+", "pageup", "pageup")
        held = inner(on.pane)
        assert guest.recorder is not None
        oldest = sorted(guest.recorder.folder.glob("console.0*.log"))[0]
        for step in range(5):
            before = on.last_match
            guest.write(megabyte)
            await on.stage.until(partial(on.has_match_behind, before + 900_000))
            if step == 2:
                oldest.unlink()
                oldest.with_suffix(".timing").unlink()
            on.pane.beat(NOON + 2 * step)
            assert inner(on.pane) == held
        assert on.viewing.transcript.first.offset > 0


async def test_a_search_says_when_it_leads_to_what_is_hidden(log: Guest) -> None:
    async with filtered(log) as on:
        await on.filter("error")
        await on.press("/")
        await on.type("world")
        await on.press("enter")
        await on.stage.toasted(1)
        assert on.stage.toasts == ["The filter hides this hit. Press h to see it."]
        await on.press("h")
        assert any("world" in text for text in on.texts)


async def test_a_narrow_border_keeps_the_count(log: Guest) -> None:
    async with filtered(log, size=(60, 20)) as on:
        for text in ("error", "usb", "!a rather long text", "!something else"):
            await on.filter(text)
        assert "… ─ " in on.bottom
        assert " of 200 " in on.bottom


async def test_hostile_patterns_do_no_harm(log: Guest) -> None:
    async with filtered(log) as on:
        for text in ("[/]", "[red]x[/red] [", "\\", "[@click=app.quit]x[/]"):
            await on.press("&")
            on.stage.app.dashboard.prompt._line.value = text
            await on.press("enter")
        await on.press("F")
        assert "[red]x[/red] [" in on.stage.text


async def test_a_viewed_log_is_filtered_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(LOG)
    async with shown(PlainLog(path)) as view, anyio.create_task_group() as tasks:
        tasks.start_soon(view.app.home.finder.run)
        await view.press("&", *"error", "enter")
        await view.until(lambda: "+error ─ 20 of 200 " in view.bottom)
        with path.open("ab") as log:
            log.write(b"nothing\nerror: new\n")
        await view.until(lambda: "+error ─ 21 of 202 " in view.bottom)
        await view.until(lambda: "error: new" in view.lines[-1])
        await view.press("escape")
        assert view.lines[-2].endswith("nothing")
        tasks.cancel_scope.cancel()
