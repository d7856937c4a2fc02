"""What SGR does to a style."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import PLAIN, Style, render_line
from core.console.ansi import restyled
from tests.core.console.checks import unhurried

EVERYTHING = Style(1, 2, True, True, True, True, True, True)


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("1", Style(bold=True)),
        ("2", Style(dim=True)),
        ("3", Style(italic=True)),
        ("4", Style(underline=True)),
        ("7", Style(reverse=True)),
        ("9", Style(strike=True)),
        ("01;31", Style(bold=True, fg=1)),
        ("30", Style(fg=0)),
        ("37", Style(fg=7)),
        ("40", Style(bg=0)),
        ("47", Style(bg=7)),
        ("90", Style(fg=8)),
        ("97", Style(fg=15)),
        ("100", Style(bg=8)),
        ("107", Style(bg=15)),
        ("38;5;208", Style(fg=208)),
        ("48;5;0", Style(bg=0)),
        ("38;5;208;1", Style(fg=208, bold=True)),
        ("38;2;255;128;0", Style(fg=(255, 128, 0))),
        ("48;2;1;2;3;4", Style(bg=(1, 2, 3), underline=True)),
        ("38:5:208", Style(fg=208)),
        ("38:2:255:128:0", Style(fg=(255, 128, 0))),
        ("38:2::255:128:0", Style(fg=(255, 128, 0))),
        ("48:2:0:255:128:0", Style(bg=(255, 128, 0))),
        ("38:5:208;1", Style(fg=208, bold=True)),
        ("4:3", Style(underline=True)),
        ("1;4:0", Style(bold=True)),
        ("58;5;1;3", Style(italic=True)),
        ("58:2::1:2:3;3", Style(italic=True)),
        ("", PLAIN),
        ("0", PLAIN),
        ("1;;3", Style(italic=True)),
    ],
)
def test_sgr_turns_on(parameters: str, style: Style) -> None:
    assert restyled(PLAIN, parameters) == style


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("0", PLAIN),
        ("", PLAIN),
        ("22", EVERYTHING._replace(bold=False, dim=False)),
        ("23", EVERYTHING._replace(italic=False)),
        ("24", EVERYTHING._replace(underline=False)),
        ("4:0", EVERYTHING._replace(underline=False)),
        ("27", EVERYTHING._replace(reverse=False)),
        ("29", EVERYTHING._replace(strike=False)),
        ("39", EVERYTHING._replace(fg=None)),
        ("49", EVERYTHING._replace(bg=None)),
        ("39;49", EVERYTHING._replace(fg=None, bg=None)),
    ],
)
def test_sgr_turns_off(parameters: str, style: Style) -> None:
    assert restyled(EVERYTHING, parameters) == style


@pytest.mark.parametrize(
    "parameters",
    [
        *("5", "6", "8", "25", "28", "10", "11", "38", "38;5", "38;5;256", "38;2;1;2", "48;9;1"),
        *("38;2;1;2;256", "38:5", "38:", "38:9:1", "48:2:1", "58;5;1", "999999999999", ":", "1:2"),
    ],
)
def test_what_is_concealed_blinking_unknown_or_cut_short_changes_nothing(parameters: str) -> None:
    assert restyled(EVERYTHING, parameters) == EVERYTHING


@unhurried
@given(st.text("0123456789;:", max_size=64))
def test_any_parameters_give_colours_in_range(parameters: str) -> None:
    style = restyled(PLAIN, parameters)
    for colour in (style.fg, style.bg):
        match colour:
            case None:
                pass
            case int():
                assert 0 <= colour <= 255
            case _:
                assert all(0 <= part <= 255 for part in colour)


def test_concealed_text_is_shown() -> None:
    line = render_line(b"\x1b[8mhidden")
    assert line.text == "hidden"
    assert line.runs[0].style == PLAIN
