"""One sandbox's console on the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from core.sandboxes.model import ConsoleState
from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


async def test_a_pane_follows_the_last_line(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[-1].endswith("line 000099")
        guest.lines(range(100, 150))
        pane.beat(NOON)
        assert inner(pane)[-1].endswith("line 000149")
        assert pane.following


async def test_a_prompt_shows_at_once(guest: Guest) -> None:
    guest.write(b"Debian 12 vm1 ttyS0\n\nvm1 login: ")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[2].endswith("vm1 login:")


async def test_a_paused_pane_shows_the_same_rows_while_10_mb_flow_in(guest: Guest) -> None:
    guest.lines(range(2000))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        pane.scroll_rows(-5)
        before = inner(pane)
        assert before[-1].endswith("line 001994")
        for start in range(2000, 902_000, 90_000):
            guest.lines(range(start, start + 90_000))
            pane.beat(NOON)
            assert inner(pane) == before
        assert not pane.following


async def test_no_flood_makes_a_layout(guest: Guest) -> None:
    guest.lines(range(20))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.pause()
        layouts = pane._layout_updates
        virtual = pane.virtual_size
        for start in range(0, 100_000, 10_000):
            guest.lines(range(start, start + 10_000))
            pane.beat(NOON)
            await pilot.pause()
        assert pane._layout_updates == layouts
        assert pane.virtual_size == virtual


async def test_nothing_is_painted_while_nothing_grows(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)) as pilot:
        pane.show(guest.facts(), 1)
        pane.beat(NOON)
        await pilot.pause()
        strips = list(pane._strips)
        for tick in range(10):
            pane.beat(NOON + tick / 100)
            assert not pane._repaint_required
        assert all(one is other for one, other in zip(strips, pane._strips, strict=True))


async def test_a_reboot_is_a_seam_below_what_was_there(guest: Guest) -> None:
    guest.boot(b"old kernel\n")
    guest.clock = 271.0
    guest.boot(b"new kernel\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        shown = inner(pane)
        assert shown[0].endswith("old kernel")
        assert shown[1].startswith("── guest rebooted 12:04:31 ──")
        assert len(shown[1]) == 58
        assert shown[2].endswith("new kernel")
        assert "boot 2" in rows(pane)[-1]


async def test_a_reboot_shows_while_the_pane_is_open(guest: Guest) -> None:
    guest.boot(b"old kernel\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        guest.boot(b"new kernel\n")
        pane.show(guest.facts(), 1)
        pane.beat(NOON)
        assert inner(pane)[2].endswith("new kernel")


async def test_dropped_segments_are_said_and_the_view_stays(guest: Guest) -> None:
    guest.boot()
    megabyte = b"".join(b"line %06d %s\n" % (n, b"." * 1000) for n in range(1000))
    for _ in range(70):
        guest.write(megabyte)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        pane.go_home()
        assert "line 000000" in inner(pane)[0]
        assert guest.recorder is not None
        oldest = sorted(guest.recorder.folder.glob("console.0*.log"))
        assert len(oldest) >= 2
        oldest[0].unlink()
        oldest[0].with_suffix(".timing").unlink()
        pane.beat(NOON)
        pane.beat(NOON + 2)
        assert re.match(r"── \d+ MB of earlier output dropped ─", inner(pane)[0])
        assert not pane.following
        pane.scroll_rows(3)
        held = inner(pane)
        guest.write(megabyte)
        pane.beat(NOON + 3)
        assert inner(pane) == held


async def test_lines_that_came_since_the_pause_are_counted(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(80, 12)):
        pane.show(guest.facts(), 1)
        pane.focus()
        pane.beat(NOON)
        pane.scroll_rows(-1)
        assert "PAUSED ╮" in rows(pane)[0]
        guest.lines(range(1204))
        pane.beat(NOON)
        assert pane.unseen == 1204
        assert "PAUSED +1,204 ╮" in rows(pane)[0]
        pane.follow()
        assert pane.unseen == 0
        assert "FOLLOW ╮" in rows(pane)[0]


async def test_lines_are_unseen_while_another_pane_has_the_focus(guest: Guest) -> None:
    guest.lines(range(100))
    pane, other = ConsolePane(), ConsolePane()
    async with PaneApp(pane, other).run_test(size=(80, 24)) as pilot:
        pane.show(guest.facts(), 1)
        assert pane.unseen == 0
        other.focus()
        await pilot.pause()
        guest.lines(range(30))
        pane.beat(NOON)
        assert pane.unseen == 30
        pane.focus()
        await pilot.pause()
        assert pane.unseen == 0
        guest.lines(range(30))
        pane.beat(NOON)
        assert pane.unseen == 0


async def test_a_hidden_pane_counts_and_does_not_paint(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(80, 24)) as pilot:
        pane.show(guest.facts(), 1)
        pane.display = False
        await pilot.pause()
        strips = list(pane._strips)
        guest.lines(range(30))
        pane.beat(NOON)
        assert pane.unseen == 30
        assert pane._strips == strips


async def test_the_wheel_scrolls_three_rows_and_the_end_follows_again(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)) as pilot:
        pane.show(guest.facts(), 1)
        await pilot._post_mouse_events([MouseScrollUp], pane, (5, 5))
        assert inner(pane)[-1].endswith("line 000096")
        assert not pane.following
        await pilot._post_mouse_events([MouseScrollDown], pane, (5, 5))
        assert inner(pane)[-1].endswith("line 000099")
        assert pane.following


async def test_pages_follow_each_other_without_a_gap_as_in_less(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        pane.scroll_pages(-1)
        assert inner(pane)[0].endswith("line 000080")
        assert inner(pane)[-1].endswith("line 000089")
        pane.scroll_half_pages(-1)
        assert inner(pane)[0].endswith("line 000075")
        pane.scroll_half_pages(1)
        pane.scroll_pages(1)
        assert pane.following


async def test_long_lines_are_clipped_and_scroll_sideways(guest: Guest) -> None:
    guest.write(b"".join(b"%d" % (n % 10) for n in range(100)) + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(40, 8)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[0] == " " + "".join(str(n % 10) for n in range(36)) + "›"
        pane.scroll_columns(13)
        assert inner(pane)[0].startswith(" 345678")
        assert "col 14" in rows(pane)[-1]
        guest.lines(range(50))
        pane.beat(NOON)
        assert "col 14" in rows(pane)[-1]
        pane.scroll_columns(-100)
        assert "col" not in rows(pane)[-1]


async def test_columns_stop_where_the_longest_line_in_sight_ends(guest: Guest) -> None:
    guest.write(b"0123456789\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(40, 8)):
        pane.show(guest.facts(), 1)
        pane.scroll_columns(1000)
        assert inner(pane)[0] == " 9"


@pytest.fixture
def in_india() -> Iterator[None]:
    """Local time is five and a half hours before UTC's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_india")
