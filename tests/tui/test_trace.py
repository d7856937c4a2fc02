"""An alert's trace, on top of the panes."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.core.console.alerts.texts import FOLDER, load
from tests.fakes import ScriptedLink
from tests.tui.panes import NOON, Guest, inner
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.screens.trace import TraceScreen
from tui.widgets.trace_view import TraceView

pytestmark = pytest.mark.anyio

OOPS = load(FOLDER / "oops-null-std.txt").data
PANIC = load(FOLDER / "panic-no-init.txt").data


def alarm(
    guest: Guest, trace: bytes, *, kind: str = "oops", title: str = "", at: float = 1
) -> None:
    """Print a trace, and enter its alert as the scanner does."""
    guest.write(b"before it\n", after=1.0)
    assert guest.recorder is not None
    start = guest.recorder.size
    guest.write(trace)
    guest.recorder.enter(
        "alert",
        guest.now,
        kind=kind,
        title=title or f"{kind} at {start}",
        severity="critical",
        start=start,
        end=guest.recorder.size,
        wall=guest.now.wall,
    )
    guest.write(b"after it\n")


@asynccontextmanager
async def watching(
    *guests: Guest, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Stage, TraceScreen | None]]:
    """A dashboard on these guests, the first one's trace asked for once its ledger was read."""
    link = ScriptedLink([guest.facts() for guest in guests])
    ticks = itertools.count(NOON)
    async with dashboard(link=link, size=size, clock=lambda: next(ticks)) as stage:
        await stage.press("1")
        pane = stage.app.dashboard.pane
        assert pane is not None
        await stage.until(
            lambda: pane.viewing is not None and not pane.viewing.annotations.is_behind
        )
        await stage.press("!")
        screen = stage.app.screen
        if isinstance(screen, TraceScreen):
            await stage.until(lambda: screen.is_settled)
        await stage.pilot.pause()
        yield stage, screen if isinstance(screen, TraceScreen) else None


def shown(screen: TraceScreen) -> list[str]:
    """What stands between the borders."""
    view = screen.query_one(TraceView)
    return [view.render_line(y).text for y in range(view.size.height)]


async def test_it_shows_the_trace_and_all_that_belongs_to_it(guest: Guest) -> None:
    alarm(guest, OOPS)
    other = Guest(guest.home, id="vm2")
    other.boot(b"long before\n")
    other.clock = guest.clock
    other.write(b"link is down\n")
    async with watching(guest, other, size=(160, 60)) as (stage, screen):
        assert screen is not None
        for words in (
            "▲ oops · vm1 · qemu",
            "6.1.0-56-cloud-amd64",
            "tee (pid 412) on CPU 1",
            "mydrv_write+0x1f/0x40 [mydrv]",
            "before it",
            "BUG: kernel NULL pointer dereference",
            "after it",
        ):
            assert words in stage.text
        await stage.press("G")
        assert "vm2 at the same time" in stage.text
        assert "link is down" in stage.text
        assert "long before" not in stage.text
        await stage.press("escape")
        assert stage.app.screen is stage.app.dashboard


async def test_keys_walk_from_one_alert_to_the_next(guest: Guest) -> None:
    alarm(guest, OOPS, title="the first")
    alarm(guest, PANIC, kind="panic", title="the second")
    async with watching(guest) as (stage, _):
        assert "the second" in stage.text
        await stage.press("p")
        assert "the first" in stage.text
        assert "▲ oops" in stage.text
        await stage.press("p")
        assert "the first" in stage.text
        await stage.press("n")
        assert "the second" in stage.text


async def test_enter_goes_to_the_trace_in_the_pane(guest: Guest) -> None:
    alarm(guest, PANIC, kind="panic")
    guest.lines(range(200))
    async with watching(guest) as (stage, _):
        await stage.press("enter")
        pane = stage.app.dashboard.pane
        assert pane is not None
        await stage.until(lambda: any("▸" in row for row in inner(pane)))
        (row,) = [row for row in inner(pane) if "▸" in row]
        assert PANIC.decode().splitlines()[0][:40] in row
        assert not pane.following


async def test_y_copies_it_as_markdown(guest: Guest) -> None:
    alarm(guest, OOPS)
    async with watching(guest) as (stage, _):
        await stage.press("y")
        copied = stage.app.clipboard
        assert copied.startswith("`oops` in `vm1`, `qemu`")
        assert "```text" in copied
        assert "---[ end trace" in copied
        assert stage.toasts[0].startswith("Sent ")


async def test_keys_and_wheel_scroll_it(guest: Guest) -> None:
    alarm(guest, OOPS)
    async with watching(guest, size=(80, 24)) as (stage, screen):
        assert screen is not None
        first = shown(screen)
        for forward, back in (("j", "k"), ("pagedown", "pageup"), ("G", "g"), ("right", "left")):
            await stage.press(forward)
            assert shown(screen) != first
            await stage.press(back)
            assert shown(screen) == first


async def test_without_an_alert_it_says_so(guest: Guest) -> None:
    guest.lines(range(5))
    async with watching(guest) as (stage, screen):
        assert screen is None
        assert stage.toasts == ["There is no alert in this recording"]


async def test_an_alert_that_claims_too_much_is_passed_over(guest: Guest) -> None:
    guest.write(b"x\n")
    assert guest.recorder is not None
    guest.recorder.enter(
        "alert",
        guest.now,
        kind="oops",
        title="far",
        start=0,
        end=1,
        wall=1e300,
        severity="critical",
    )
    guest.recorder.enter("alert", guest.now, kind="oops", title="near", start=1, end=1)
    async with watching(guest) as (stage, screen):
        assert screen is not None
        assert "near" in stage.text


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_of_a_guest_is_markup_or_a_control(guest: Guest, text: str) -> None:
    trace = b"Kernel panic - not syncing: " + text.encode() + b"\n"
    alarm(guest, trace, kind=text, title=text)
    async with watching(guest) as (stage, screen):
        assert screen is not None
        assert "\x1b" not in stage.text
        assert "Kernel panic - not syncing:" in stage.text
