"""A recording or a log viewed by itself: what is said of it, its keys, what it lives through."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from core.cli.viewed import RecordedView, find_viewed
from core.console import Position
from core.console.place import AtLine, AtOffset, Place, parse_place
from core.plain_log import PlainLog
from tests.core.recording.made import open_descriptors
from tests.tui.panes import NOON, Guest, inner, rows
from tests.tui.stage import screen_text
from tui.actions.bindings import bindings
from tui.screens.view import ACTIONS, ViewScreen
from tui.viewer import ViewApp
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio


@dataclass
class Shown:
    """A viewer that runs."""

    app: ViewApp
    pilot: Pilot[None]
    now: float = NOON

    @property
    def pane(self) -> ConsolePane:
        return self.app.view.pane

    @property
    def lines(self) -> list[str]:
        """What stands between the borders, without blank rows at the end."""
        lines = [line.strip() for line in inner(self.pane)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def top(self) -> str:
        return rows(self.pane)[0]

    @property
    def bottom(self) -> str:
        return rows(self.pane)[-1]

    @property
    def toasts(self) -> list[str]:
        return [each.message for each in self.app._notifications]

    def is_going(self) -> bool:
        return self.app.view.is_going

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def go(self, typed: str) -> None:
        await self.press("#", *[{" ": "space"}.get(char, char) for char in typed], "enter")
        await self.until(lambda: not self.is_going())

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(20):
            while not condition():
                await self.pilot.pause()


@asynccontextmanager
async def shown(
    what: RecordedView | PlainLog,
    *,
    size: tuple[int, int] = (80, 14),
    at: str = "",
) -> AsyncIterator[Shown]:
    place: Place | None = parse_place(at) if at else None
    clock = [NOON]
    app = ViewApp(what, clock=lambda: clock[0], at=place)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield Shown(app, pilot)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "console.log"
    path.write_bytes(b"".join(b"line %04d\n" % number for number in range(1, 1001)))
    return path


@pytest.fixture
def recording(guest: Guest) -> RecordedView:
    """Two boots, a line a second: 100 lines from noon on, and 100 from 12:10 on."""
    for boot in (1, 2):
        guest.clock = (boot - 1) * 600.0
        guest.boot()
        for number in range(100):
            guest.write(b"boot %d line %03d\n" % (boot, number), 1.0)
    return RecordedView(guest.id, guest.home / guest.id)


# What is said.


async def test_a_log_opens_at_its_end_and_says_what_it_is(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        assert view.lines[-1] == "line 1000"
        assert view.top.startswith("╭ console.log ─ log ─")
        assert "■ at rest ─ FOLLOW" in view.top
        header, footer = view.text.splitlines()[0], view.text.splitlines()[-1]
        assert header.startswith(" guestwatch  console.log  10 kB")
        assert header.rstrip().endswith("console.log")
        assert "# go to" in footer
        assert "q quit" in footer


async def test_a_recording_says_how_much_and_of_when_it_is(recording: RecordedView) -> None:
    async with shown(recording, size=(140, 14)) as view:
        assert view.lines[-1].endswith("boot 2 line 099")
        header = view.text.splitlines()[0]
        assert "vm1  3.2 kB · 2 boots · 2025-11-23 12:00:01 – 12:11:40" in header
        assert "boot 2" in view.bottom
        assert view.lines[-1].startswith("100.000")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 160])
async def test_the_first_line_gives_up_the_least_useful_first(
    recording: RecordedView, width: int
) -> None:
    async with shown(recording, size=(width, 14)) as view:
        header = view.text.splitlines()[0]
        assert len(header) == width
        assert "vm1" in header
        assert ("3.2 kB" in header) == (width >= 40)
        assert ("12:11:40" in header) == (width >= 60)


async def test_one_generation_is_shown_alone(recording: RecordedView) -> None:
    what = find_viewed(str(recording.folder), generation=1)
    assert isinstance(what, RecordedView)
    async with shown(what) as view:
        assert view.lines[-1].endswith("boot 1 line 099")
        assert "boots" not in view.text


@pytest.mark.parametrize("kind", ["log", "recording"])
async def test_where_nothing_is_it_says_why(tmp_path: Path, guest: Guest, kind: str) -> None:
    path = tmp_path / "empty.log"
    path.write_bytes(b"")
    guest.boot()
    what = PlainLog(path) if kind == "log" else RecordedView("vm1", guest.home / "vm1")
    async with shown(what) as view:
        why = "The file is empty." if kind == "log" else "Nothing was recorded yet."
        assert why in view.text
        await view.press("#", "1", "enter")
        assert "There is nothing to go to yet." in view.toasts
        await view.press("up", "pageup", "g", "G", "f", "t", "r", "left", "right")
        if kind == "log":
            path.write_bytes(b"now\n")
        else:
            guest.write(b"now\n")
        await view.until(lambda: view.lines[0].endswith("now"))


async def test_binary_junk_is_shown_and_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "[red]x\x1b]0;y\x07.bin"
    path.write_bytes(bytes(range(256)) * 300 + os.urandom(50_000))
    async with shown(PlainLog(path)) as view:
        for key in ("g", "pagedown", "r", "G", "pageup", "right"):
            await view.press(key)
            assert not any(char in view.text for char in "\x1b\x07\x00\x7f\x9b")
        assert "[red]x" in view.text


# Keys.


async def test_every_key_of_a_view_reaches_its_action(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        active = view.app.screen.active_bindings
        for binding in bindings(ACTIONS):
            assert active[binding.key].binding.action == binding.action


def test_nothing_of_sandboxes_or_capture_is_left() -> None:
    ids = {action.id for action in ACTIONS}
    assert ids.isdisjoint({"toggle-proxy", "toggle-debug", "take", "toggle-list", "zoom"})
    assert ids.isdisjoint({"focus-pane", "next-pane", "previous-pane", "quit-keeping"})
    assert {"follow", "go-to", "first", "cycle-time", "help", "palette", "quit", "peel"} <= ids
    words = " ".join(action.help for action in ACTIONS)
    assert not any(each in words for each in ("capture", "first sandbox", "in the list"))
    for action in ACTIONS:
        name = action.method.removeprefix("app.")
        owner = ViewApp if action.method.startswith("app.") else ViewScreen
        assert callable(getattr(owner, f"action_{name}"))


async def test_keys_move_through_the_console(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        height = len(view.lines)
        await view.press("up", "k")
        assert view.lines[-1] == "line 0998"
        assert "PAUSED" in view.top
        await view.press("down", "j")
        assert "FOLLOW" in view.top
        await view.press("pageup")
        assert view.lines[-1] == f"line {1000 - height:04}"
        await view.press("pagedown")
        assert view.lines[-1] == "line 1000"
        for home in ("g", "home"):
            await view.press(home)
            assert view.lines[0] == "line 0001"
            assert " 1% " in view.bottom
            await view.press("G")
            assert view.lines[-1] == "line 1000"
        await view.press("g", "f")
        assert view.lines[-1] == "line 1000"
        await view.press("g", "end")
        assert "FOLLOW" in view.top
        await view.press("right")
        assert "col 9" in view.bottom
        await view.press("left")
        assert "col" not in view.bottom


async def test_lines_are_dated_another_way_where_anything_dates_them(
    recording: RecordedView, log: Path
) -> None:
    async with shown(recording) as view:
        seen = set()
        for _ in range(6):
            seen.add(view.lines[-1].split("boot")[0].strip())
            await view.press("t")
        assert {"100.000", "12:11:40.000", ""} <= seen
    async with shown(PlainLog(log)) as view:
        await view.press("t")
        assert view.toasts == ["It is not known when these lines were written."]
        assert view.lines[-1] == "line 1000"


async def test_lines_are_shown_raw(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    path.write_bytes(b'{"level":"INFO","ts":"2025-11-23T12:00:00Z","subsystem":"rpc","msg":"hi"}\n')
    async with shown(PlainLog(path)) as view:
        assert not view.lines[0].startswith("{")
        await view.press("r")
        assert view.lines[0].startswith('{"level"')


@pytest.mark.parametrize(
    ("typed", "line", "at_bottom"),
    [
        ("123", "line 0123", "line 123"),
        ("1000", "line 1000", "line 1,000"),
        ("50%", "line 0501", "%"),
        ("@5000", "line 0501", "%"),
        ("0x1388", "line 0501", "%"),
    ],
)
async def test_a_place_of_a_log_is_gone_to(
    log: Path, typed: str, line: str, at_bottom: str
) -> None:
    async with shown(PlainLog(log)) as view:
        await view.go(typed)
        assert f"▸{line}" in view.lines
        assert at_bottom in view.bottom
        assert view.app.view.position is not None
        assert not view.app.view.prompt.is_asking
        assert view.app.focused is view.pane


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("12:00:31", "boot 1 line 030"),
        ("12:05", "boot 2 line 000"),
        ("2025-11-23 12:10:11", "boot 2 line 010"),
        ("+29.5", "boot 2 line 029"),
        ("7", "boot 2 line 006"),
    ],
)
async def test_a_time_of_a_recording_is_gone_to(
    recording: RecordedView, typed: str, row: str
) -> None:
    async with shown(recording) as view:
        await view.go(typed)
        assert any(line.endswith(f"▸{row}") for line in view.lines)


async def test_a_place_that_is_none_is_explained_and_may_be_left(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        await view.press("#", *"soon", "enter")
        await view.until(lambda: "“soon” is no place" in view.text)
        assert "45% a share" in view.text
        await view.press("escape")
        assert "soon" not in view.text
        assert view.app.focused is view.pane
        assert "FOLLOW" in view.top
        await view.go("12:00")
        assert view.toasts == ["It is not known when these lines were written."]
        await view.go("5000")
        assert view.toasts[-1] == "It has 1,000 lines."
        assert "▸line 1000" in view.lines


async def test_only_a_recording_holds_marks(log: Path, recording: RecordedView) -> None:
    async with shown(PlainLog(log)) as view:
        await view.press("m")
        assert view.toasts == ["Only a recording holds marks."]
        assert not view.app.view.prompt.is_asking
    async with shown(recording) as view:
        await view.press("m", *"here", "enter")
        await view.until(lambda: any("here" in line for line in view.lines))


async def test_places_are_remembered(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        await view.go("123")
        await view.press("#", "up")
        assert view.app.view.prompt.text == "123"


async def test_it_opens_where_one_wants(log: Path, recording: RecordedView) -> None:
    async with shown(PlainLog(log), at="123") as view:
        await view.until(lambda: "▸line 0123" in view.lines)
        assert view.lines[0] != "line 0123"
    async with shown(recording, at="12:00:31") as view:
        await view.until(lambda: any("▸boot 1 line 030" in line for line in view.lines))


async def test_what_takes_long_is_told_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "sparse.log"
    path.write_bytes(b"first\n")
    os.truncate(path, 1 << 40)
    async with shown(PlainLog(path)) as view:
        await view.press("#", "9", "enter")
        await view.until(lambda: "looking for it: 0% · esc stops" in view.bottom)
        before = view.app.view.position
        await view.press("escape")
        assert not view.is_going()
        assert "looking" not in view.bottom
        assert view.app.view.position == before
        # Another one takes the place of the first.
        view.app.view.go_to(AtLine(9))
        assert view.is_going()
        view.app.view.go_to(AtOffset(0))
        assert not view.is_going()
        assert view.app.view.position == Position(1, 0)
        view.app.view.go_to(AtLine(9))
        await view.press("q")
    assert view.app.return_code == 0


async def test_help_and_palette_tell_of_a_view(log: Path) -> None:
    async with shown(PlainLog(log), size=(80, 60)) as view:
        await view.press("?")
        words = "Go to a line, a share, a time or a byte that is typed"
        await view.until(lambda: words in view.text)
        assert "States" not in view.text
        assert "sandbox" not in view.text
        await view.press("escape")
        offered = {each.help for each in view.app.get_system_commands(view.app.screen)}
        told = " ".join(offered)
        assert [a.id for a in ACTIONS if a.id != "palette" and a.help not in told] == []
        assert not any("capture" in each for each in offered)


async def test_a_click_on_a_key_is_a_press_of_it(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        column = view.text.splitlines()[-1].index("go to")
        await view.pilot.click(offset=(column, 13))
        await view.until(lambda: view.app.view.prompt.is_asking)


async def test_ctrl_c_tells_how_to_leave(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        await view.press("ctrl+c")
        assert view.toasts == ["Press q to quit."]


# What it lives through.


async def test_a_log_that_grows_is_followed(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        with log.open("ab") as writer:
            writer.write(b"line 1001\n")
        await view.until(lambda: view.lines[-1] == "line 1001")
        await view.until(lambda: "● growing" in view.top)
        await view.press("pageup")
        held = view.lines
        with log.open("ab") as writer:
            writer.write(b"more\n" * 5000)
        await view.until(lambda: "+5,000" in view.top)
        assert view.lines == held
        await view.press("f")
        assert view.lines[-1] == "more"


async def test_a_log_that_is_cut_or_replaced_says_so(log: Path) -> None:
    async with shown(PlainLog(log)) as view:
        log.write_bytes(b"anew\n")
        view.app.view._pane.beat(NOON + 2)
        assert view.lines[-1] == "anew"
        assert "it was cut or written anew" in view.lines[-2]
        fresh = log.with_suffix(".new")
        fresh.write_bytes(b"another\n")
        fresh.rename(log)
        view.app.view._pane.beat(NOON + 4)
        assert view.lines[-1] == "another"
        assert "another file took its place" in view.lines[-2]
        log.unlink()
        view.app.view._pane.beat(NOON + 6)
        assert "is not there any more" in view.bottom
        assert view.lines[-1] == "another"


async def test_a_live_recording_goes_on_in_its_next_boot(
    recording: RecordedView, guest: Guest
) -> None:
    async with shown(recording) as view:
        guest.clock = 1200.0
        guest.boot(b"third\n")
        view.app.view._pane.beat(NOON + 2)
        assert view.lines[-1].endswith("third")
        assert "guest rebooted 12:20:00" in view.lines[-2]


async def test_a_line_of_100_mb_still_answers(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    with path.open("wb") as writer:
        for _ in range(100):
            writer.write(b"0123456789abcdef" * 62_500)
    async with shown(PlainLog(path)) as view:
        await view.press("G")
        before = _was_read()
        for key in ("g", "pagedown", "down", "G", "pageup", "up", "g", "right", "r"):
            await view.press(key)
        await view.go("50%")
        assert any("▸" in line for line in view.lines)
        await view.go("@77777777")
        assert _was_read() - before < 8_000_000
        assert view.app.view.position is not None
        await view.go("2")
        assert view.toasts == ["It has 1 line."]


async def test_it_gives_everything_back(recording: RecordedView, log: Path) -> None:
    before = open_descriptors()
    for what in (recording, PlainLog(log)):
        async with shown(what) as view:
            await view.press("g", "G")
            await view.go("7")
            await view.press("q")
        assert view.app.return_code == 0
    assert open_descriptors() <= before


_calls: list[str] = []
_is_listening = [False]


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _is_listening[0] and event in _OF_OTHERS:
        _calls.append(f"{event} {arguments}")


_OF_OTHERS = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "subprocess.Popen",
    "os.fork",
    "os.exec",
    "os.posix_spawn",
}


async def test_no_capture_is_started_and_no_socket_touched(
    recording: RecordedView, log: Path
) -> None:
    sys.addaudithook(_hear)
    _is_listening[0] = True
    try:
        for what in (recording, PlainLog(log)):
            async with shown(what) as view:
                for action in ACTIONS:
                    if action.id not in ("palette", "quit"):
                        await view.press(action.keys[0], "escape")
    finally:
        _is_listening[0] = False
    assert _calls == []


def _was_read() -> int:
    """Bytes that this process has read."""
    return int(Path("/proc/self/io").read_text("ascii").split()[1])