async def test_rows_are_dated_in_four_ways(guest: Guest) -> None:
    guest.boot()
    guest.write(b"one\n", after=29.113)
    guest.write(b"two\n", after=0.5)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 8)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[:2] == ["  29.113 one", "  29.613 two"]
        pane.cycle_time()
        assert inner(pane)[:2] == [" 17:30:29.113 one", " 17:30:29.613 two"]
        pane.cycle_time()
        assert inner(pane)[:2] == [" 12:00:29.113Z one", " 12:00:29.613Z two"]
        pane.cycle_time()
        assert inner(pane)[:2] == [" one", " two"]
        pane.cycle_time()
        assert inner(pane)[:2] == ["  29.113 one", "  29.613 two"]


async def test_a_row_whose_date_is_not_on_disk_yet_is_dated_later(guest: Guest) -> None:
    guest.boot()
    assert guest.recorder is not None
    guest.clock = 1.5
    guest.recorder.write(b"one\n", guest.now)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 8)):
        pane.show(guest.facts(), 1)
        pane.beat(NOON)
        assert inner(pane)[0] == " " * 9 + "one"
        guest.recorder.flush()
        pane.beat(NOON)
        assert inner(pane)[0] == "   1.500 one"


async def test_a_narrow_pane_shows_no_dates(guest: Guest) -> None:
    guest.write(b"one\n", after=29.113)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(49, 8)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[0] == " one"


async def test_raw_shows_a_line_as_the_guest_wrote_it(guest: Guest) -> None:
    line = b'{"level":"INFO","msg":"container started","subsystem":"rpc"}'
    guest.write(line + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(90, 8)):
        pane.show(guest.facts(), 1)
        assert line.decode() not in inner(pane)[0]
        assert "container started" in inner(pane)[0]
        pane.toggle_raw()
        assert line.decode() in inner(pane)[0]


@pytest.mark.parametrize("state", [ConsoleState.ENDED, ConsoleState.FAILED])
async def test_a_console_that_is_over_has_a_last_divider(guest: Guest, state: ConsoleState) -> None:
    guest.boot(b"Kernel panic\n")
    guest.clock = 242.0
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 8)):
        pane.show(guest.facts(state, reason="VMM exited"), 1)
        assert inner(pane)[1].startswith(f"── {state} 12:04:02 · VMM exited ──")


async def test_an_empty_pane_says_why_in_its_middle(guest: Guest) -> None:
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 14)):
        pane.show(guest.facts(ConsoleState.ABSENT), 1)
        shown = inner(pane)
        filled = [row for row in shown if row]
        assert filled[0].strip() == "There is no console yet."
        above = next(y for y, row in enumerate(shown) if row)
        below = next(y for y, row in enumerate(reversed(shown)) if row)
        assert abs(above - below) <= 1
        assert all(len(row) <= 58 for row in shown)


async def test_trouble_with_the_recording_stands_in_the_border(guest: Guest) -> None:
    guest.boot(b"text\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 8)):
        pane.show(guest.facts(trouble="No space left on device"), 1)
        assert rows(pane)[-1].startswith("╰ No space left on device ─")


async def test_a_pane_without_a_sandbox_is_blank() -> None:
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 8)):
        pane.clear()
        pane.beat(NOON)
        pane.scroll_rows(-1)
        pane.follow()
        assert set("".join(rows(pane))) == {" "}


async def test_a_recording_that_vanishes_is_said_and_nothing_breaks(guest: Guest) -> None:
    guest.lines(range(100))
    facts = guest.facts()
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(facts, 1)
        guest.close()
        for path in sorted(guest.home.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for second in range(5):
            pane.beat(NOON + second)
            pane.scroll_rows(-5)
        assert len(rows(pane)) == 12


async def test_rows_that_cost_much_wait_for_further_beats(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.pane.row_texts.LONG_ROWS_S", 0.0)
    guest.boot()
    row = b"".join(b"\x1b[38;2;%d;%d;9mx" % (n % 250, n % 99) for n in range(500)) + b"\n"
    guest.write(row * 100)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(49, 60)):
        pane.show(guest.facts(), 1)
        assert inner(pane)[:-1] == ["⋯"] * 57
        assert inner(pane)[-1].endswith("x›")
        for tick in range(57):
            pane.beat(NOON + tick / 100)
        assert {line.strip() for line in inner(pane)} == {"x" * 45 + "›"}


async def test_a_pane_that_was_cleared_has_its_borders_again(guest: Guest) -> None:
    guest.lines(range(5))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1, NOON)
        before = rows(pane)
        pane.clear()
        pane.show(guest.facts(), 1, NOON)
        assert rows(pane) == before
