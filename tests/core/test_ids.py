"""Sandbox ids: what passes, what is said of the rest, and slugs for foreign names."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidSandboxId, UsageError
from core.sandboxes.ids import check_sandbox_id, slug

FIRST = string.ascii_letters + string.digits
LATER = FIRST + "_.-"

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)

HOSTILE: list[str] = [
    "",
    *(f"sb{chr(code)}1" for code in range(0x2D)),  # C0, space and !"#$%&'()*+,
    *(f"sb{character}1" for character in "/:;<=>?@[\\]^`{|}~\x7f"),
    *(f"sb{chr(code)}1" for code in range(0x80, 0xA1)),  # C1 and the no-break space
    *(f"{character}sb1" for character in "_.- \t\n\r\0\x1b/~"),
    *(f"sb1{end}" for end in ("\n", "\r", "\r\n", "\0", " ", "\t", "\x0b", "\x0c", "\x1c", "\x85")),
    *(f"sb1{chr(code)}" for code in (0x2028, 0x2029, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),
    *(f"sb{chr(code)}1" for code in range(0x202A, 0x202F)),  # bidi embeddings and overrides
    *(f"sb{chr(code)}1" for code in range(0x2066, 0x206A)),  # bidi isolates
    *(chr(code) + "b1" for code in (0xE9, 0xFF21, 0xFF41, 0xFF11, 0x0661, 0x0967, 0x0430, 0x1D7D8)),
    *(f"sb{chr(code)}" for code in (0xD800, 0xDCFF, 0xDFFF, 0x10FFFF, 0xE000, 0x1F600, 0x0301)),
    *("../x", "..", ".", "...", "a/../b", "/etc/passwd", "a/b", "a\\b", "./a", "a/", "//", "~root"),
    *("..%2fx", "%2e%2e", "a%00b", "C:\\x", "con:", "a b", " a", "a ", "$HOME", "$(id)", "`id`"),
    *("a;b", "a|b", "a&b", "a>b", "a'b", 'a"b', "{a}", "[bold]a", "[/]", "a*b", "a?b", "!a", "#a"),
    *("\x1b[2J", "a\x1b]0;x\x07", "a\x9b2J", "a\x90q\x9c", "\x1b[6n", "a\x08\x08b", "a\x7f"),
    *("-rf", "--help", "-", "_", "_a", ".hidden", "-1", "−1", "１", "é", "ñandu", "ß", "İ", "ﬁ"),
    *(
        "x" * 129,
        "x" * 300,
        "x" * 100_000,
        "é" * 300,
        "\x1b" * 300,
        "-" * 128,
        "." * 128,
        "/" * 129,
    ),
]


def is_shown_safely(text: str) -> bool:
    return all(" " <= c <= "~" or c == "…" for c in text)


def test_list_of_hostile_ids_is_long() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_id_is_refused_with_a_harmless_message(text: str) -> None:
    with pytest.raises(InvalidSandboxId) as caught:
        check_sandbox_id(text)
    assert is_shown_safely(str(caught.value))
    assert len(str(caught.value)) < 200
    assert is_shown_safely(caught.value.hint)
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is not a sandbox id: it is empty'),
        ("../x", "\"../x\" is not a sandbox id: character 3 is '/' (U+002F)"),
        ("sb1\n", '"sb1?" is not a sandbox id: character 4 is U+000A'),
        ("é", '"?" is not a sandbox id: character 1 is U+00E9'),
        ("-rf", "\"-rf\" is not a sandbox id: it begins with '-' (U+002D)"),
        ("x" * 300, f'"{"x" * 64}…" is not a sandbox id: it has 300 characters'),
    ],
)
def test_message_says_which_rule_is_broken(text: str, message: str) -> None:
    with pytest.raises(InvalidSandboxId) as caught:
        check_sandbox_id(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["a", "0", "A-b_c.d", "vm1", "a" * 128, "nginx-7c9", "a..b", "0-"])
def test_id_comes_back_as_it_is(text: str) -> None:
    assert check_sandbox_id(text) == text


@given(ANY_TEXT | st.text(LATER, max_size=140))
@example("sb1\n")
def test_text_is_an_id_exactly_when_its_characters_say_so(text: str) -> None:
    is_id = 1 <= len(text) <= 128 and text[0] in FIRST and all(c in LATER for c in text)
    if is_id:
        assert check_sandbox_id(text) == text
        return
    with pytest.raises(InvalidSandboxId) as caught:
        check_sandbox_id(text)
    assert is_shown_safely(str(caught.value))
    assert len(str(caught.value)) < 200


@given(ANY_TEXT)
@example("")
@example("../../etc/passwd")
@example("\ud800")
def test_every_name_has_a_slug_that_is_an_id(name: str) -> None:
    made = slug(name)
    assert check_sandbox_id(made) == made
    assert slug(name) == made
    assert len(made) <= 73


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vm1", "vm1-7b11e3d1"),
        ("My VM (test)", "My-VM-test-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("été", "t-"),
        ("日本", "sandbox-"),
        ("", "sandbox-e3b0c442"),
    ],
)
def test_slug_keeps_what_people_can_read(name: str, expected: str) -> None:
    assert slug(name).startswith(expected)


def test_names_with_the_same_slug_differ_in_their_digits() -> None:
    names = ["a b", "a/b", "a-b", "a  b", "-a-b-", "a b "]
    assert len({slug(name) for name in names}) == len(names)
    assert {slug(name)[:4] for name in names} == {"a-b-"}
