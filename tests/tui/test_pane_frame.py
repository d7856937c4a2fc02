"""A pane's border and colours."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from core.console import safe_text
from core.sandboxes.model import ConsoleState
from tests.tui.panes import Guest, PaneApp, rows
from tui.pane.frame import wrapped
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


def colour_at(pane: ConsolePane, x: int, y: int) -> str:
    """The colour of a cell's text, as Textual is going to write it."""
    strip = pane.render_line(y).crop(x, x + 1)
    style = next(iter(strip)).style
    assert style is not None
    assert style.color is not None
    return style.color.name


async def test_the_focused_panes_border_has_the_accent(guest: Guest) -> None:
    guest.boot(b"text\n")
    pane, other = ConsolePane(), ConsolePane()
    async with PaneApp(pane, other).run_test(size=(60, 24)) as pilot:
        pane.show(guest.facts(), 1)
        other.show(guest.facts(), 2)
        pane.focus()
        await pilot.pause()
        assert colour_at(pane, 0, 0) == colour_at(pane, 0, 1) == "#6fb7f2"
        assert colour_at(other, 0, 0) != "#6fb7f2"
        other.focus()
        await pilot.pause()
        assert colour_at(other, 0, 0) == "#6fb7f2"
        assert colour_at(pane, 0, 0) != "#6fb7f2"


async def test_the_selected_panes_name_has_the_accent(guest: Guest) -> None:
    guest.boot(b"text\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)) as pilot:
        pane.show(guest.facts(), 1)
        assert colour_at(pane, 4, 0) == "#eceef2"
        pane.is_selected = True
        await pilot.pause()
        assert colour_at(pane, 4, 0) == "#6fb7f2"


async def test_another_theme_paints_everything_anew(guest: Guest) -> None:
    guest.boot(b"\x1b[31mred\x1b[0m plain\n")
    pane = ConsolePane()
    app = PaneApp(pane)
    async with app.run_test(size=(49, 12)) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.pause()
        before = colour_at(pane, 2, 1), colour_at(pane, 7, 1)
        app.theme = "guestwatch-light"
        await pilot.pause()
        assert colour_at(pane, 2, 1) != before[0]
        assert colour_at(pane, 7, 1) == "#14171d"
        app.theme = "guestwatch-ansi-dark"
        await pilot.pause()
        assert colour_at(pane, 2, 1) == "color(1)"
        assert colour_at(pane, 7, 1) == "default"


async def test_trouble_and_failure_are_in_the_failed_colour(guest: Guest) -> None:
    guest.boot(b"text\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(ConsoleState.FAILED, trouble="disk full"), 1)
        assert colour_at(pane, 5, 2) == "#ff7a70"
        assert colour_at(pane, 3, 11) == "#ff7a70"


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, "╭ 1 nginx-7c9 ─ kata ───────────────────── ● live ─ FOLLOW ╮"),
        (40, "╭ 1 nginx-7c9 ──────── ● live ─ FOLLOW ╮"),
        (28, "╭ 1 nginx-7c9 ───── ● live ╮"),
        (20, "╭ 1 nginx-7c9 ── ● ╮"),
        (16, "╭ 1 ngin… ── ● ╮"),
        (9, "╭───────╮"),
    ],
)
async def test_words_go_first_from_a_narrow_border(guest: Guest, width: int, expected: str) -> None:
    guest.boot(b"text\n")
    guest.family = "kata"
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(width, 8)):
        pane.show(guest.facts(name="nginx-7c9"), 1)
        top = rows(pane)[0]
        assert len(top) == width
        assert top == expected


async def test_a_paused_pane_says_how_far_down_it_is(guest: Guest) -> None:
    guest.lines(range(1000))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        pane.scroll_rows(-490)
        assert rows(pane)[-1].endswith(" 51% ╯")
        assert "12:00:00" in rows(pane)[-1]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (4, 2), (5, 3), (12, 3), (300, 5)])
async def test_a_pane_of_any_size_fills_it_exactly(guest: Guest, size: tuple[int, int]) -> None:
    guest.lines(range(100))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=size):
        pane.show(guest.facts(name="日本語の名前です", trouble="disk 満杯"), 9)
        pane.scroll_rows(-3)
        strips = [pane.render_line(y) for y in range(pane.size.height)]
        assert pane.size == Size(*size)
        assert [sum(s.cell_length for s in strip) for strip in strips] == [size[0]] * size[1]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("one two three four", 40, ["one two three four"]),
        ("one two three four", 14, ["one two", "three four"]),
        ("at /a/path/that/is/long now", 20, ["at", "/a/path/that/is/long", "now"]),
        ("x" * 10, 4, ["xxxx", "xxxx", "xx"]),
        ("日本語 日本語", 6, ["日本語", "日本語"]),
        ("", 10, []),
    ],
)
def test_text_is_wrapped_in_lines_of_about_the_same_length(
    text: str, width: int, expected: list[str]
) -> None:
    assert wrapped(safe_text(text), width) == expected
