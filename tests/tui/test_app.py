"""The dashboard as a whole: what is in sight, what keys do, what happens when things go wrong."""

from __future__ import annotations

import itertools
import re
from contextlib import closing

import msgspec
import pytest

from core.client import CaptureGone, SandboxChanged, TrafficCounted
from core.console import safe_text
from core.errors import CommandRefused
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts, Traffic
from tests.fakes import NOON, ScriptedLink, sandbox
from tests.tui.stage import HOSTILE, Stage, dashboard, deliver, screen_text
from tui.actions import ACTIONS, Group
from tui.app import GuestwatchApp

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])


def header(stage: Stage) -> str:
    return stage.text.splitlines()[0]


def titles(stage: Stage) -> list[str]:
    return [pane.facts.id for pane in stage.app.dashboard.stage.grid.panes if pane.facts]


def list_is_open(stage: Stage) -> bool:
    return stage.app.dashboard.stage.list.region.width > 0


# What is in sight.


async def test_the_header_counts() -> None:
    facts = [
        sandbox("a"),
        sandbox("b", ConsoleState.FAILED),
        sandbox("c", ConsoleState.NOT_WATCHED),
    ]
    async with dashboard(facts) as stage:
        assert header(stage).split("  ")[0].strip() == "guestwatch"
        assert "kvm07  3 sandboxes · 2 watched · 1 in trouble" in header(stage)
        assert header(stage).rstrip().endswith("12:04:31")


@pytest.mark.parametrize("width", [20, 40, 60, 80])
async def test_the_header_gives_up_the_least_useful_first(width: int) -> None:
    async with dashboard([sandbox("a", ConsoleState.FAILED)], size=(width, 24)) as stage:
        assert header(stage).rstrip().endswith(("12:04:31", "12:04"))
        if width >= 60:
            assert "1 in trouble" in header(stage)


@SIZES
async def test_an_empty_host_says_what_to_type(size: tuple[int, int]) -> None:
    async with dashboard(size=size) as stage:
        assert "No sandbox is being watched." in stage.text
        assert "guestwatch watch vm1=unix:/run/vm1.sock" in stage.text
        assert "guestwatch demo" in stage.text
        assert "config.toml" in stage.text


@SIZES
async def test_sandboxes_without_a_pane_say_why_and_which_key_helps(size: tuple[int, int]) -> None:
    async with dashboard([sandbox("vm1", ConsoleState.NOT_WATCHED)], size=size) as stage:
        assert "vm1" in stage.text
        assert "stopped" in stage.text
        if size[0] >= 70:
            assert "Press s to start it." in stage.text
        await stage.press("s")
        await stage.until(lambda: stage.link.asked == [("start", "vm1")])


async def test_panes_are_of_what_is_watched_in_list_order() -> None:
    facts = [
        sandbox("c"),
        sandbox("off", ConsoleState.NOT_WATCHED),
        sandbox("a", ConsoleState.ABSENT),
        sandbox("b", ConsoleState.FAILED),
    ]
    async with dashboard(facts) as stage:
        assert titles(stage) == ["c", "a", "b"]


async def test_a_new_sandbox_appears_and_changes_are_shown() -> None:
    async with dashboard() as stage:
        stage.link.tell(SandboxChanged(sandbox("vm1", ConsoleState.CONNECTING)))
        await stage.until(lambda: "connecting" in stage.text)
        stage.link.tell(SandboxChanged(sandbox("vm1")))
        await stage.until(lambda: "live" in stage.text)
        assert "1 sandbox · 1 watched" in header(stage)


async def test_rates_are_shown_as_they_are_counted() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        counted = Traffic(bytes=100, bytes_per_s=5_300, last_byte_at=NOON)
        stage.link.tell(TrafficCounted({"vm1": counted}))
        await stage.until(lambda: "5.3 kB/s" in stage.text)


async def test_silence_grows_with_the_clock_alone() -> None:
    clock = itertools.count(NOON)
    async with dashboard([sandbox("vm1")], clock=lambda: next(clock)) as stage:
        await stage.until(lambda: "silent" in stage.text)


# Folding and zoom.


@pytest.mark.parametrize(("width", "is_open"), [(60, False), (69, False), (70, True), (200, True)])
async def test_the_list_folds_away_in_a_narrow_window(width: int, is_open: bool) -> None:
    async with dashboard([sandbox("vm1")], size=(width, 24)) as stage:
        assert list_is_open(stage) is is_open
        assert titles(stage) == ["vm1"]


async def test_a_folded_list_can_be_called_and_left() -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")], size=(60, 24)) as stage:
        await stage.press("l")
        assert list_is_open(stage)
        await stage.press("j")
        assert stage.selected == "vm2"
        await stage.press("escape")
        assert not list_is_open(stage)
        pane = stage.app.dashboard.stage.grid.focused_pane
        assert pane is not None
        assert pane.facts is not None
        assert pane.facts.id == "vm2"


