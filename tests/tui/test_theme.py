"""Every theme has every colour, text can be read on it, and a person may make another one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from core.cli.parser import THEMES as CHOICES
from core.config import parse_config
from core.errors import ConfigError, UsageError
from tests.fakes import sandbox
from tests.tui.stage import dashboard
from tui.states import TONES
from tui.themes.colours import LEGIBLE, STRONG, contrast, rgb
from tui.themes.looks import Looks, settle
from tui.themes.palettes import COLOURS, GROUNDS, NAMES, PALETTES, TEXTS, Palette, faint
from tui.themes.theme import full_name, short_name, theme_of, variables_for

TRUE_COLOUR = [palette for palette in PALETTES if not palette.is_ansi]
ANSI = [palette for palette in PALETTES if palette.is_ansi]


def by_name(palettes: list[Palette]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("palette", palettes, ids=lambda palette: palette.name)


def looks(text: str, theme: str = "") -> Looks:
    return settle(parse_config(text.encode(), "c.toml"), theme)


def test_the_command_line_offers_the_themes_there_are() -> None:
    assert CHOICES == NAMES


@by_name([*PALETTES])
def test_every_theme_has_every_colour(palette: Palette) -> None:
    assert set(palette.colours) == set(COLOURS)
    assert set(COLOURS) > set(TONES)
    variables = theme_of(palette).variables
    assert {f"gw-{name}" for name in COLOURS} <= set(variables)
    assert short_name(theme_of(palette).name) == palette.name


@by_name(TRUE_COLOUR)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read_wherever_it_stands(palette: Palette, text: str, ground: str) -> None:
    ratio = contrast(rgb(palette.colours[text]), rgb(palette.colours[ground]))
    assert ratio >= palette.min_contrast >= LEGIBLE


def test_high_contrast_is_high() -> None:
    (high,) = [palette for palette in PALETTES if palette.name == "high-contrast"]
    assert high.min_contrast == STRONG == 7.0
    # A frame is no text; WCAG asks three for it.
    for ground in GROUNDS:
        assert contrast(rgb(high.colours["frame"]), rgb(high.colours[ground])) >= 3.0


@by_name(TRUE_COLOUR)
def test_the_guest_stands_out_most(palette: Palette) -> None:
    ground = rgb(palette.colours["ground"])
    ratios = {name: contrast(rgb(palette.colours[name]), ground) for name in TEXTS}
    assert max(ratios, key=lambda name: ratios[name]) == "guest"


@by_name(ANSI)
def test_ansi_themes_use_nothing_but_the_terminals_own_colours(palette: Palette) -> None:
    for name, colour in palette.colours.items():
        assert Color.parse(colour).ansi is not None, name


@by_name(ANSI)
def test_text_is_never_the_colour_that_palettes_make_their_background(palette: Palette) -> None:
    assert not {palette.colours[name] for name in TEXTS} & {
        "ansi_black",
        "ansi_bright_black",
        "ansi_white",
        "ansi_bright_white",
    }


def test_a_theme_that_is_not_ours_gets_our_colours_too() -> None:
    dark, light = variables_for(dark=True), variables_for(dark=False)
    assert dark.keys() == light.keys() >= {f"gw-{name}" for name in COLOURS}
    assert dark != light


# A person's own.

MINE = """
theme = "mine"

[themes.mine]
base = "light"
accent = "#ABC"
guest = "#000000"

