"""Selecting with the mouse and with keys, in real panes over real recordings."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from core.console import SafeStr
from core.recording import GenerationReader
from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tui.copying.selection import CHOSEN, Grain
from tui.copying.taking import Stretch, pieces
from tui.pane.view import Note
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

SIZE = (60, 12)
LEFT = 10
"""The first column of text: border and date stand before it."""


def chosen(pane: ConsolePane) -> str:
    selection, viewing = pane.selection, pane.viewing
    assert selection is not None
    assert viewing is not None
    stretch = Stretch(selection.first, selection.last)
    found = pieces(viewing.transcript, stretch, selection.cut, look=viewing.look)
    return "".join(found)


def reversed_text(pane: ConsolePane) -> str:
    """All that is painted in reverse, row by row."""
    found = []
    for y in range(1, pane.size.height - 1):
        strip = pane.render_line(y)
        text = "".join(each.text for each in strip if each.style and each.style.reverse)
        if text:
            found.append(text)
    return "\n".join(found)


async def drag(pilot: Pilot[None], pane: ConsolePane, *way: tuple[int, int]) -> None:
    await pilot.mouse_down(pane, offset=way[0])
    for offset in way[1:]:
        await pilot.hover(pane, offset=offset)
    await pilot.mouse_up(pane, offset=way[-1])


async def test_a_drag_selects_the_characters_under_it(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT + 5, 3), (LEFT + 7, 4), (LEFT + 3, 5))
        assert chosen(pane) == "000092\nline 000093\nline"
        assert reversed_text(pane) == chosen(pane)
        assert "SELECTED 3 lines" in rows(pane)[0]
        await drag(pilot, pane, (LEFT + 3, 5), (LEFT + 5, 3))
        assert chosen(pane) == "000092\nline 000093\nline"


async def test_a_drag_holds_the_view_and_a_click_alone_does_not(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.click(pane, offset=(LEFT, 4))
        assert "FOLLOW" in rows(pane)[0]
        assert not reversed_text(pane)
        assert inner(pane)[3].endswith("▸line 000093")
        await drag(pilot, pane, (LEFT, 4), (LEFT + 3, 4))
        assert not pane.following
        before = inner(pane)
        guest.lines(range(100, 10_000))
        pane.beat(NOON)
        assert inner(pane) == before
        assert reversed_text(pane) == "line"


async def test_what_is_wide_is_selected_where_it_is_painted(guest: Guest) -> None:
    guest.write("日本語 console é\n".encode())
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT + 2, 1), (LEFT + 8, 1))
        assert chosen(pane) == "本語 co"


async def test_of_a_line_scrolled_sideways_what_is_in_sight_is_selected(guest: Guest) -> None:
    guest.write(b"0123456789" * 20 + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        pane.scroll_columns(24)
        await drag(pilot, pane, (LEFT, 1), (LEFT + 3, 1))
        assert chosen(pane) == "4567"


async def test_two_clicks_select_a_word_and_three_a_line(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.click(pane, offset=(LEFT + 7, 4), times=2)
        assert chosen(pane) == "000093"
        await pilot.click(pane, offset=(LEFT + 7, 4), times=3)
        assert chosen(pane) == "line 000093"
        await pilot.click(pane, offset=(LEFT + 7, 6))
        assert pane.selection is None


async def test_a_click_with_shift_extends(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT + 5, 3), (LEFT + 7, 3))
        await pilot.click(pane, offset=(LEFT + 3, 4), shift=True)
        assert chosen(pane) == "000092\nline"


async def test_a_drag_past_the_edge_scrolls_and_selects_on(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.mouse_down(pane, offset=(LEFT, 5))
        await pilot.hover(pane, offset=(LEFT + 3, 2))
        await pilot.hover(pane, offset=(LEFT, 0))
        for _ in range(20):
            pane.beat(NOON)
        await pilot.mouse_up(pane, offset=(LEFT, 0))
        assert inner(pane)[0].endswith("line 000070")
        assert chosen(pane).split("\n")[0] == "line 000070"
        assert chosen(pane).split("\n")[-1] == "l"
        before = chosen(pane)
        pane.beat(NOON)
        assert chosen(pane) == before


async def test_a_press_on_what_is_not_the_guests_takes_the_nearest_line(guest: Guest) -> None:
    guest.boot(b"old\n")
    guest.boot(b"new\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT, 1), (LEFT + 1, 2), (LEFT + 9, 9))
        assert chosen(pane).startswith("old\n-- guest rebooted")
        assert chosen(pane).endswith("--\nnew")


async def test_without_anything_to_select_the_mouse_selects_nothing(guest: Guest) -> None:
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT, 1), (LEFT + 3, 3))
        await pilot.click(pane, offset=(LEFT, 4), times=3)
        assert pane.selection is None


async def test_the_wheel_scrolls_and_the_selection_stays(guest: Guest) -> None:
    from textual.events import MouseScrollUp

    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        before = chosen(pane)
        pane.post_message(MouseScrollUp(pane, 5, 5, 0, -1, 0, False, False, False))
        await pilot.pause()
        assert inner(pane)[-1].endswith("line 000096")
        assert chosen(pane) == before


async def test_keys_move_the_end_and_the_view_goes_along(guest: Guest) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        assert "VISUAL 1 line ╮" in rows(pane)[0]
        pane.scroll_rows(-3)
        assert chosen(pane).split("\n") == [f"line {n:06}" for n in range(96, 100)]
        pane.scroll_pages(-2)
        assert chosen(pane).split("\n")[0] == "line 000076"
        assert any("line 000076" in row for row in inner(pane))
        pane.go_home()
        assert "VISUAL 100 lines" in rows(pane)[0]
        assert "line 000000" in inner(pane)[0]
        pane.go_end()
        assert chosen(pane) == "line 000099"
        pane.scroll_rows(1)
        assert chosen(pane) == "line 000099"
        assert not pane.following


async def test_rows_that_are_selected_have_a_sign_and_the_end_has_the_cursor(guest: Guest) -> None:
    guest.write(b"one\n\nthree\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        pane.scroll_rows(-2)
        assert [row[8:9] for row in inner(pane)[:3]] == ["▸", CHOSEN, CHOSEN]


async def test_a_jump_carries_the_end_along(guest: Guest) -> None:
    guest.lines(range(1000))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        assert pane.viewing is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        row = pane.viewing.transcript.forward(pane.viewing.transcript.first, 501)[-1]
        pane.go_to(row.position)
        assert "VISUAL 500 lines" in rows(pane)[0]


async def test_characters_are_selected_by_keys_and_either_end_moves(guest: Guest) -> None:
    guest.write(b"at 0xdeadbeef in foo\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.CHARACTERS)
        for _ in range(12):
            pane.scroll_columns(8)
        assert chosen(pane) == "at 0xdeadbeef"
        pane.swap_ends()
        for _ in range(3):
            pane.scroll_columns(8)
        assert chosen(pane) == "0xdeadbeef"
        assert reversed_text(pane) == "0xdeadbeef"


async def test_the_end_of_a_long_line_comes_into_sight(guest: Guest) -> None:
    guest.write(b"0123456789" * 20 + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.CHARACTERS)
        for count in range(2, 200):
            pane.scroll_columns(1)
            assert len(chosen(pane)) == count
            assert pane.viewing is not None
            assert pane.viewing.view.column <= count - 1 < pane.viewing.view.column + 48
        for _ in range(250):
            pane.scroll_columns(-1)
        assert chosen(pane) == "0"
        assert inner(pane)[0].endswith("›")


async def test_another_grain_selects_the_same_rows(guest: Guest) -> None:
    guest.write(b"one\ntwo\nthree\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        pane.scroll_rows(-1)
        assert pane.change_grain(Grain.CHARACTERS)
        assert chosen(pane) == "two\nthree"
        pane.scroll_columns(1)
        assert chosen(pane) == "wo\nthree"
        assert pane.change_grain(Grain.CHARACTERS)
        assert pane.selection is None
        assert not pane.change_grain(Grain.ROWS)


async def test_it_stays_on_its_text_while_ten_histories_flow_and_old_ones_go(guest: Guest) -> None:
    megabyte = b"".join(b"line %06d %s\n" % (n, b"." * 1000) for n in range(1000))
    for _ in range(40):
        guest.write(megabyte)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(80, 12)):
        pane.show(guest.facts(), 1)
        assert pane.current is not None
        pane.begin_visual(pane.current, Grain.ROWS)
        pane.scroll_rows(-4)
        before, shown = chosen(pane), inner(pane)
        assert before.count("\n") == 4
        for _ in range(8):
            guest.write(megabyte * 10)
            pane.beat(NOON)
            assert chosen(pane) == before
            assert inner(pane) == shown
        assert guest.recorder is not None
        full = sorted(guest.recorder.folder.glob("console.0*.log"))
        assert len(full) >= 2
        full[0].unlink()
        pane.beat(NOON + 2)
        assert chosen(pane) == before
        assert "VISUAL 5 lines" in rows(pane)[0]
        full[1].unlink()
        pane.beat(NOON + 4)
        assert chosen(pane) == ""
        assert "VISUAL all dropped" in rows(pane)[0]


async def test_raw_and_back_shows_the_same_selection(guest: Guest) -> None:
    agent = b'{"msg":"container started","level":"INFO","ts":"2026","subsystem":"rpc"}\n'
    guest.write(agent)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(100, 12)) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (LEFT + 2, 1), (LEFT + 8, 1))
        before = reversed_text(pane)
        pane.toggle_raw()
        assert reversed_text(pane) == SafeStr(agent.decode().strip())
        pane.toggle_raw()
        assert reversed_text(pane) == before


async def test_nothing_of_ours_is_ever_selected(guest: Guest) -> None:
    guest.lines(range(3))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE) as pilot:
        pane.show(guest.facts(), 1)
        await drag(pilot, pane, (0, 0), (59, 11))
        assert chosen(pane) == "line 000000\nline 000001\nline 000002"
        assert not any(isinstance(line, Note) for line in pane.shown_lines)


async def test_visual_mode_goes_to_both_ends_of_a_long_log_without_reading_it(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.lines(range(300_000))
    read = 0
    real = GenerationReader.read

    def counted(self: GenerationReader, offset: int, size: int) -> bytes:
        nonlocal read
        data = real(self, offset, size)
        read += len(data)
        return data

    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=SIZE):
        pane.show(guest.facts(), 1)
        row = pane.current
        assert row is not None
        pane.begin_visual(row, Grain.ROWS)
        monkeypatch.setattr(GenerationReader, "read", counted)
        pane.go_home()
        assert "line 000000" in "".join(inner(pane))
        pane.go_end()
        assert "line 299999" in "".join(inner(pane))
        assert read < 2_000_000
