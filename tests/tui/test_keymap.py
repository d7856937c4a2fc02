"""A person's own keys: what may be asked for, and how it is told what may not."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import parse_config
from core.errors import ConfigError
from tests.fakes import sandbox
from tests.tui.stage import dashboard
from tui.actions import ACTIONS, STOCK, Keymap, read_keymap
from tui.actions.keymap import ANSWERS, FIXED, PREFIXES
from tui.actions.model import Action
from tui.screens.confirm import ConfirmScreen
from tui.themes.looks import Looks, settle

BY_ID = {action.id: action for action in ACTIONS}


def keymap(text: str) -> Keymap:
    """The keymap of a config with these lines below `[keys]`."""
    return read_keymap(parse_config(f"[keys]\n{text}".encode(), "c.toml").keys)


def looks(text: str) -> Looks:
    return settle(parse_config(f"[keys]\n{text}".encode(), "c.toml"))


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        keymap(text)
    assert caught.value.exit_code == 2
    return caught.value


def test_without_a_table_the_registry_decides() -> None:
    assert read_keymap(parse_config(b"", "c.toml").keys).keys == STOCK.keys


def test_an_action_gets_its_keys_and_the_others_keep_theirs() -> None:
    found = keymap('follow = ["f8", "ctrl-e"]\ntoggle-proxy = "F5"')
    assert list(found.keys["follow"]) == ["f8", "ctrl+e"]
    assert list(found.keys["toggle-proxy"]) == ["f5"]
    assert found.keys["zoom"] == STOCK.keys["zoom"]
    assert found.warnings == ()


@pytest.mark.parametrize("text", ['follow = ""', "follow = []", 'follow = ["", ""]'])
def test_an_action_may_lose_its_keys(text: str) -> None:
    assert list(keymap(text).keys["follow"]) == []


def test_two_actions_may_change_keys() -> None:
    found = keymap('cycle-time = "r"\ntoggle-raw = "t"')
    assert (list(found.keys["cycle-time"]), list(found.keys["toggle-raw"])) == (["r"], ["t"])


@pytest.mark.parametrize(
    ("text", "line", "key", "words", "hint"),
    [
        ('\nfolow = "f"', 3, "keys.folow", "no action guestwatch knows", "Did you mean follow?"),
        ('xyzzy = "f"', 2, "keys.xyzzy", "no action guestwatch knows", "lists all of them"),
        ('follow = "pagedwn"', 2, "keys.follow", "pagedwn is no key", "Did you mean pagedown?"),
        ('follow = "qqqqqq"', 2, "keys.follow", "is no key", "written as"),
        ('follow = "z"', 2, "keys.follow", "z is the key of zoom too", 'zoom = ""'),
        ('zoom = "f8"\nfollow = "f8"', 3, "keys.follow", "f8 is the key of zoom too", ""),
        ("follow = 3", 2, "keys.follow", "must be a key in quotes or a list", ""),
        ("follow = [1]", 2, "keys.follow", "must be a key in quotes or a list", ""),
        ("follow = {}", 2, "keys.follow", "must be a key in quotes or a list", ""),
        ('palette = ""', 2, "keys.palette", "needs a key", '":"'),
        ('toggle-proxy = "y"', 2, "keys.toggle-proxy", "y may not do this", "by mistake"),
        ('take = "enter"', 2, "keys.take", "enter may not do this", ""),
        ('follow = "ctrl+q"', 2, "keys.follow", "always quits", ""),
        ('follow = "^c"', 2, "keys.follow", "copies", ""),
        ('focus-pane = ["1","2","3","4","5","6","7","8","9","0"]', 2, "keys.focus-pane", "9", ""),
        (f"follow = {['f'] * 21}", 2, "keys.follow", "20 are the most", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_key_and_remedy(
    text: str, line: int, key: str, words: str, hint: str
) -> None:
    error = refused(text)
    assert (error.line, error.key) == (line, key)
    assert words in error.message
    assert hint in error.hint
    assert str(error).startswith(f"c.toml:{line}: {key}: ")


def test_keys_must_be_a_table() -> None:
    with pytest.raises(ConfigError, match="must be a table"):
        parse_config(b"keys = 3", "c.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('save = "ctrl+s"', "stops the output"),
        ('follow = ["ctrl+i", "f8"]', "same as tab"),
        ('follow = "ctrl+b"\npage-up = "b"', "inside tmux, ctrl+b may never arrive"),
        ('follow = ["ctrl+a", "ctrl+o"]', "inside screen and zellij"),
        ('follow = "ctrl+z"', "suspends"),
    ],
)
def test_what_may_never_arrive_is_warned_of(text: str, words: str) -> None:
    (warning,) = keymap(text).warnings
    assert warning.startswith(f"keys.{text.split()[0]}: ")
    assert words in warning


def test_a_second_way_needs_no_warning() -> None:
    assert keymap('follow = ["ctrl+a", "f8"]').warnings == ()


KEYS = st.sampled_from(
    [*"abcdefgxyzSG?/", "f5", "enter", "escape", "y", "ctrl+b", "ctrl+q", "nokey", "", "tab"]
)


@given(st.dictionaries(st.sampled_from([*BY_ID, "nobody"]), KEYS | st.lists(KEYS, max_size=3)))
def test_what_is_accepted_leaves_nothing_out_of_reach_and_nothing_doubled(
    asked: dict[str, str | list[str]],
) -> None:
    lines = [f"{name} = {keys!r}" for name, keys in asked.items()]
    try:
        found = keymap("\n".join(lines))
    except ConfigError:
        return
    assert set(found.keys) == set(BY_ID)
    for one, other in combinations(found.keys.values(), 2):
        assert set(one).isdisjoint(other)
    assert found.keys["palette"]
    for action in ACTIONS:
        bound = set(found.keys[action.id])
        assert bound.isdisjoint(set(FIXED) - set(action.keys))
        if action.danger:
            assert bound.isdisjoint(ANSWERS)


def test_a_question_is_answered_by_no_key_that_may_lead_to_it() -> None:
    own = {key for binding in ConfirmScreen.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    assert own - {"h", "l"} <= ANSWERS
    for action in ACTIONS:
        if action.danger:
            assert own.isdisjoint(action.keys)


def test_nothing_is_only_reached_by_what_a_multiplexer_or_terminal_takes() -> None:
    taken = {f"ctrl+{letter}" for letter in "abcdefghijmnopqstz"} | set(PREFIXES)
    for action in ACTIONS:
        assert set(action.keys) - taken, action.id


@pytest.mark.parametrize("action", [each for each in ACTIONS if each.takes_key])
def test_keys_that_stand_for_others_are_called_as_those(action: Action) -> None:
    moved = Keymap({**STOCK.keys, action.id: ("f5", "f6")})
    meant = [(key, of) for key, owner, of in moved.pressed() if owner is action]
    assert meant == [("f5", action.keys[0]), ("f6", action.keys[1])]


# On the screen.

MOVED = """
toggle-proxy = "f5"
follow = ["f8", "ctrl-e"]
focus-pane = ["f6", "f7"]
zoom = "F9"
toggle-debug = ""
next-pane = ""
"""


@pytest.mark.anyio
async def test_moved_keys_act_and_the_old_ones_do_not() -> None:
    async with dashboard([sandbox("vm1"), sandbox("vm2")], looks=looks(MOVED)) as stage:
        await stage.press("s", "d", "z", "enter", "2", "tab")
        assert stage.link.asked == []
        assert stage.app.dashboard.stage.grid.zoomed is None
        assert stage.selected == "vm1"
        assert stage.app.dashboard.stage.list.has_focus
        await stage.press("f7")
        await stage.until(lambda: stage.selected == "vm2")
        await stage.press("f9")
        assert stage.app.dashboard.stage.is_zoomed
        await stage.press("f9", "f5")
        await stage.until(lambda: stage.link.asked == [("stop", "vm2")])


@pytest.mark.anyio
async def test_footer_help_and_palette_show_moved_keys() -> None:
    async with dashboard([sandbox("vm1")], looks=looks(MOVED), size=(95, 250)) as stage:
        assert "f5 stop" in stage.text.splitlines()[-1]
        assert "debug" not in stage.text.splitlines()[-1]
        await stage.press("?")
        assert "f8 ctrl+e" in stage.text
        assert "no key" in stage.text
        assert "f6 f7" in stage.text
        await stage.press("escape", "colon", *"start")
        await stage.until(lambda: "Start/stop" in stage.text)
        assert "f5 · Start or stop" in stage.text


@pytest.mark.anyio
async def test_the_palette_moves_too_and_so_does_the_help() -> None:
    moved = looks('palette = "f9"\nhelp = "f3"')
    async with dashboard([sandbox("vm1")], looks=moved) as stage:
        await stage.press("ctrl+p", "colon", "?")
        assert len(stage.app.screen_stack) == 1
        await stage.press("f3")
        assert "Keys and states" in stage.text
        await stage.press("f3", "f9")
        assert len(stage.app.screen_stack) == 2


@pytest.mark.anyio
async def test_a_doubtful_key_is_told_at_the_start() -> None:
    async with dashboard([sandbox("vm1")], looks=looks('save = "ctrl+s"')) as stage:
        (said,) = stage.toasts
        assert "keys.save: ctrl+s stops the output" in said


@pytest.mark.anyio
async def test_ctrl_c_and_a_lost_capture_name_the_key_that_quits_now() -> None:
    async with dashboard([sandbox("vm1")], looks=looks('quit = "f10"\nquit-keeping = ""')) as stage:
        await stage.press("ctrl+c")
        assert stage.toasts == ["Press f10 to quit."]
