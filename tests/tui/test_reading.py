"""Reading a console with keys: moving, wrapping, dating, and how much of a line is shown."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from core.console import PLAIN, Position, Role
from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tests.tui.stage import Stage, dashboard
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

HEIGHT = 10
DIGITS = "".join(str(n % 10) for n in range(200))
AGENT = json.dumps(
    {"msg": "connected", "level": "WARN", "subsystem": "rpc", "cid": "9578", "port": 1}
)


@asynccontextmanager
async def reading(guest: Guest, *, width: int = 60) -> AsyncIterator[tuple[Stage, ConsolePane]]:
    """A dashboard whose only pane shows this guest in `HEIGHT` rows, and has the focus."""
    async with dashboard([guest.facts()], size=(width, HEIGHT + 4)) as stage:
        await stage.press("1")
        pane = stage.app.dashboard.pane
        assert pane is not None
        assert pane.has_focus
        await stage.until(lambda: pane.size.height == HEIGHT + 2)
        yield stage, pane


def numbers(pane: ConsolePane) -> list[int]:
    return [int(row.rpartition(" ")[2]) for row in inner(pane)]


async def test_the_keys_of_less_go_by_pages_and_halves(guest: Guest) -> None:
    guest.lines(range(100))
    async with reading(guest) as (stage, pane):
        assert numbers(pane) == list(range(90, 100))
        for key, first in [
            *(("b", 80), ("ctrl+b", 70), ("pageup", 60), ("space", 70), ("b", 60)),
            *(("u", 55), ("ctrl+u", 50), ("D", 55), ("ctrl+d", 60), ("ctrl+f", 70)),
            *(("pagedown", 80), ("k", 79), ("j", 80), ("g", 0), ("u", 0), ("b", 0)),
            *(("space", 10), ("G", 90), ("home", 0)),
        ]:
            await stage.press(key)
            assert numbers(pane) == list(range(first, first + HEIGHT)), key
        assert "PAUSED" in rows(pane)[0]
        await stage.press("end")
        assert "FOLLOW" in rows(pane)[0]
        await stage.press("b", "b", "space", "space")
        assert "FOLLOW" in rows(pane)[0]


async def test_the_border_says_how_far_down_a_held_view_stands(guest: Guest) -> None:
    guest.lines(range(100))
    async with reading(guest) as (stage, pane):
        assert "%" not in rows(pane)[-1]
        for key, percent in (("g", "10%"), ("space", "20%"), ("D", "25%"), ("space", "35%")):
            await stage.press(key)
            assert f" {percent} ╯" in rows(pane)[-1]
        guest.lines(range(1204))
        pane.beat(NOON)
        assert "PAUSED +1,204 ╮" in rows(pane)[0]
        await stage.press("G")
        assert "FOLLOW ╮" in rows(pane)[0]
        assert "%" not in rows(pane)[-1]


async def test_keys_go_to_where_lines_begin_and_end(guest: Guest) -> None:
    guest.write(b"short\n" + DIGITS.encode() + b"\n")
    async with reading(guest) as (stage, pane):
        await stage.press("$")
        assert inner(pane)[1].endswith(DIGITS[-20:])
        assert "›" not in inner(pane)[1]
        column = pane.viewing.view.column if pane.viewing else 0
        assert f"col {column + 1} " in rows(pane)[-1]
        guest.lines(range(50))
        pane.beat(NOON)
        assert f"col {column + 1} " in rows(pane)[-1]
        await stage.press("$")
        assert f"col {column + 1} " in rows(pane)[-1]
        await stage.press("b", "end")
        assert f"col {column + 1} " in rows(pane)[-1]
        await stage.press("0")
        assert inner(pane)[-1].endswith("line 000049")
        assert "col" not in rows(pane)[-1]


async def test_lines_wrap_and_are_clipped_again(guest: Guest) -> None:
    guest.write(b"short\n" + DIGITS.encode() + b"\nlast\n")
    async with reading(guest, width=60) as (stage, pane):
        assert "›" in inner(pane)[1]
        await stage.press("right", "w")
        shown = inner(pane)
        assert "".join(row[9:] for row in shown[1:6]) == DIGITS
        assert [row[:9].strip() for row in shown] == [*["0.000"] * 2, *"↳↳↳↳", "0.000", "", "", ""]
        assert shown[6].endswith("last")
        assert " wrap " in rows(pane)[-1]
        assert "col" not in rows(pane)[-1]
        await stage.press("right", "$")
        assert inner(pane) == shown
        await stage.press("w")
        assert "wrap" not in rows(pane)[-1]
        assert "col 9 " in rows(pane)[-1]


async def test_a_wrapped_view_that_is_held_keeps_its_text_in_a_pane_of_another_width(
    guest: Guest,
) -> None:
    words = [f"<{n:05}>" for n in range(400)]
    guest.write("".join(words).encode() + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(guest.facts(), 1)
        pane.toggle_wrap()
        pane.scroll_rows(-10)
        top = inner(pane)[0][9:].strip()
        word = top[top.index("<") : top.index("<") + 7]
        for width in (50, 72, 120, 56, 65):
            await pilot.resize_terminal(width, 12)
            assert any(word[:4] in row for row in inner(pane)[:2])
            assert not pane.following
        assert inner(pane)[0][9:].strip() == top


async def test_a_character_far_into_a_wrapped_row_is_gone_to(guest: Guest) -> None:
    guest.write(b"".join(b"%04d" % n for n in range(2000)) + b"\n")
    guest.lines(range(50))
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(60, 12)):
        pane.show(guest.facts(), 1)
        pane.toggle_wrap()
        pane.go_to(Position(1, 0), char=4 * 1500)
        assert "1500" in "".join(row[9:] for row in inner(pane))
        assert not pane.following


async def test_wide_characters_wrap_whole(guest: Guest) -> None:
    guest.write(("日本語" * 40).encode() + b"\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(40, 12)):
        pane.show(guest.facts(), 1)
        pane.toggle_wrap()
        text = "".join(row.lstrip(" ↳") for row in inner(pane))
        assert text == "日本語" * 40
        assert all(pane.render_line(y).cell_length == 40 for y in range(12))


async def test_dates_go_through_four_ways(guest: Guest) -> None:
    guest.lines(range(3), after=1.5)
    async with reading(guest) as (stage, pane):
        seen = []
        for _ in range(5):
            seen.append(inner(pane)[0].removesuffix("line 000000").strip())
            await stage.press("t")
        assert seen == ["1.500", "12:00:01.500", "12:00:01.500Z", "", "1.500"]


async def test_an_agents_fields_come_on_demand_and_its_json_raw(guest: Guest) -> None:
    guest.write(AGENT.encode() + b"\n")
    async with reading(guest, width=150) as (stage, pane):
        assert inner(pane)[0].endswith("WARN  rpc  connected  +2 fields")
        await stage.press("x")
        assert inner(pane)[0].endswith("WARN  rpc  connected  cid=9578 port=1")
        assert " fields " in rows(pane)[-1]
        await stage.press("r")
        assert inner(pane)[0].endswith(AGENT)
        assert " raw " in rows(pane)[-1]
        assert "fields" not in rows(pane)[-1]
        await stage.press("r", "x")
        assert inner(pane)[0].endswith("+2 fields")


async def test_a_guests_colours_can_be_left_out(guest: Guest) -> None:
    guest.write(b"\x1b[31mred\x1b[0m plain [    1.000000] x\n")
    async with reading(guest) as (stage, pane):

        def colours() -> set[object]:
            return {
                segment.style.color
                for segment in pane.render_line(1)
                if segment.style and "red" in segment.text
            }

        with_colours = colours()
        await stage.press("C")
        assert colours() == {pane.paint.plain.color}
        assert colours() != with_colours
        assert " plain " in rows(pane)[-1]
        await stage.press("C")
        assert colours() == with_colours


async def test_levels_of_the_kernel_are_coloured(guest: Guest) -> None:
    guest.write(b"kern  :err   : [    1.000000] vda: gone\n<4>[    2.000000] vdb: slow\n")
    async with reading(guest, width=80) as (_, pane):
        first = {segment.text: segment.style for segment in pane.render_line(1)}
        paint = pane.paint
        assert first["err   "] == paint.style(PLAIN, Role.ERROR)
        assert first["kern  "] == paint.style(PLAIN, Role.SOURCE)
        second = {segment.text: segment.style for segment in pane.render_line(2)}
        assert second["<4>"] == paint.style(PLAIN, Role.WARN)


async def test_a_line_of_100_mb_answers_every_key(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.boot()
    for _ in range(100):
        guest.write(b"x" * 999_999 + b"y")
    read = calls = 0
    pread = os.pread

    def counted(fd: int, size: int, offset: int) -> bytes:
        nonlocal read, calls
        data = pread(fd, size, offset)
        read += len(data)
        calls += 1
        return data

    async with reading(guest) as (stage, pane):
        monkeypatch.setattr(os, "pread", counted)
        for key in [
            *("w", "b", "u", "k", "g", "space", "D", "j", "G", "w", "b", "g"),
            *("right", "$", "0", "space", "x", "C", "r", "t", "end", "w", "home", "end"),
        ]:
            read = calls = 0
            await stage.press(key)
            assert len(inner(pane)) == HEIGHT
            assert set("".join(inner(pane))) & {"x", "y"}
            assert read < 2_000_000, key
            assert calls < 200, key
        assert pane.following


async def test_wrapped_rows_that_cost_much_come_with_further_beats(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.pane.row_texts.LONG_ROWS_S", 0.0)
    guest.boot()
    row = b"".join(b"\x1b[38;2;%d;%d;9mx" % (n % 250, n % 99) for n in range(500)) + b"\n"
    guest.write(row * 20)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(49, 40)):
        pane.show(guest.facts(), 1)
        pane.toggle_wrap()
        for tick in range(20):
            pane.beat(NOON + tick / 100)
        texts = [line.lstrip(" ↳⋯") for line in inner(pane)]
        assert "".join(texts) == "x" * sum(map(len, texts))
        assert all(len(text) in (46, 500 - 10 * 46) for text in texts)
        settled = inner(pane)
        pane.beat(NOON + 0.5)
        assert inner(pane) == settled


async def test_each_page_goes_on_where_the_one_before_it_ended(guest: Guest) -> None:
    guest.write(b"".join(b"%04d" % n for n in range(3000)) + b"\n")
    async with reading(guest) as (stage, pane):
        await stage.press("w", "g")
        pages = ["".join(row[9:] for row in inner(pane))]
        for _ in range(5):
            await stage.press("space")
            pages.append("".join(row[9:] for row in inner(pane)))
        text = "".join(b"%04d".__mod__(n).decode() for n in range(3000))
        assert all(text.startswith("".join(pages[: n + 1])) for n in range(len(pages)))
        assert all(one != other for one, other in pairwise(pages))
