"""Every theme has every colour, and text can be read on it."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from core.cli.parser import THEMES as CHOICES
from tests.fakes import sandbox
from tests.tui.stage import dashboard
from tui.states import TONES
from tui.theme import NAMES, THEMES, VARIABLES, full_name, variables_for

TEXT = [
    name
    for name in VARIABLES
    if name not in ("gw-frame", "gw-selected", "gw-raised") and not name.endswith("-style")
]
TRUE_COLOUR = [theme for theme in THEMES if not theme.ansi]
BY_NAME = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


def luminance(colour: Color) -> float:
    """WCAG's relative luminance."""
    channels = [value / 255 for value in colour.rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted(luminance(Color.parse(each)) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_the_command_line_offers_the_themes_there_are() -> None:
    assert CHOICES == NAMES
    assert [theme.name for theme in THEMES] == [full_name(name) for name in NAMES]


@BY_NAME
def test_every_theme_has_every_colour(theme: Theme) -> None:
    assert set(VARIABLES) <= set(theme.variables)
    assert {f"gw-{tone}" for tone in TONES} <= set(VARIABLES)


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", TEXT)
def test_text_can_be_read_wherever_it_stands(theme: Theme, name: str) -> None:
    assert theme.background is not None
    for ground in (
        theme.background,
        theme.variables["gw-selected"],
        theme.variables["gw-raised"],
    ):
        assert contrast(theme.variables[name], ground) >= 4.5


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
def test_the_guest_stands_out_most(theme: Theme) -> None:
    assert theme.background is not None
    colours = {name: contrast(theme.variables[name], theme.background) for name in TEXT}
    assert max(colours, key=lambda name: colours[name]) == "gw-guest"


@pytest.mark.parametrize("theme", [t for t in THEMES if t.ansi], ids=lambda theme: theme.name)
def test_ansi_themes_use_nothing_but_the_terminals_own_colours(theme: Theme) -> None:
    for name in VARIABLES:
        if not name.endswith("-style"):
            assert Color.parse(theme.variables[name]).ansi is not None, name


@pytest.mark.parametrize("theme", [t for t in THEMES if t.ansi], ids=lambda theme: theme.name)
def test_text_is_never_the_colour_that_palettes_make_their_background(theme: Theme) -> None:
    assert not {theme.variables[name] for name in TEXT} & {
        "ansi_black",
        "ansi_bright_black",
        "ansi_white",
        "ansi_bright_white",
    }


def test_a_theme_that_is_not_ours_gets_our_colours_too() -> None:
    assert variables_for(dark=True).keys() == set(VARIABLES)
    assert variables_for(dark=False) != variables_for(dark=True)


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*NAMES])
async def test_the_dashboard_starts_in_every_theme(name: str) -> None:
    async with dashboard([sandbox("vm1")], theme=name) as stage:
        assert stage.app.current_theme.name == full_name(name)
        assert "vm1" in stage.text


@pytest.mark.anyio
async def test_the_dashboard_starts_in_a_theme_that_is_not_ours() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        stage.app.theme = "nord"
        await stage.pilot.pause()
        assert "vm1" in stage.text


@pytest.mark.anyio
async def test_no_color_means_no_colour_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard([sandbox("vm1"), sandbox("vm2", silent_s=9)]) as stage:
        strips = stage.app.screen._compositor.render_strips()
        colours = {
            colour.name
            for strip in strips
            for segment in strip
            if segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}
        assert "▌" in stage.text