async def test_a_resized_window_folds_and_unfolds() -> None:
    async with dashboard([sandbox("vm1")], size=(120, 24)) as stage:
        await stage.pilot.resize_terminal(60, 24)
        await stage.until(lambda: not list_is_open(stage))
        await stage.pilot.resize_terminal(100, 24)
        await stage.until(lambda: list_is_open(stage))


@pytest.mark.parametrize("keys", [("enter", "enter"), ("z", "z"), ("enter", "escape")])
async def test_zoom_and_back(keys: tuple[str, str]) -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")]) as stage:
        zoom, back = keys
        await stage.press("j", zoom)
        assert titles(stage) == ["vm2"]
        assert not list_is_open(stage)
        await stage.press(back)
        assert titles(stage) == ["vm1", "vm2"]
        assert list_is_open(stage)


async def test_zoom_from_a_list_that_has_the_panes_place() -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")], size=(60, 24)) as stage:
        await stage.press("l", "j", "enter")
        assert titles(stage) == ["vm2"]
        assert not list_is_open(stage)


async def test_zoom_of_what_has_no_pane_says_why() -> None:
    async with dashboard([sandbox("a"), sandbox("b", ConsoleState.NOT_WATCHED)]) as stage:
        await stage.press("j", "enter")
        assert stage.toasts == ["The proxy is stopped. Press s to start it."]


async def test_a_zoomed_sandbox_whose_pane_goes_gives_the_others_back() -> None:
    async with dashboard([sandbox("a"), sandbox("b")]) as stage:
        await stage.press("enter")
        stage.link.tell(SandboxChanged(sandbox("a", ConsoleState.NOT_WATCHED)))
        await stage.until(lambda: titles(stage) == ["b"])
        assert list_is_open(stage)


# The selected sandbox and the focused pane go together.


async def test_digits_focus_panes_and_select_their_sandboxes() -> None:
    async with dashboard([sandbox("a"), sandbox("b"), sandbox("c")]) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.selected == "c")
        await stage.press("1")
        await stage.until(lambda: stage.selected == "a")


async def test_tab_goes_round_list_and_panes() -> None:
    async with dashboard([sandbox("a"), sandbox("b")]) as stage:
        stops = []
        for _ in range(3):
            await stage.press("tab")
            pane = stage.app.dashboard.stage.grid.focused_pane
            stops.append(pane.facts.id if pane is not None and pane.facts else "list")
        assert stops == ["a", "b", "list"]
        await stage.press("shift+tab")
        await stage.until(lambda: stage.selected == "b")


async def test_escape_goes_from_a_pane_to_the_list() -> None:
    async with dashboard([sandbox("a"), sandbox("b")]) as stage:
        await stage.press("2", "escape")
        assert stage.app.dashboard.stage.list.has_focus
        assert stage.selected == "b"


async def test_arrows_in_a_pane_leave_the_selection_alone() -> None:
    async with dashboard([sandbox("a"), sandbox("b")]) as stage:
        await stage.press("1", "down", "j", "pagedown", "G", "g", "up", "left", "right")
        assert stage.selected == "a"


HARMLESS = [
    key
    for action in ACTIONS
    for key in action.keys
    if not action.danger and action.group is not Group.PROGRAM
]


async def test_no_key_harms_an_empty_host() -> None:
    async with dashboard() as stage:
        await stage.press("s", "d", *HARMLESS)
        assert stage.app.is_running
        assert stage.link.asked == []


@pytest.mark.parametrize("state", [ConsoleState.CONNECTED, ConsoleState.NOT_WATCHED])
async def test_no_key_for_reading_asks_capture_for_anything(state: ConsoleState) -> None:
    async with dashboard([sandbox("a", state), sandbox("b")]) as stage:
        await stage.press(*HARMLESS, *reversed(HARMLESS))
        assert stage.app.is_running
        assert stage.link.asked == []


# Commands, and what goes wrong.


async def test_s_starts_and_stops_and_d_toggles() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press("s")
        await stage.until(lambda: stage.link.asked == [("stop", "vm1")])
        await stage.until(lambda: "s start" in stage.text)
        await stage.press("s")
        await stage.until(lambda: stage.link.asked[1:] == [("start", "vm1")])
        await stage.press("d")
        await stage.until(lambda: stage.link.asked[2:] == [("set_debug", "vm1", "False")])
        await stage.until(lambda: "d debug on" in stage.text)


async def test_a_refused_command_is_told_in_a_toast_as_text() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        for count, text in enumerate(HOSTILE, 1):
            refusal = CommandRefused(text, kind="ProxyStartError", hint="Try again")
            stage.link.refusals["vm1"] = refusal
            await stage.press("s")
            await stage.toasted(count)
            toast = stage.toasts[-1]
            assert toast.isprintable()
            assert toast.startswith("vm1: ")
            assert safe_text(text)[:40] in toast
            await stage.until(lambda: "vm1: " in stage.text)
            assert all(line.isprintable() for line in stage.text.splitlines())
        assert stage.app.is_running


