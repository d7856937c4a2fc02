"""The registry of actions, and everything that is made from it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widget import Widget

from tests.fakes import sandbox
from tests.tui.stage import dashboard
from tui.actions import ACTIONS, STOCK, Action
from tui.actions.bindings import bindings
from tui.actions.helping import DANGER, help_parts
from tui.actions.keynames import textual_name
from tui.actions.model import Where
from tui.actions.table import key_table
from tui.app import GuestwatchApp
from tui.screens.about import AboutScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.filters import FiltersScreen
from tui.screens.help import HelpScreen
from tui.screens.trace import TraceScreen
from tui.screens.view import ACTIONS as VIEW_ACTIONS
from tui.screens.view import ViewScreen

EACH = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)


@EACH
def test_every_action_has_words_for_all_places(action: Action) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", action.id)
    assert action.keys
    assert action.label
    assert len(action.label) <= 20
    assert action.help[0].isupper()
    assert not action.help.endswith(".")
    assert any(action.is_for(where) for where in Where)


def test_no_two_actions_share_an_id_or_a_key() -> None:
    counted = Counter(action.id for action in ACTIONS)
    counted.update(key for action in ACTIONS for key in action.keys)
    assert [name for name, times in counted.items() if times > 1] == []


@EACH
def test_every_action_is_done_by_somebody(action: Action) -> None:
    name = action.method.removeprefix("app.")
    owner = GuestwatchApp if action.method.startswith("app.") else DashboardScreen
    assert callable(getattr(owner, f"action_{name}"))


def test_bindings_are_the_registry_and_nothing_else() -> None:
    made = bindings()
    keys = [binding.key for binding in made]
    assert keys == [textual_name(key) for action in ACTIONS for key in action.keys]
    own = [binding for binding in DashboardScreen.BINDINGS if isinstance(binding, Binding)]
    assert own == made
    assert "BINDINGS" not in vars(GuestwatchApp)


def test_a_view_has_its_part_of_them() -> None:
    made = bindings(VIEW_ACTIONS)
    own = [binding for binding in ViewScreen.BINDINGS if isinstance(binding, Binding)]
    assert own == made
    assert {action.id for action in VIEW_ACTIONS} < {action.id for action in ACTIONS}
    assert not any(action.danger for action in VIEW_ACTIONS)


def test_nothing_dangerous_goes_before_what_is_typed() -> None:
    assert not any(binding.priority for binding in bindings())


def ours() -> list[type[Widget]]:
    """Every screen and widget of the dashboard that was imported."""
    found: list[type[Widget]] = []
    waiting: list[type[Widget]] = [Widget]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.startswith("tui."):
                found.append(each)
    return found


def keys_of(owner: type[Widget]) -> list[str]:
    """The keys that a class binds by itself."""
    declared = vars(owner).get("BINDINGS", [])
    return [binding.key for binding in Binding.make_bindings(declared)]


@pytest.mark.parametrize("owner", ours(), ids=lambda owner: owner.__name__)
def test_nobody_binds_a_key_twice(owner: type[Widget]) -> None:
    assert [key for key, times in Counter(keys_of(owner)).items() if times > 1] == []


MODAL = {"HelpScreen", "ConfirmScreen", "FiltersScreen", "TraceScreen", "AboutScreen"}
TYPED_IN = {"_Line"}
"""What has the keyboard to itself: no key of the registry can be meant there."""


@pytest.mark.parametrize("owner", ours(), ids=lambda owner: owner.__name__)
def test_no_widget_takes_a_key_of_the_registry_away(owner: type[Widget]) -> None:
    if owner.__name__ in MODAL | TYPED_IN or owner in (DashboardScreen, ViewScreen):
        return
    taken = {textual_name(key) for action in ACTIONS for key in action.keys}
    assert taken.isdisjoint(keys_of(owner))


def test_dialogs_are_left_by_escape() -> None:
    for dialog in (HelpScreen, ConfirmScreen, FiltersScreen, TraceScreen, AboutScreen):
        assert dialog.__name__ in MODAL
        assert "escape" in keys_of(dialog)


def test_whatever_others_would_notice_is_marked() -> None:
    assert {"toggle-proxy", "toggle-debug", "take"} <= {
        action.id for action in ACTIONS if action.danger
    }


# What is made from it says the same everywhere.


def test_the_key_table_has_the_few_keys_that_do_most_of_the_work() -> None:
    head, rule, *rows = key_table().splitlines()
    assert (head, rule) == ("| key | does |", "| --- | --- |")
    named = [action for action in ACTIONS if action.in_readme]
    assert 8 <= len(rows) == len(named) <= 14
    for action, row in zip(named, rows, strict=True):
        assert row.endswith(f"| {action.help} |")
        for name in STOCK.names(action):
            assert f"`{name}`" in row


def test_no_cell_of_the_key_table_breaks_it() -> None:
    assert all(row.count("|") == 3 for row in key_table().splitlines())


def test_nine_digits_are_one_range() -> None:
    (panes,) = [action for action in ACTIONS if action.id == "focus-pane"]
    assert STOCK.names(panes) == ["1–9"]


@pytest.mark.anyio
async def test_the_palette_offers_every_action_with_its_keys() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        commands = list(stage.app.get_system_commands(stage.app.screen))
        for action in (each for each in ACTIONS if each.id != "palette"):
            found = [each for each in commands if each.help.endswith(action.help)]
            assert len(found) == (len(action.keys) if action.takes_key else 1), action.id
            if not action.takes_key:
                assert found[0].help == f"{' '.join(STOCK.names(action))} · {action.help}"
        titles = [each.title for each in commands]
        assert sorted(set(titles)) == sorted(titles)


@pytest.mark.anyio
async def test_the_palette_runs_an_action_that_takes_a_key() -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")]) as stage:
        await stage.press(":", *"pane", "space", "2")
        await stage.until(lambda: "Pane 2" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.selected == "vm2")


@pytest.mark.anyio
async def test_the_help_screen_shows_every_action_and_group() -> None:
    async with dashboard([sandbox("vm1")], size=(95, 200)) as stage:
        await stage.press("?")
        shown = " ".join(stage.text.split())
        for group in {action.group for action in ACTIONS}:
            assert group.value in shown
        for action in ACTIONS:
            for name in STOCK.names(action):
                assert name in shown
            assert action.help.split()[0] in shown
        # The rest of it may stand on the next line.
        assert shown.count(DANGER.split()[0]) == sum(action.danger for action in ACTIONS)


@pytest.mark.anyio
async def test_every_key_reaches_its_action() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        active = stage.app.screen.active_bindings
        for binding in bindings():
            assert active[binding.key].binding.action == binding.action


# What the help tells.


@pytest.mark.parametrize("where", [None, *Where])
def test_help_has_every_action_once_those_of_the_focus_first(where: Where | None) -> None:
    parts = help_parts(where)
    texts = [entry.text for part in parts for entry in part.entries]
    assert sorted(texts) == sorted(action.help for action in ACTIONS)
    assert [part.is_here for part in parts] == sorted((p.is_here for p in parts), reverse=True)
    here = {entry.text for part in parts if part.is_here for entry in part.entries}
    assert here == {action.help for action in ACTIONS if where and action.is_for(where)}


@EACH
def test_help_finds_an_action_by_its_words(action: Action) -> None:
    found = help_parts(find=f"  {action.help.upper()} ")
    assert action.help in [entry.text for part in found for entry in part.entries]


def test_help_finds_what_affects_others_and_says_when_there_is_nothing() -> None:
    (part,) = help_parts(find=DANGER)
    assert all(entry.is_dangerous for entry in part.entries)
    assert help_parts(find="no such thing") == []


# Nothing is left untried.

UNTRIED: frozenset[str] = frozenset()
"""Actions without a test that presses one of their keys; none may be added."""


def keys_pressed(source: str) -> set[str]:
    """The texts of all tests in `source` that press keys; `*"abc"` is three of them."""
    found: set[str] = set()
    for test in ast.walk(ast.parse(source)):
        if not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        inside = list(ast.walk(test))
        calls = {each.func for each in inside if isinstance(each, ast.Call)}
        names = {each.attr for each in calls if isinstance(each, ast.Attribute)}
        names |= {each.id for each in calls if isinstance(each, ast.Name)}
        if not names & {"press", "run"}:
            continue
        for node in inside:
            match node:
                case ast.Starred(value=ast.Constant(value=str(text))):
                    found |= set(text)
                case ast.Constant(value=str(text)):
                    found.add(text)
    return found


def test_every_action_is_tried_on_a_screen() -> None:
    pressed: set[str] = set()
    for path in Path(__file__).parent.rglob("*.py"):
        pressed |= keys_pressed(path.read_text())
    untried = {
        action.id
        for action in ACTIONS
        if pressed.isdisjoint({*action.keys, *map(textual_name, action.keys)})
    }
    assert untried == UNTRIED