[themes.old-terminal]
base = "ansi-light"
accent = "magenta"
warn = "bright-red"
"""


def test_ones_own_theme_is_its_base_with_other_colours() -> None:
    found = looks(MINE)
    assert found.theme == "mine"
    assert found.names == (*NAMES, "mine", "old-terminal")
    mine, old = found.palettes[-2:]
    assert (mine.is_dark, mine.is_ansi) == (False, False)
    assert mine.colours["accent"] == "#aabbcc"
    assert mine.colours["alarm"] == PALETTES[1].colours["alarm"]
    assert (old.colours["accent"], old.colours["warn"]) == ("ansi_magenta", "ansi_bright_red")


def test_what_is_hard_to_read_is_warned_of_and_done() -> None:
    (warning,) = looks(MINE).warnings
    assert warning.startswith("themes.mine: hard to read: accent on ")
    assert [faint(palette) for palette in PALETTES] == [[]] * len(PALETTES)


def test_the_command_line_decides() -> None:
    assert looks(MINE, "light").theme == "light"
    assert looks(MINE, "light").is_asked_for
    assert not looks(MINE).is_asked_for
    assert looks("").theme == "dark"


@pytest.mark.parametrize(
    ("text", "line", "key", "words", "hint"),
    [
        ('theme = "lihgt"', 1, "theme", "no theme called lihgt", "Did you mean light?"),
        ('\ntheme = "pink"', 2, "theme", "no theme called pink", "high-contrast"),
        ("theme = 3", 1, "theme", "must be a string", ""),
        ("[themes.dark]", 1, "themes.dark", "has already", "another name"),
        ("[themes.'My Own']", 1, "themes.My Own", "is no name", "small letters"),
        ('[themes.x]\nbase = "nord"', 2, "themes.x.base", "must be one of", ""),
        ('[themes.x]\nacent = "#fff"', 2, "themes.x.acent", "nothing", "Did you mean accent?"),
        ('[themes.x]\nzzzz = "#fff"', 2, "themes.x.zzzz", "nothing", "Known: base, ground"),
        ('[themes.x]\naccent = "blue"', 2, "themes.x.accent", "is no colour: blue", "#6fb7f2"),
        ('[themes.x]\naccent = "#12"', 2, "themes.x.accent", "is no colour", ""),
        ("[themes.x]\naccent = 3", 2, "themes.x.accent", "is no colour: 3", ""),
        (
            '[themes.x]\nbase="ansi-dark"\naccent = "#ffffff"',
            3,
            "themes.x.accent",
            "is no colour",
            "terminal's own",
        ),
        ("themes = 3", 1, "themes", "must be a table", ""),
        ("[themes]\nx = 3", 2, "themes.x", "must be a table", "[themes.x]"),
    ],
)
def test_what_is_wrong_is_told_with_line_key_and_remedy(
    text: str, line: int, key: str, words: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        looks(text)
    assert (caught.value.line, caught.value.key) == (line, key)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_a_theme_that_was_typed_and_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="no theme called lite") as caught:
        looks("", "lite")
    assert caught.value.hint == "Did you mean light?"


def test_more_themes_than_anybody_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="too many"):
        looks("\n".join(f"[themes.x{number}]" for number in range(51)))


@given(
    st.dictionaries(
        st.sampled_from([*COLOURS, "base", "nothing"]),
        st.sampled_from(["#fff", "#123456", "red", "dark", "ansi-dark", "", "#ggg", "\x1b"]),
    )
)
def test_whatever_is_accepted_makes_a_theme(asked: dict[str, str]) -> None:
    lines = [f"{name} = {value!r}" for name, value in asked.items() if value.isprintable()]
    try:
        found = looks("[themes.x]\n" + "\n".join(lines))
    except ConfigError:
        return
    palette = found.palettes[-1]
    assert set(palette.colours) == set(COLOURS)
    for colour in palette.colours.values():
        assert (Color.parse(colour).ansi is not None) is palette.is_ansi
    theme_of(palette)


# On the screen.


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*NAMES])
async def test_the_dashboard_starts_in_every_theme(name: str) -> None:
    async with dashboard([sandbox("vm1")], theme=name) as stage:
        assert stage.app.current_theme.name == full_name(name)
        assert "vm1" in stage.text


@pytest.mark.anyio
async def test_the_dashboard_starts_in_ones_own_theme_and_the_palette_has_it() -> None:
    async with dashboard([sandbox("vm1")], looks=looks(MINE)) as stage:
        assert stage.app.current_theme.name == full_name("mine")
        style = stage.app.dashboard.stage.list.get_component_rich_style("ink--accent")
        assert style.color is not None
        assert style.color.get_truecolor().hex == "#aabbcc"
        await stage.press(":", *"old-t")
        await stage.until(lambda: "Theme old-terminal" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.app.theme == full_name("old-terminal"))


@pytest.mark.anyio
async def test_the_dashboard_starts_in_a_theme_that_is_not_ours() -> None:
    async with dashboard([sandbox("vm1")]) as stage:
        stage.app.theme = "nord"
        await stage.pilot.pause()
        assert "vm1" in stage.text


@pytest.mark.anyio
async def test_no_color_means_no_colour_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    own = replace(looks(MINE), theme="mine")
    async with dashboard([sandbox("vm1"), sandbox("vm2", silent_s=9)], looks=own) as stage:
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