async def test_a_failed_proxy_says_why_in_its_pane() -> None:
    failed = sandbox(
        "vm1",
        ConsoleState.NOT_WATCHED,
        proxy=ProxyState.FAILED,
        proxy_reason="agent URL is missing",
    )
    async with dashboard([failed]) as stage:
        assert titles(stage) == ["vm1"]
        assert "The proxy failed." in stage.text


@SIZES
async def test_a_lost_capture_is_told_and_what_to_do(size: tuple[int, int]) -> None:
    async with dashboard([sandbox("vm1")], size=size) as stage:
        stage.link.tell(CaptureGone("capture was stopped"))
        await stage.until(lambda: "Capture is gone" in stage.text)
        # Without the line at its side.
        said = " ".join(re.sub("[^ -~\n]", " ", stage.text).split())
        assert "Recordings stay readable" in said
        assert "Press q and start guestwatch again" in said


async def test_without_capture_nothing_is_called_live() -> None:
    facts = [sandbox("vm1", bytes_per_s=99.0), sandbox("vm2", ConsoleState.ENDED)]
    async with dashboard(facts) as stage:
        stage.link.tell(CaptureGone(""))
        await stage.until(lambda: "● live" not in stage.text)
        assert "not watched" in stage.text
        assert "■ ended" in stage.text
        assert "99 B/s" not in stage.text
        assert titles(stage) == ["vm1", "vm2"]


async def test_a_capture_that_never_answered_is_told() -> None:
    link = ScriptedLink()
    link.is_unreachable = True
    async with dashboard(link=link) as stage:
        await stage.until(lambda: "Capture does not answer list" in stage.text)
        assert "Its log tells more." in stage.text


async def test_ctrl_c_tells_how_to_quit_instead() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press("ctrl+c")
        assert stage.app.is_running
        assert stage.toasts == ["Press q to quit, Q to quit and leave capture running."]


# Help and palette.


@SIZES
async def test_help_opens_scrolls_and_closes(size: tuple[int, int]) -> None:
    async with dashboard([sandbox("vm1")], size=size) as stage:
        await stage.press("?")
        assert "Keys and states" in stage.text
        await stage.press("j", "k", "down", "pagedown", "escape")
        assert "Keys and states" not in stage.text


@pytest.mark.parametrize("key", ["escape", "q", "?", "enter"])
async def test_help_closes_by_any_key_that_may_mean_it(key: str) -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press("?", key)
        assert "Keys and states" not in stage.text
        assert stage.app.is_running


@pytest.mark.parametrize("key", [":", "ctrl+p"])
async def test_the_palette_runs_an_action(key: str) -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press(key, *"start/stop")
        await stage.until(lambda: "Start or stop" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.link.asked == [("stop", "vm1")])


async def test_the_palette_changes_the_theme() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        await stage.press(":", *"theme", "space", *"light")
        await stage.until(lambda: "Theme light" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.app.theme == "guestwatch-light")


async def test_a_picture_needs_no_bridge_beside_it() -> None:
    with closing(ScriptedLink([sandbox("vm1")])) as link:
        app = GuestwatchApp(link, host="kvm07", clock=lambda: NOON)
        async with app.run_test(size=(80, 24)) as pilot:
            await deliver(pilot)
            assert "● live" in screen_text(app)


# Many, and hostile ones.


@pytest.mark.parametrize(
    ("size", "count"),
    [((60, 15), 1), ((60, 15), 40), ((80, 24), 4), ((120, 40), 9), ((200, 60), 9), ((200, 60), 40)],
)
async def test_any_number_of_sandboxes_at_any_size(size: tuple[int, int], count: int) -> None:
    async with dashboard([sandbox(f"vm{n:02}") for n in range(count)], size=size) as stage:
        assert titles(stage)
        await stage.go_to_list()
        await stage.press("G")
        await stage.until(lambda: stage.selected == f"vm{count - 1:02}")
        await stage.press("l")
        assert titles(stage)[-1] == f"vm{count - 1:02}"


@pytest.mark.parametrize("state", list(ConsoleState))
async def test_no_hostile_text_reaches_the_terminal_as_anything_but_text(
    state: ConsoleState,
) -> None:
    facts = [hostile(f"vm{n}", state, text) for n, text in enumerate(HOSTILE)]
    async with dashboard(facts, size=(100, 50), host="".join(HOSTILE)[:200]) as stage:
        for _ in facts:
            assert all(line.isprintable() for line in stage.text.splitlines())
            await stage.press("j")
        await stage.press("z")
        assert all(line.isprintable() for line in stage.text.splitlines())
        assert stage.app.is_running


def hostile(sandbox_id: str, state: ConsoleState, text: str) -> SandboxFacts:
    facts = sandbox(
        sandbox_id, state, name=text, family=text, reason=text, hint=text, holder=(1, text)
    )
    return msgspec.structs.replace(facts, generation=text, recording_trouble=text)


async def test_the_key_after_a_panes_number_is_the_panes() -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")]) as stage:
        screen = stage.app.dashboard
        screen.action_focus_pane("2")
        assert screen.pane is screen.stage.grid.panes[1]
        assert not screen.move_selection(-1, 0)
