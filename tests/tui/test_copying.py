"""Copying: what is sent to the terminal, and what is said of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.console import Position, safe_text
from core.reports import fenced
from core.sandboxes.model import SandboxFacts
from tests.tui.panes import NOON, Guest
from tests.tui.stage import HOSTILE, Stage, dashboard
from tests.tui.test_filter_keys import filtered
from tui.copying.clipboard import MAX_BYTES, said_of
from tui.copying.report_block import Origin, block
from tui.copying.taking import Taken

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def bare_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)


def hundred(guest: Guest) -> SandboxFacts:
    guest.lines(range(100))
    return guest.facts()


@contextmanager
def sent_by(stage: Stage) -> Iterator[list[str]]:
    """All that is written to the terminal meanwhile and asks for the clipboard."""
    driver = stage.app._driver
    assert driver is not None
    sent: list[str] = []
    write = driver.write

    def watch(data: str) -> None:
        if "\x1b]52" in data:
            sent.append(data)
        write(data)

    driver.write = watch  # type: ignore[method-assign]
    yield sent


def text_of(sequence: str) -> str:
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\a")
    return base64.b64decode(sequence[7:-1], validate=True).decode()


async def test_y_copies_the_current_line_and_says_no_more_than_is_known(guest: Guest) -> None:
    async with dashboard([hundred(guest)]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "y")
            await stage.toasted(1)
        assert [text_of(each) for each in sent] == ["line 000099"]
        assert stage.toasts == [
            "Sent 1 line (11 B) to the terminal. It does not say whether it took it."
        ]


async def test_y_copies_what_is_selected_and_leaves_visual_mode(guest: Guest) -> None:
    async with dashboard([hundred(guest)]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "v", "k", "k")
            assert "VISUAL 3 lines" in stage.text
            await stage.press("y")
            await stage.toasted(1)
        assert text_of(sent[0]) == "line 000097\nline 000098\nline 000099"
        assert "VISUAL" not in stage.text
        assert stage.toasts[0].startswith("Sent 3 lines (35 B)")


async def test_esc_leaves_visual_mode_before_anything_else(guest: Guest) -> None:
    async with dashboard([hundred(guest)]) as stage:
        await stage.press("1", "enter", "v", "k")
        assert "VISUAL 2 lines" in stage.text
        await stage.press("escape")
        assert "VISUAL" not in stage.text
        assert stage.app.dashboard.stage.is_zoomed
        await stage.press("escape")
        assert not stage.app.dashboard.stage.is_zoomed


async def test_v_again_selects_nothing_and_the_other_key_changes_the_grain(guest: Guest) -> None:
    async with dashboard([hundred(guest)]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "v", "k", "V", *["right"] * 5, "o", *["left"] * 7, "y")
            await stage.toasted(1)
        assert text_of(sent[0]) == "000098\nline"
        await stage.press("v", "v")
        assert "VISUAL" not in stage.text


async def test_upper_y_copies_the_whole_lines_in_sight_without_their_times(guest: Guest) -> None:
    guest.write(b"a" * 300 + b"\n")
    guest.write(b"end\n")
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "Y")
            await stage.toasted(1)
        assert text_of(sent[0]) == "a" * 300 + "\nend"


async def test_ctrl_c_copies_a_selection_and_without_one_tells_how_to_quit(guest: Guest) -> None:
    async with dashboard([hundred(guest)]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "ctrl+c")
            await stage.toasted(1)
            assert "Press q to quit" in stage.toasts[0]
            assert sent == []
            await stage.press("v", "ctrl+c")
            await stage.toasted(2)
        assert text_of(sent[0]) == "line 000099"


async def test_what_is_too_much_is_cut_behind_a_line_and_that_is_said(guest: Guest) -> None:
    guest.lines(range(20_000))
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "v", "g", "y")
            await stage.toasted(1)
        assert len(sent[0]) <= 100_000
        lines = text_of(sent[0]).split("\n")
        assert lines == [f"line {number:06}" for number in range(len(lines))]
        assert len("\n".join(lines)) > MAX_BYTES - 12
        assert f"Sent only the first {len(lines):,} lines (75 kB)" in stage.toasts[0]
        assert "Press S to save" in stage.toasts[0]


@pytest.mark.parametrize("key", ["y", "Y", "B", "v", "V", "o", "ctrl+c"])
async def test_without_a_line_no_key_does_anything_bad(key: str, guest: Guest) -> None:
    guest.boot()
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press(key)
            await stage.press("1", key, "escape")
        assert sent == []
        assert stage.app.is_running


async def test_what_was_dropped_meanwhile_is_not_copied_and_that_is_said(guest: Guest) -> None:
    megabyte = b"".join(b"line %06d %s\n" % (n, b"." * 1000) for n in range(1000))
    guest.write(b"first line\n")
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "v")
        for _ in range(40):
            guest.write(megabyte)
        assert guest.recorder is not None
        sorted(guest.recorder.folder.glob("console.0*.log"))[0].unlink()
        await stage.until(lambda: "VISUAL all dropped" in stage.text)
        await stage.press("y")
        await stage.toasted(1)
        assert "dropped from the recording" in stage.toasts[0]


async def test_no_byte_of_a_guest_reaches_the_terminal_as_it_came(guest: Guest) -> None:
    guest.write("\n".join(HOSTILE).encode() + b"\n\x1b]52;c;UFdORUQ=\x07\x9b31m\x00\n```\n")
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "Y")
            await stage.toasted(1)
            await stage.press("B")
            await stage.toasted(2)
        assert len(sent) == 2
        for each in sent:
            text = text_of(each)
            assert all(line.isprintable() for line in text.split("\n"))
            assert "PWNED" not in text


# The block for a bug report.


async def test_a_block_says_where_its_lines_are_from(guest: Guest) -> None:
    guest.boot(b"old\n")
    guest.boot()
    guest.lines(range(3))
    guest.lines(range(3, 6), after=2.5)
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "v", "k", "k", "k", "B")
            await stage.toasted(1)
        assert text_of(sent[0]).split("\n") == [
            "`vm1` (`qemu`), generation 2",
            "2025-11-23T12:00:00.000Z to 2025-11-23T12:00:02.500Z, bytes 24 to 72,"
            " guestwatch 0.1.0",
            "",
            "```text",
            "line 000002",
            "line 000003",
            "line 000004",
            "line 000005",
            "```",
            "",
        ]


def origin(name: str = "vm1") -> Origin:
    end = Position(3, 99)
    return Origin(safe_text(name), safe_text(""), Position(2, 5), end, NOON, None)


def test_a_block_over_two_generations_names_both() -> None:
    text = block(origin(), Taken("a", 1))
    assert "generations 2 to 3" in text
    assert "to unknown time" in text


@pytest.mark.parametrize("ticks", [1, 3, 4, 17])
def test_no_text_closes_its_fence_and_no_name_its_code(ticks: int) -> None:
    guest_text = "\n".join(["before", "`" * ticks, "~~~", "after"])
    head, *lines, tail = fenced(guest_text).split("\n")
    assert "\n".join(lines) == guest_text
    assert head == f"{tail}text"
    assert set(tail) == {"`"}
    assert len(tail) > ticks
    text = block(origin(f"`{'`' * ticks}](http://x)"), Taken("a", 1))
    assert text.startswith("`" * (ticks + 2) + " `")


@pytest.mark.parametrize("data", [b"a", b"`", b"``\n", "日".encode(), b"\n"])
async def test_no_block_is_more_than_may_be_copied(data: bytes, guest: Guest) -> None:
    guest.write(data * (100_000 // len(data)) + b"\n")
    async with dashboard([guest.facts()]) as stage:
        with sent_by(stage) as sent:
            await stage.press("1", "v", "g", "B")
            await stage.toasted(1)
        assert len(sent[0]) <= 100_000
        text = text_of(sent[0])
        assert len(text) > 20_000
        assert text.splitlines()[-1].startswith("Cut: these are the first ")


def test_what_was_cut_is_said_to_be_cut() -> None:
    assert said_of(Taken("a\nb", 2)) == "2 lines (3 B)"
    assert said_of(Taken("a\nb", 2, is_cut=True)) == "only the first 2 lines (3 B)"


# What a filter leaves.


async def test_what_a_filter_hides_is_not_copied_and_is_not_said_to_be_dropped(
    guest: Guest,
) -> None:
    words = ("usb", "error")
    guest.boot(b"".join(b"%s %03d\n" % (words[n % 10 == 5].encode(), n) for n in range(100)))
    async with filtered(guest) as on:
        await on.filter("error")
        with sent_by(on.stage) as sent:
            await on.press("v", "k", "k")
            assert "VISUAL 3 matches" in on.stage.text
            await on.press("g")
            assert "VISUAL 10 matches" in on.stage.text
            await on.press("y")
            await on.stage.toasted(1)
    lines = text_of(sent[0]).split("\n")
    assert [line for line in lines if not line.startswith("-- ")] == [
        f"error {n:03}" for n in range(5, 100, 10)
    ]
    assert not any("dropped" in line for line in lines)
