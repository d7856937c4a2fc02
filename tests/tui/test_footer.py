"""The last line loses no key, shows what means something now, and can be clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import SafeStr, safe_text
from core.sandboxes.model import ConsoleState
from tests.fakes import sandbox
from tests.snapshots.scenes import SCENES
from tests.tui.stage import Stage, dashboard
from tui.actions import ACTIONS, STOCK, Keymap
from tui.actions.footer import MOST, Mood, footer_actions, footer_items
from tui.actions.model import OwnKey, Where
from tui.widgets.prompt import Memory, Question

WIDTHS = pytest.mark.parametrize("width", [60, 80, 120, 200])
PLACES = [None, *Where]
MOODS = st.sets(st.sampled_from(Mood))


def last_line(stage: Stage) -> str:
    return stage.text.splitlines()[-1]


# Which keys, and how much room each gets.


@pytest.mark.parametrize("where", PLACES)
@given(moods=MOODS)
def test_at_most_seven_keys_help_and_quit_at_the_end(where: Where | None, moods: set[Mood]) -> None:
    shown = footer_actions(where, moods)
    ids = [action.id for action in shown]
    assert len(ids) == len(set(ids)) <= MOST
    assert ids[-2:] == ["help", "quit"] or (where is Where.PROMPT and ids == ["help"])
    if where is not None:
        assert all(action.is_for(where) for action in shown)


@pytest.mark.parametrize(
    ("moods", "ids"),
    [
        ({Mood.HELD}, ["follow"]),
        ({Mood.TAKEABLE}, ["take"]),
        ({Mood.FILTERED}, ["filter", "more-context", "leave-filter"]),
        ({Mood.SEARCHED}, ["next-hit", "previous-hit", "toggle-hits"]),
        ({Mood.SELECTING}, ["yank", "save"]),
        (
            {Mood.SEARCHED, Mood.FILTERED, Mood.HELD},
            ["next-hit", "previous-hit", "filter", "more-context", "follow"],
        ),
    ],
)
def test_a_mood_brings_its_own_keys_to_the_front(moods: set[Mood], ids: list[str]) -> None:
    shown = [action.id for action in footer_actions(Where.PANE, moods)]
    assert shown[: len(ids)] == ids


@WIDTHS
@pytest.mark.parametrize("where", PLACES)
@given(moods=MOODS)
def test_no_key_is_lost_at_any_width(width: int, where: Where | None, moods: set[Mood]) -> None:
    shown = footer_actions(where, moods)
    longest = {"toggle-proxy": "start", "toggle-debug": "debug off"}
    items = footer_items(shown, width - 2, STOCK, longest)
    assert [item.what for item in items] == shown
    assert sum(item.width + item.gap for item in items) - items[-1].gap <= width - 2


@given(st.integers(0, 300), MOODS, st.sampled_from([*Where]))
def test_nothing_is_cut_where_something_has_to_go(
    width: int, moods: set[Mood], where: Where
) -> None:
    shown = footer_actions(where, moods)
    items = footer_items(shown, width)
    kept = [item.what for item in items]
    assert kept == [each for each in shown if each in kept]
    # What goes, goes from the end; help and quit never do.
    assert kept[: len(kept) - 2] == shown[: max(0, len(kept) - 2)]
    if len(items) > 2:
        assert sum(item.width + item.gap for item in items) - items[-1].gap <= width


def test_an_action_without_a_key_makes_room_for_the_next() -> None:
    keys = Keymap({**STOCK.keys, "toggle-proxy": ()})
    ids = [action.id for action in footer_actions(Where.LIST, (), keys)]
    assert "toggle-proxy" not in ids
    assert ids[0] == "toggle-debug"


def test_while_somebody_types_a_character_is_no_key() -> None:
    (item,) = footer_items(footer_actions(Where.PROMPT), 80, is_typing=True)
    assert item.key == "f1"


def test_a_key_of_the_focus_itself_is_shown_as_people_call_it() -> None:
    (item,) = footer_items([OwnKey("escape", "leave", "Leave")], 80)
    assert (item.key, item.label, item.width) == ("esc", "leave", 9)


# On the screen.

pytestmark = pytest.mark.anyio


@WIDTHS
@pytest.mark.parametrize(
    "facts",
    [
        sandbox("vm1"),
        sandbox("vm1", debug=False),
        sandbox("vm1", ConsoleState.NOT_WATCHED),
    ],
)
async def test_all_keys_stand_in_the_last_line(width: int, facts: object) -> None:
    async with dashboard([facts], size=(width, 24)) as stage:  # type: ignore[list-item]
        for focus in ("l", "1", "tab"):
            await stage.press(focus)
            words = last_line(stage).split()
            where = Where.LIST if stage.app.dashboard.stage.list.has_focus else Where.PANE
            for action in footer_actions(where):
                assert STOCK.name(action.id) in words
            assert words[-1] == "quit"


@pytest.mark.parametrize("width", [20, 40])
async def test_help_and_quit_are_the_last_to_go(width: int) -> None:
    async with dashboard([sandbox("vm1")], size=(width, 24)) as stage:
        assert last_line(stage).split()[-4:] == ["?", "help", "q", "quit"]


async def test_labels_say_what_a_key_would_do_now() -> None:
    facts = [sandbox("vm1"), sandbox("vm2", ConsoleState.NOT_WATCHED, debug=False)]
    async with dashboard(facts) as stage:
        assert "s stop" in last_line(stage)
        assert "d debug off" in last_line(stage)
        assert "enter zoom" in last_line(stage)
        await stage.press("z")
        assert "enter back" in last_line(stage)
        await stage.press("z", "l", "j")
        assert "s start" in last_line(stage)
        assert "d debug on" in last_line(stage)


async def test_the_focus_decides_which_keys_are_shown(tmp_path: Path) -> None:
    async with dashboard(SCENES["one"].facts(tmp_path), size=(60, 15)) as stage:
        pane = stage.app.dashboard.pane
        assert pane is not None
        await stage.until(lambda: bool(pane.current))
        await stage.press("1")
        assert last_line(stage).split()[0] == "enter"
        await stage.press("pageup")
        await stage.until(lambda: last_line(stage).split()[:2] == ["f", "follow"])
        await stage.press("f")
        await stage.until(lambda: last_line(stage).split()[0] == "enter")
        await stage.press("l")
        assert last_line(stage).split()[0] == "s"


async def test_a_prompt_shows_its_own_keys_and_they_can_be_clicked() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        given: list[str] = []

        def give(text: str) -> SafeStr:
            given.append(text)
            return safe_text("")

        question = Question(safe_text("note"), give, memory=Memory())
        stage.app.dashboard.prompt.ask(question)
        await stage.press("q", "?")
        line = last_line(stage)
        assert line.split() == "enter give esc leave ↑ earlier f1 help".split()  # noqa: SIM905
        await stage.pilot.click(offset=(line.index("f1"), 39))
        await stage.until(lambda: "While typing" in stage.text)
        assert "Leave without an answer" in stage.text
        await stage.press("escape")
        await stage.pilot.click(offset=(line.index("give"), 39))
        await stage.until(lambda: given == ["q?"])


async def test_without_sandboxes_only_keys_that_do_something_are_shown() -> None:
    async with dashboard() as stage:
        shown = ": commands ? help q quit".split()  # noqa: SIM905
        assert last_line(stage).split() == shown


async def test_a_click_on_a_key_is_a_press_of_it() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        column = last_line(stage).index("stop")
        await stage.pilot.click(offset=(column, 39))
        await stage.until(lambda: stage.link.asked == [("stop", "vm1")])
        await stage.pilot.click(offset=(118, 39))
        await stage.pilot.pause()
        assert len(stage.link.asked) == 1


def test_every_action_of_the_footer_is_in_the_registry() -> None:
    known = {action.id for action in ACTIONS}
    for where in PLACES:
        assert {action.id for action in footer_actions(where, set(Mood))} <= known
