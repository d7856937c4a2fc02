"""What keys are called: in the config, by Textual, and on the screen.

One spelling inside: a printable character is itself, everything else has a name, with
`ctrl+`, `alt+` and `shift+` before it in this order. Pure.
"""

from __future__ import annotations

import difflib
import re
import unicodedata

_NAMED = (
    "enter",
    "escape",
    "tab",
    "space",
    "backspace",
    "delete",
    "insert",
    "home",
    "end",
    "pageup",
    "pagedown",
    "up",
    "down",
    "left",
    "right",
    *(f"f{number}" for number in range(1, 25)),
)
_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "ret": "enter",
    "spacebar": "space",
    "del": "delete",
    "ins": "insert",
    "bs": "backspace",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    "prior": "pageup",
    "next": "pagedown",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}
_SHORT_CHARACTERS = {
    # What Textual calls these, where that is not Unicode's name.
    "/": "slash",
    "\\": "backslash",
    "@": "at",
    "-": "minus",
    "+": "plus",
    "_": "underscore",
}
_MODIFIERS = {
    "ctrl": "ctrl",
    "control": "ctrl",
    "c": "ctrl",
    "alt": "alt",
    "meta": "alt",
    "m": "alt",
    "a": "alt",
    "shift": "shift",
    "s": "shift",
}
_ORDER = ("ctrl", "alt", "shift")
_MODIFIER = re.compile(r"([A-Za-z]+)[+-](?=.)")
_SHOWN = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
}
_MAX_CHARS = 40


def _name_of(character: str) -> str:
    short = _SHORT_CHARACTERS.get(character)
    return short or re.sub("[- ]", "_", unicodedata.name(character, "").lower())


_CHARACTERS = {
    _name_of(character): character
    for character in map(chr, range(0x21, 0x7F))
    if not character.isalnum()
} | {"question": "?", "comma": ",", "dot": ".", "period": ".", "bang": "!", "hash": "#"}


def read_key(text: str) -> str | None:
    """The one spelling of a key that a person wrote somehow; None when it is no key.

    `ctrl-g`, `C-g`, `^g` and `Ctrl+G` are `ctrl+g`; `question_mark` is `?`; `PgDn` is
    `pagedown`; `shift+a` is `A`.
    """
    if len(text) > _MAX_CHARS:
        return None
    if len(text) == 1:
        return "space" if text == " " else _character(text)
    held: set[str] = set()
    rest = text.strip()
    if len(rest) == 2 and rest[0] == "^":
        held, rest = {"ctrl"}, rest[1]
    while (found := _MODIFIER.match(rest)) is not None:
        modifier = _MODIFIERS.get(found[1].lower())
        if modifier is None:
            break
        if modifier in held:
            return None
        held.add(modifier)
        rest = rest[found.end() :]
    key = _base(rest)
    return None if key is None else _held(held, key)


def _held(held: set[str], key: str) -> str | None:
    if len(key) == 1 and "ctrl" in held:
        # A terminal does not tell which of the two letters was meant.
        if not key.isascii() or "shift" in held:
            return None
        key = key.lower()
    elif len(key) == 1 and "shift" in held:
        if not key.isalpha():
            return None
        key = key.upper()
        held = held - {"shift"}
    return "+".join([*(each for each in _ORDER if each in held), key])


def _base(text: str) -> str | None:
    if len(text) == 1:
        return "space" if text == " " else _character(text)
    name = text.lower()
    name = _ALIASES.get(name, name).replace("-", "_")
    name = _ALIASES.get(name, name)
    return name if name in _NAMED else _CHARACTERS.get(name)


def _character(text: str) -> str | None:
    if text in _ALIASES:
        return _ALIASES[text]
    return text if text.isprintable() else None


def nearest_key(text: str) -> str:
    """The known key whose name is most like `text`; empty when none is."""
    known = [*_NAMED, *_ALIASES, *_CHARACTERS]
    before, plus, name = text.rpartition("+")
    near = difflib.get_close_matches(name.lower(), known, 1, 0.6)
    if not near:
        return ""
    return read_key(f"{before}{plus}{near[0]}") or near[0]


def textual_name(key: str) -> str:
    """What Textual calls a key that `read_key` gave."""
    before, plus, base = ("", "", key) if len(key) == 1 else key.rpartition("+")
    if key.endswith("++"):
        before, plus, base = key[:-2], "+", "+"
    if len(base) == 1 and not base.isalnum():
        base = _name_of(base) or base
    return f"{before}{plus}{base}"


def key_name(key: str) -> str:
    """A key as the screen shows it."""
    before, plus, base = key.rpartition("+") if len(key) > 1 else ("", "", key)
    return f"{before}{plus}{_SHOWN.get(base, base)}"
