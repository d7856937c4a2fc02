"""The registry of actions, and everything that is made from it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from textual.binding import Binding

from tests.fakes import sandbox
from tests.tui.stage import dashboard
from tui.actions import (
    ACTIONS,
    Action,
    bindings,
    footer_actions,
    key_name,
    key_names,
    key_table,
)
from tui.app import GuestwatchApp
from tui.screens.dashboard import DashboardScreen

EACH = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)


@EACH
def test_every_action_has_words_for_all_places(action: Action) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", action.id)
    assert action.keys
    assert action.label
    assert action.help[0].isupper()
    assert not action.help.endswith(".")


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
    keys = [key for binding in made for key in binding.key.split(",")]
    assert sorted(keys) == sorted(key for action in ACTIONS for key in action.keys)
    own = [binding for binding in DashboardScreen.BINDINGS if isinstance(binding, Binding)]
    assert own == made
    assert "BINDINGS" not in vars(GuestwatchApp)


@EACH
def test_nothing_dangerous_goes_before_what_is_typed(action: Action) -> None:
    assert not any(binding.priority for binding in bindings())


@EACH
def test_nothing_needs_a_key_that_a_multiplexer_or_terminal_takes(action: Action) -> None:
    taken = {f"ctrl+{letter}" for letter in "abcdefghijmnopqstz"}
    assert [key for key in action.keys if key not in taken]


def test_the_footer_shows_at_most_seven_keys_in_their_order() -> None:
    shown = footer_actions()
    assert len(shown) <= 7
    assert [action.show for action in shown] == list(range(1, len(shown) + 1))
    assert {"help", "quit"} <= {action.id for action in shown}


def test_whatever_others_would_notice_is_marked() -> None:
    assert {action.id for action in ACTIONS if action.danger} == {
        "toggle-proxy",
        "toggle-debug",
        "take",
    }


def test_the_key_table_has_the_ten_keys_of_the_readme() -> None:
    head, rule, *rows = key_table().splitlines()
    assert (head, rule) == ("| key | does |", "| --- | --- |")
    named = [action for action in ACTIONS if action.in_readme]
    assert len(rows) == len(named) == 10
    for action, row in zip(named, rows, strict=True):
        assert row.endswith(f"| {action.help} |")
        for name in key_names(action):
            assert f"`{name}`" in row


def test_no_cell_of_the_key_table_breaks_it() -> None:
    assert all(row.count("|") == 3 for row in key_table().splitlines())


@pytest.mark.parametrize(
    ("key", "name"), [("up", "↑"), ("pagedown", "pgdn"), ("escape", "esc"), ("s", "s"), ("?", "?")]
)
def test_keys_are_named_as_people_call_them(key: str, name: str) -> None:
    assert key_name(key) == name


def test_nine_digits_are_one_range() -> None:
    (panes,) = [action for action in ACTIONS if action.takes_key]
    assert key_names(panes) == ["1–9"]


@pytest.mark.anyio
async def test_the_palette_offers_every_action_that_needs_no_key() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        offered = {each.help for each in stage.app.get_system_commands(stage.app.screen)}
        missing = [
            action.id
            for action in ACTIONS
            if action.help not in offered and not action.takes_key and action.id != "palette"
        ]
        assert missing == []


@pytest.mark.anyio
async def test_the_help_screen_shows_every_action_and_group() -> None:
    async with dashboard([sandbox("vm1")], size=(140, 60)) as stage:
        await stage.press("?")
        shown = " ".join(stage.text.split())
        for group in {action.group for action in ACTIONS}:
            assert group.value in shown
        for action in ACTIONS:
            for name in key_names(action):
                assert name in shown
            assert action.help.split(";")[0].split()[0] in shown


@pytest.mark.anyio
async def test_every_key_reaches_its_action() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        active = stage.app.screen.active_bindings
        for binding in bindings():
            for key in Binding.make_bindings([binding]):
                # Textual binds the palette by itself as well, on the application.
                found = active[key.key].binding.action
                assert found.removeprefix("app.") == binding.action.removeprefix("app.")
