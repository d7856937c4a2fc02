"""What a guest prints acts on nobody's terminal, and does not stop the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Home
from tests.e2e.terminal import Terminal, guestwatch
from tests.guests.serve import GuestProcess, Kind, pieces

pytestmark = pytest.mark.timeout(240)

MB = 1_000_000


def test_hostile_bytes_reach_neither_clipboard_nor_title_nor_keys(
    home: Home, short_folder: Path
) -> None:
    socket = short_folder / "vm1.sock"
    with (
        GuestProcess(socket, Kind.BROKEN_TEXT, 20_000),
        Terminal(guestwatch("watch", f"vm1={socket}"), size=(120, 40), env=home.env) as terminal,
    ):
        terminal.set_clipboard("on")
        title = terminal.title()
        terminal.wait_for("[bold red]markup[/] $variable")
        terminal.press("1")
        terminal.press("g")
        terminal.wait_for("PAUSED")
        terminal.press("f")
        terminal.wait_for("FOLLOW")
        assert terminal.paste_buffer() == ""
        assert terminal.title() == title
        # An answer of the terminal would have come in as key presses.
        assert "vm1" in terminal.screen()
        terminal.press("q")
        terminal.wait_for("exit code 0")
    assert home.log("vm1") == b"".join(pieces(Kind.BROKEN_TEXT, 20_000))


def test_without_the_sanitiser_the_same_bytes_do_reach_them(short_folder: Path) -> None:
    dump = short_folder / "bytes"
    dump.write_bytes(b"".join(pieces(Kind.BROKEN_TEXT, 20_000)))
    with Terminal(["cat", str(dump)]) as terminal:
        terminal.wait_for(lambda _: terminal.title() == "title")


def recorded_size(home: Home, sandbox_id: str) -> Callable[[str], bool]:
    def is_complete(_: str) -> bool:
        try:
            folder = home.generations(sandbox_id)[-1]
        except (FileNotFoundError, IndexError):
            return False
        return sum(p.stat().st_size for p in folder.glob("console*.log")) >= 100 * MB

    return is_complete


def test_a_flood_of_100_mb_loses_nothing_and_keys_still_answer(
    home: Home, short_folder: Path
) -> None:
    names = ["flood", "one", "two", "three"]
    sockets = {name: short_folder / f"{name}.sock" for name in names}
    named = [f"{name}={path}" for name, path in sockets.items()]
    with (
        GuestProcess(sockets["one"], Kind.LINES, 10_000),
        GuestProcess(sockets["two"], Kind.LINES, 10_000),
        GuestProcess(sockets["three"], Kind.ENDLESS_LINE, 2 * MB),
        Terminal(guestwatch("watch", *named), size=(160, 50), env=home.env) as terminal,
    ):
        terminal.wait_for("absent")
        with GuestProcess(sockets["flood"], Kind.LINES, 100 * MB):
            terminal.wait_for("B/s")
            terminal.press("1")
            terminal.press("PageUp")
            screen = terminal.wait_for("PAUSED")
            terminal.press("?")
            terminal.wait_for("Keys and states")
            terminal.press("?")
            terminal.wait_for(lambda screen: "Keys and states" not in screen)
            terminal.wait_for(recorded_size(home, "flood"))
            terminal.press("f")
            terminal.wait_for(lambda screen: "PAUSED" not in screen)
            assert screen
        terminal.press("q")
        terminal.wait_for("exit code 0")
    home.wait_until_capture_is_gone()
    assert home.log("flood") == b"".join(pieces(Kind.LINES, 100 * MB))
    assert home.log("three") == b"".join(pieces(Kind.ENDLESS_LINE, 2 * MB))


def test_a_guest_that_hangs_up_at_once_is_told(home: Home, short_folder: Path) -> None:
    from tests.guests.serve import Afterwards

    socket = short_folder / "vm1.sock"
    with (
        GuestProcess(socket, Kind.LINES, 0, afterwards=Afterwards.AGAIN),
        Terminal(guestwatch("watch", f"vm1={socket}"), env=home.env) as terminal,
    ):
        terminal.wait_for("without a byte")
        terminal.press("q")
        terminal.wait_for("exit code 0")
