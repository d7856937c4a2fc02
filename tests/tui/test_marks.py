"""Keys that mark lines and walk from event to event."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from core.cli.viewed import RecordedView
from core.clock import Instant
from core.errors import CommandRefused
from core.plain_log import PlainLog
from core.recording import Cause, Gap, enter_mark, remove_mark
from tests.fakes import ScriptedLink
from tests.tui.panes import NOON, Guest, inner
from tests.tui.stage import HOSTILE, Stage, dashboard, screen_text
from tui.viewer import ViewApp
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


class MarkingLink(ScriptedLink):
    """A capture that carries marks out as the real one does."""

    async def mark(self, sandbox_id: str, generation: str, offset: int, note: str) -> None:
        await super().mark(sandbox_id, generation, offset, note)
        enter_mark(self._folder(sandbox_id, generation), offset, note, Instant(NOON, 1.0))

    async def unmark(self, sandbox_id: str, generation: str, mark: int) -> None:
        await super().unmark(sandbox_id, generation, mark)
        remove_mark(self._folder(sandbox_id, generation), mark, Instant(NOON, 1.0))

    def _folder(self, sandbox_id: str, generation: str) -> Path:
        return Path(self.facts[sandbox_id].recordings) / generation


@asynccontextmanager
async def watching(guest: Guest) -> AsyncIterator[tuple[Stage, ConsolePane]]:
    """A dashboard with the guest's pane zoomed, on a clock that goes on by itself."""
    link = MarkingLink([guest.facts()])
    ticks = itertools.count(NOON)
    async with dashboard(link=link, size=(100, 24), clock=lambda: next(ticks)) as stage:
        await stage.press("enter")
        pane = stage.app.dashboard.pane
        assert pane is not None
        yield stage, pane


def row_of(pane: ConsolePane, text: str) -> int:
    """Which row shows `text`; -1 when none does."""
    return next((y for y, row in enumerate(inner(pane)) if text in row), -1)


async def test_the_last_line_of_a_pane_that_follows_is_marked_with_a_note(guest: Guest) -> None:
    guest.lines(range(100))
    async with watching(guest) as (stage, pane):
        await stage.press("m")
        assert "mark" in stage.text
        assert "▸" in inner(pane)[row_of(pane, "line 000099")]
        await stage.press(*"it hangs", "enter")
        await stage.until(lambda: row_of(pane, "it hangs") >= 0)
        at = row_of(pane, "it hangs")
        assert "◆ mark" in inner(pane)[at]
        assert "line 000099" in inner(pane)[at + 1]
        assert pane.following
        assert stage.link.asked[-1][0] == "mark"
        assert stage.link.asked[-1][3:] == (str(99 * 12), "it hangs")


async def test_the_top_line_of_a_held_pane_is_marked_in_sight_without_a_note(guest: Guest) -> None:
    guest.lines(range(100))
    async with watching(guest) as (stage, pane):
        await stage.press("pageup")
        top = inner(pane)[0].split()[-1]
        await stage.press("m", "enter")
        await stage.until(lambda: row_of(pane, "◆ mark") == 0)
        assert inner(pane)[1].endswith(top)
        assert not pane.following


async def test_a_question_that_is_left_marks_nothing(guest: Guest) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, pane):
        await stage.press("m", "x", "escape")
        assert stage.link.asked == []
        assert "▸" not in "".join(inner(pane))


async def test_a_note_that_is_too_long_is_not_cut_but_asked_for_again(guest: Guest) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, _):
        await stage.press("m", *"x" * 257, "enter")
        assert "A note has 256 characters at most" in stage.text
        await stage.press("backspace", "enter")
        await stage.until(lambda: bool(stage.link.asked))
        assert stage.link.asked[-1][4] == "x" * 256


async def test_with_the_cursor_on_an_event_the_row_below_it_is_marked(guest: Guest) -> None:
    guest.lines(range(10))
    assert guest.recorder is not None
    guest.recorder.enter("alert", guest.now, kind="oops", title="t", start=12 * 4)
    async with watching(guest) as (stage, pane):
        await stage.until(lambda: row_of(pane, "oops") >= 0)
        await stage.press("a", "m", "enter")
        await stage.until(lambda: row_of(pane, "◆ mark") >= 0)
        assert inner(pane)[row_of(pane, "◆ mark") + 1].endswith("line 000004")


async def test_a_mark_is_taken_away_from_its_row_and_from_itself(guest: Guest) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, pane):
        for go in ((), ("'",)):
            await stage.press("m", "enter")
            await stage.until(lambda: row_of(pane, "◆ mark") >= 0)
            await stage.press(*go, "M")
            await stage.until(lambda: row_of(pane, "◆ mark") < 0)
            await stage.press("f")
        await stage.press("M")
        assert "There is no mark on this line" in stage.toasts[-1]


async def test_a_refusal_is_told(guest: Guest) -> None:
    guest.lines(range(10))
    async with watching(guest) as (stage, _):
        stage.link.refusals["vm1"] = CommandRefused("disk full", kind="X", hint="Make room.")
        await stage.press("m", "enter")
        await stage.until(lambda: bool(stage.toasts))
        assert "disk full" in stage.toasts[0]


async def test_where_nothing_was_printed_nothing_is_marked(guest: Guest) -> None:
    guest.boot()
    async with watching(guest) as (stage, _):
        await stage.press("m", "M", "'", "]")
        assert stage.toasts[0] == "There is no line to mark yet"
        assert stage.link.asked == []


