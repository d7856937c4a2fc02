"""Guests that want to harm whoever looks at them."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.console import ConsoleLine, Run, SafeStr
from tests.tui.panes import NOON, Guest, PaneApp, inner, rows
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

SGR = re.compile(r"\x1b\[[0-9;]*m")
CURSOR = re.compile(r"\x1b\[[0-9]+;[0-9]+H")


async def test_markup_in_names_and_lines_stands_as_it_is(guest: Guest) -> None:
    guest.write(b"[ OK ] [red]x[/red] [/ [@click=app.quit]go[/]\n")
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(80, 8)):
        pane.show(guest.facts(name="[red]evil[/]", trouble="[/nope"), 1)
        assert "[ OK ] [red]x[/red] [/ [@click=app.quit]go[/]" in inner(pane)[0]
        assert "[red]evil[/]" in rows(pane)[0]
        assert "[/nope" in rows(pane)[-1]


hostile = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"\x1b]52;c;cHduZWQ=\x07",
                b"\x1b[2J",
                b"\x1b[6n",
                b"\x1b]0;title\x1b\\",
                b"\x1bP$qm\x1b\\",
                b"\x9b6n",
                "\x9b6n\u202e\u2066\u200b".encode(),
                b"\x1b[31;1mred\x1b[0m",
                b"\r\n",
                b"\x08\x7f\x00\x05",
            ]
        ),
    ),
    min_size=1,
    max_size=12,
).map(b"".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chunks=st.lists(hostile, min_size=8, max_size=8), name=st.text(max_size=30))
async def test_no_control_code_of_the_guests_reaches_the_terminal(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], name: str
) -> None:
    guest = Guest(tmp_path_factory.mktemp("hostile"))
    pane = ConsolePane()
    app = PaneApp(pane)
    async with app.run_test(size=(80, 24)) as pilot:
        guest.boot()
        for chunk in chunks:
            guest.write(chunk)
            pane.show(guest.facts(name=name, reason=name, trouble=name), 1)
            pane.beat(NOON)
            await pilot.pause()
            assert control_codes(app) == set()
    guest.close()


async def test_the_check_for_control_codes_sees_one_that_goes_around_the_sanitiser(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsafe(data: bytes, **_: bool) -> ConsoleLine:
        text = data.decode("latin-1")
        return ConsoleLine(SafeStr(text), (Run(len(text)),))

    monkeypatch.setattr("tui.pane.row_texts.render_line", unsafe)
    guest.write(b"\x1b]52;c;cHduZWQ=\x07\x9b6n\n")
    pane = ConsolePane()
    app = PaneApp(pane)
    async with app.run_test(size=(80, 24)) as pilot:
        pane.show(guest.facts(), 1)
        await pilot.pause()
        assert {"\x1b", "\x07", "\x9b"} <= control_codes(app)


async def test_a_100_mb_line_without_an_end_is_painted_with_bounded_reads(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.boot()
    for _ in range(100):
        guest.write(b"x" * 1_000_000)
    read = 0
    pread = os.pread

    def counted(fd: int, size: int, offset: int) -> bytes:
        nonlocal read
        data = pread(fd, size, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counted)
    pane = ConsolePane()
    async with PaneApp(pane).run_test(size=(80, 24)):
        pane.show(guest.facts(), 1)
        pane.scroll_pages(-1)
        pane.go_home()
        assert inner(pane)[0].endswith("x›")
        assert inner(pane)[1].lstrip().startswith("⋯")
        assert read < 12_000_000


def control_codes(app: PaneApp) -> set[str]:
    """The characters on their way to the terminal that it acts on and Textual did not write."""
    compositor = app.screen._compositor
    frame = compositor.render_full_update().render_segments(app.console)
    sent = CURSOR.sub("", SGR.sub("", frame)).replace("\n", "")
    # A guest's own SGR would hide among Textual's in the frame, but not in the strips.
    strips = "".join(strip.text for strip in compositor.render_strips())
    return {char for char in sent + strips if not char.isprintable()}
