"""What keys are called, and that Textual calls them the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import Keys, _character_to_key

from tui.actions import ACTIONS
from tui.actions.keynames import key_name, nearest_key, read_key, textual_name

PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]


@pytest.mark.parametrize("character", [*PRINTABLE, "ä", "€", "ß"])
def test_every_character_is_a_key_that_textual_knows_by_our_name(character: str) -> None:
    assert read_key(character) == character
    assert textual_name(character) == _character_to_key(character)
    assert read_key(textual_name(character)) in (character, None)


def test_a_characters_long_name_is_the_character() -> None:
    for character in PRINTABLE:
        assert read_key(textual_name(character)) == character


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ctrl-g", "ctrl+g"),
        ("Ctrl+G", "ctrl+g"),
        ("C-g", "ctrl+g"),
        ("^g", "ctrl+g"),
        ("control+pgdn", "ctrl+pagedown"),
        ("alt+x", "alt+x"),
        ("M-x", "alt+x"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("shift+a", "A"),
        ("S-tab", "shift+tab"),
        ("question_mark", "?"),
        ("slash", "/"),
        ("comma", ","),
        (" ", "space"),
        ("PgUp", "pageup"),
        ("page-down", "pagedown"),
        ("Esc", "escape"),
        ("Return", "enter"),
        ("↑", "up"),
        ("F12", "f12"),
        ("ctrl++", "ctrl++"),
        ("ctrl+-", "ctrl+-"),
        ("g", "g"),
        ("G", "G"),
    ],
)
def test_a_key_may_be_written_in_friendly_ways(text: str, key: str) -> None:
    assert read_key(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "foo", "f25", "hyper+x", "ctrl+", "ctrl+ctrl+x", "ctrl+shift+x", "shift+1", "gg", "\x1b",
     "\n", "\u202e", "x" * 500, "ctrl+ä"],
)  # fmt: skip
def test_what_no_terminal_sends_is_no_key(text: str) -> None:
    assert read_key(text) is None


@given(st.text(max_size=60))
def test_any_text_is_a_key_in_one_spelling_or_none(text: str) -> None:
    key = read_key(text)
    if key is not None:
        assert key.isprintable()
        assert read_key(key) == key
        assert "," not in textual_name(key)
        assert key_name(key)
    assert nearest_key(text) == "" or read_key(nearest_key(text)) is not None


def test_every_key_of_the_registry_is_spelled_as_a_config_would_have_it() -> None:
    for action in ACTIONS:
        assert [read_key(key) for key in action.keys] == list(action.keys)


def test_textual_knows_every_named_key() -> None:
    known = {key.value for key in Keys}
    for name in ("enter", "escape", "tab", "backspace", "delete", "insert", "home", "end",
                 "pageup", "pagedown", "up", "down", "left", "right", "f1", "f24",
                 "ctrl+g", "ctrl+up", "shift+tab"):  # fmt: skip
        key = read_key(name)
        assert key is not None
        assert textual_name(key) in known


@pytest.mark.parametrize(
    ("text", "near"), [("pagedwn", "pagedown"), ("ctrl+entr", "ctrl+enter"), ("qqqqqq", "")]
)
def test_the_nearest_key_is_named(text: str, near: str) -> None:
    assert nearest_key(text) == near


@pytest.mark.parametrize(
    ("key", "name"),
    [("up", "↑"), ("pagedown", "pgdn"), ("escape", "esc"), ("s", "s"), ("?", "?"), ("+", "+"),
     ("ctrl+up", "ctrl+↑"), ("ctrl++", "ctrl++")],
)  # fmt: skip
def test_keys_are_shown_as_people_call_them(key: str, name: str) -> None:
    assert key_name(key) == name