async def test_keys_walk_from_event_to_event_and_round(guest: Guest) -> None:
    guest.lines(range(100))
    assert guest.recorder is not None
    guest.recorder.enter("alert", guest.now, kind="oops", title="one", start=20 * 12)
    enter_mark(guest.recorder.folder, 50 * 12, "first", guest.now)
    guest.boot()
    assert guest.recorder is not None
    guest.recorder.enter_gap(Gap(Cause.RESTARTED, NOON, NOON + 3), guest.now)
    guest.lines(range(100, 200))
    enter_mark(guest.recorder.folder, 50 * 12, "second", guest.now)
    async with watching(guest) as (stage, pane):
        await stage.until(lambda: row_of(pane, "line 000199") >= 0)

        async def goes_to(key: str, text: str) -> None:
            await stage.press(key)
            assert "▸── " in inner(pane)[row_of(pane, text)]

        for text in ("second", "guest rebooted 12:00:00, gap 3 s", "first", "oops"):
            await goes_to("[", text)
        await goes_to("[", "second")
        assert stage.toasts[-1] == "That was the first event; this is the last"
        await goes_to("]", "oops")
        assert stage.toasts[-1] == "That was the last event; this is the first"
        for text in ("first", "guest rebooted", "second"):
            await goes_to("]", text)
        await goes_to("'", "first")
        assert stage.toasts[-1] == "That was the last mark; this is the first"
        await goes_to("'", "second")
        await goes_to('"', "first")
        await goes_to("a", "oops")
        await goes_to("A", "oops")
        assert not pane.following


async def test_events_can_be_hidden_and_a_walk_shows_them_again(guest: Guest) -> None:
    guest.lines(range(30))
    assert guest.recorder is not None
    enter_mark(guest.recorder.folder, 12 * 25, "here", guest.now)
    async with watching(guest) as (stage, pane):
        await stage.until(lambda: row_of(pane, "◆ mark") >= 0)
        await stage.press("E")
        assert row_of(pane, "◆ mark") < 0
        assert stage.toasts == ["Events are hidden. Press E to show them again"]
        await stage.press("E")
        assert row_of(pane, "◆ mark") >= 0
        await stage.press("E", "[")
        assert row_of(pane, "◆ mark") >= 0


async def test_where_there_is_no_event_that_is_said(guest: Guest) -> None:
    guest.lines(range(3))
    async with watching(guest) as (stage, _):
        await stage.press("]", "'", "a")
        assert stage.toasts == [
            "There is no event in this recording",
            "There is no mark in this recording",
            "There is no alert in this recording",
        ]


async def test_hostile_notes_and_ledgers_reach_the_screen_as_text(guest: Guest) -> None:
    guest.lines(range(3))
    assert guest.recorder is not None
    for text in HOSTILE:
        enter_mark(guest.recorder.folder, 12, text, guest.now)
        guest.recorder.enter("alert", guest.now, kind=text, title=text, start=12)
        guest.recorder.enter("attached", guest.now, note=text, source=text)
    async with watching(guest) as (stage, pane):
        await stage.until(lambda: row_of(pane, "[@click=app.quit]x[/]") >= 0)
        await stage.press("[", "[")
        assert "\x1b" not in stage.text
        assert all(row.isprintable() for row in stage.text.splitlines())


# Without a capture.


class Alone:
    """A view that runs."""

    def __init__(self, app: ViewApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(10):
            while not condition():
                await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def toasts(self) -> list[str]:
        return [each.message for each in self.app._notifications]


async def test_a_recording_that_is_viewed_by_itself_is_marked_in_its_own_ledger(
    guest: Guest,
) -> None:
    guest.lines(range(50))
    guest.close()
    ticks = itertools.count(NOON)
    what = RecordedView("vm1", guest.home / guest.id)
    app = ViewApp(what, clock=lambda: next(ticks))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        stage = Alone(app, pilot)
        pane = app.view.pane
        await stage.press("m", *"here", "enter")
        await stage.until(lambda: row_of(pane, "◆ mark") >= 0)
        assert inner(pane)[row_of(pane, "◆ mark") + 1].endswith("line 000049")
        await stage.until(lambda: "12:00:00" in screen_text(app))
        await stage.press("M")
        await stage.until(lambda: row_of(pane, "◆ mark") < 0)


async def test_a_recording_that_may_not_be_written_says_so(guest: Guest, tmp_path: Path) -> None:
    guest.lines(range(5))
    assert guest.recorder is not None
    folder = guest.recorder.folder
    guest.close()
    (tmp_path / "other").write_bytes(b"")
    (folder / "events.jsonl").unlink(missing_ok=True)
    (folder / "events.jsonl").symlink_to(tmp_path / "other")
    app = ViewApp(RecordedView("vm1", guest.home / guest.id), clock=lambda: NOON)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        stage = Alone(app, pilot)
        await stage.press("m", "enter")
        await stage.until(lambda: bool(stage.toasts))
        assert "not a recording of ours" in stage.toasts[0]
        assert (tmp_path / "other").read_bytes() == b""


async def test_a_log_of_another_program_keeps_no_marks(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_bytes(b"one\ntwo\n")
    app = ViewApp(PlainLog(log), clock=lambda: NOON)
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        stage = Alone(app, pilot)
        await stage.press("m", "L", "]", "E")
        assert stage.toasts[:2] == [
            "Only a recording holds marks.",
            "It is not known when these lines were written.",
        ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some.log"]
