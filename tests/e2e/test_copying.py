"""What is copied reaches a real terminal's clipboard, and what a guest sends does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Home
from tests.e2e.terminal import Terminal, guestwatch
from tests.guests.serve import GuestProcess, Kind, pieces

pytestmark = pytest.mark.timeout(240)

LINES = b"".join(pieces(Kind.LINES, 10_000)).decode().split("\n")

SIZE = (120, 40)


def watch(socket: Path) -> list[str]:
    return guestwatch("watch", f"vm1={socket}")


@pytest.mark.parametrize(
    ("clipboard", "said"),
    [("on", "B) to tmux"), ("external", "B) into tmux"), ("off", "B) into tmux")],
)
def test_a_copied_line_is_in_tmux_whatever_it_lets_programs_do(
    home: Home, short_folder: Path, clipboard: str, said: str
) -> None:
    socket = short_folder / "vm1.sock"
    with (
        GuestProcess(socket, Kind.LINES, 10_000),
        Terminal(watch(socket), size=SIZE, env=home.env) as terminal,
    ):
        terminal.set_clipboard(clipboard)
        terminal.wait_for("FOLLOW")
        terminal.press("1")
        terminal.press("v")
        terminal.wait_for("VISUAL 1 line")
        terminal.press("k")
        terminal.wait_for("VISUAL 2 lines")
        terminal.press("y")
        terminal.wait_for(said)
        first, second = terminal.paste_buffer().split("\n")
        assert first in LINES
        assert LINES[LINES.index(first) + 1] == second
        terminal.press("q")
        terminal.wait_for("exit code 0")


def test_what_is_sent_is_the_sequence_that_terminals_know(home: Home, short_folder: Path) -> None:
    """Without `$TMUX` the program knows of no tmux: what arrives came as OSC 52."""
    socket = short_folder / "vm1.sock"
    command = ["env", "-u", "TMUX", *watch(socket)]
    with (
        GuestProcess(socket, Kind.LINES, 10_000),
        Terminal(command, size=SIZE, env=home.env) as terminal,
    ):
        terminal.set_clipboard("on")
        terminal.wait_for("FOLLOW")
        terminal.press("1")
        terminal.press("Y")
        terminal.wait_for("B) to the")
        *copied, last = terminal.paste_buffer().split("\n")
        assert len(copied) > 20
        at = LINES.index(copied[0])
        assert copied == LINES[at : at + len(copied)]
        assert LINES[at + len(copied)] == last
        terminal.press("q")
        terminal.wait_for("exit code 0")


def test_a_hostile_guest_fills_no_clipboard_and_what_is_copied_of_it_is_safe(
    home: Home, short_folder: Path
) -> None:
    socket = short_folder / "vm1.sock"
    with (
        GuestProcess(socket, Kind.BROKEN_TEXT, 20_000),
        Terminal(watch(socket), size=SIZE, env=home.env) as terminal,
    ):
        terminal.set_clipboard("on")
        terminal.wait_for("[bold red]markup[/] $variable")
        terminal.press("1")
        terminal.press("g")
        terminal.wait_for("PAUSED")
        assert terminal.paste_buffer() == ""
        terminal.press("v")
        terminal.press("G")
        terminal.wait_for(lambda screen: bool(re.search(r"VISUAL [\d,]{3,} lines", screen)))
        terminal.press("B")
        terminal.wait_for("B) to tmux")
        copied = terminal.paste_buffer()
        assert copied.startswith("`vm1` (")
        assert all(line.isprintable() for line in copied.split("\n"))
        assert terminal.title() != "title"
        terminal.press("q")
        terminal.wait_for("exit code 0")
