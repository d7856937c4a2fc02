"""What a run of guest text looks like on each kind of theme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style as RichStyle

from core.console import PLAIN, Colour, Role, Style, render_line
from tui.pane.paint import Backdrop, Paint
from tui.themes.colours import STRONG, VISIBLE, contrast

DARK = "#101318"
LIGHT = "#f7f8fa"


def paint_on(
    ground: str = DARK,
    *,
    is_ansi: bool = False,
    has_colour: bool = True,
    min_contrast: float = VISIBLE,
) -> Paint:
    """Every role in a colour of its own, on `ground`."""
    is_dark = ground != LIGHT
    text = "#eceef2" if is_dark else "#14171d"
    if is_ansi:
        roles = {role: RichStyle.parse("default on default") for role in Role}
        roles[Role.STAMP] = RichStyle.parse("dim default on default")
    else:
        roles = {role: RichStyle.parse(f"{text} on {ground}") for role in Role}
        roles[Role.STAMP] = RichStyle.parse(f"#888888 on {ground}")
    looks = {"gutter": RichStyle.parse(f"#c99ae0 on {ground}")}
    backdrop = Backdrop(
        is_ansi=is_ansi, is_dark=is_dark, has_colour=has_colour, min_contrast=min_contrast
    )
    return Paint(roles, looks, backdrop)


def rgb(colour: RichColor | None) -> tuple[int, int, int]:
    assert colour is not None
    triplet = colour.get_truecolor()
    return triplet.red, triplet.green, triplet.blue


colours: st.SearchStrategy[Colour] = st.one_of(
    st.integers(0, 255), st.tuples(*[st.integers(0, 255)] * 3)
)


@pytest.mark.parametrize("ground", [DARK, LIGHT])
@pytest.mark.parametrize("colour", range(16))
def test_each_of_the_sixteen_colours_can_be_read_on_the_theme(ground: str, colour: int) -> None:
    style = paint_on(ground).style(Style(fg=colour), Role.TEXT)
    assert contrast(rgb(style.color), rgb(style.bgcolor)) >= 4.0


@pytest.mark.parametrize("ground", [DARK, LIGHT])
@given(fg=st.none() | colours, bg=st.none() | colours)
def test_guest_text_never_blends_into_what_is_behind_it(
    ground: str, fg: Colour | None, bg: Colour | None
) -> None:
    style = paint_on(ground).style(Style(fg=fg, bg=bg), Role.TEXT)
    assert contrast(rgb(style.color), rgb(style.bgcolor)) >= 1.7


@given(fg=st.none() | colours, bg=st.none() | colours, dim=st.booleans())
def test_who_needs_more_contrast_gets_it_from_every_guest(
    fg: Colour | None, bg: Colour | None, dim: bool
) -> None:
    paint = paint_on("#000000", min_contrast=STRONG)
    style = paint.style(Style(fg=fg, bg=bg, dim=dim), Role.TEXT)
    # On a middle grey neither black nor white keeps seven; the better one is taken.
    best = max(contrast(end, rgb(style.bgcolor)) for end in ((0, 0, 0), (255, 255, 255)))
    assert contrast(rgb(style.color), rgb(style.bgcolor)) >= min(STRONG, best)


def test_text_in_the_colour_of_its_background_gets_the_default_colour() -> None:
    paint = paint_on()
    hidden = paint.style(Style(fg=(0x10, 0x13, 0x18)), Role.TEXT)
    assert rgb(hidden.color) == rgb(paint.plain.color)


def test_text_hidden_on_its_own_background_is_readable() -> None:
    style = paint_on().style(Style(fg=(200, 0, 0), bg=(200, 0, 0)), Role.TEXT)
    assert contrast(rgb(style.color), rgb(style.bgcolor)) >= 3.0


@given(number=st.integers(16, 255))
def test_the_other_256_colours_pass_through_where_they_can_be_read(number: int) -> None:
    expected = rgb(RichColor.from_ansi(number))
    style = paint_on().style(Style(fg=number), Role.TEXT)
    if contrast(expected, (0x10, 0x13, 0x18)) >= 1.7:
        assert rgb(style.color) == expected


def test_rgb_passes_through() -> None:
    style = paint_on().style(Style(fg=(1, 200, 3), bg=(4, 5, 6)), Role.TEXT)
    assert rgb(style.color) == (1, 200, 3)
    assert rgb(style.bgcolor) == (4, 5, 6)


def test_an_ansi_theme_hands_the_guests_colours_to_the_terminal() -> None:
    style = paint_on(is_ansi=True).style(Style(fg=2, bg=4), Role.TEXT)
    assert style.color == RichColor.from_ansi(2)
    assert style.bgcolor == RichColor.from_ansi(4)


def test_an_ansi_theme_does_not_hide_text_either() -> None:
    style = paint_on(is_ansi=True).style(Style(fg=4, bg=4), Role.TEXT)
    assert style.color == RichColor.default()


def test_without_colour_attributes_stay_and_the_guests_colours_go() -> None:
    paint = paint_on(is_ansi=True, has_colour=False)
    style = paint.style(Style(fg=1, bg=2, bold=True, dim=True, reverse=True), Role.TEXT)
    assert (style.bold, style.dim, style.reverse) == (True, True, True)
    assert style.color == paint.plain.color
    assert style.bgcolor == paint.plain.bgcolor


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_dim_text_is_nearer_to_its_background_and_legible(ground: str) -> None:
    paint = paint_on(ground)
    dim = paint.style(Style(dim=True), Role.TEXT)
    behind = rgb(dim.bgcolor)
    assert 4.0 <= contrast(rgb(dim.color), behind) < contrast(rgb(paint.plain.color), behind)
    assert not dim.dim


def test_a_guests_attributes_add_to_those_of_the_role() -> None:
    paint = paint_on(is_ansi=True)
    style = paint.style(Style(bold=True), Role.STAMP)
    assert style.bold
    assert style.dim


def test_a_plain_run_has_the_look_of_its_role() -> None:
    assert rgb(paint_on().style(PLAIN, Role.STAMP).color) == (0x88, 0x88, 0x88)


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def test_a_line_is_filled_up_to_the_width() -> None:
    assert text_of(paint_on().segments(render_line(b"abc"), 0, 6)) == "abc   "


def test_a_line_that_fits_exactly_has_no_clip_mark() -> None:
    assert text_of(paint_on().segments(render_line(b"abcdef"), 0, 6)) == "abcdef"


def test_a_line_that_goes_on_ends_in_a_quiet_mark() -> None:
    segments = paint_on().segments(render_line(b"abcdefg"), 0, 6)
    assert text_of(segments) == "abcde›"
    assert rgb(segments[-1].style.color if segments[-1].style else None) == (0xC9, 0x9A, 0xE0)


def test_a_line_is_shown_from_a_column_on() -> None:
    paint = paint_on()
    assert text_of(paint.segments(render_line(b"abcdefghij"), 4, 4)) == "efg›"
    assert text_of(paint.segments(render_line(b"abcdefghij"), 8, 4)) == "ij  "
    assert text_of(paint.segments(render_line(b"abc"), 8, 4)) == "    "


def test_wide_characters_are_counted_in_cells() -> None:
    paint = paint_on()
    line = render_line("日本語テスト".encode())
    assert text_of(paint.segments(line, 0, 12)) == "日本語テスト"
    clipped = text_of(paint.segments(line, 0, 6))
    assert clipped.endswith("›")
    assert "日本" in clipped


@given(
    data=st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")),
    column=st.integers(0, 60),
    width=st.integers(1, 60),
)
def test_any_bytes_fill_exactly_the_width(data: bytes, column: int, width: int) -> None:
    segments = paint_on().segments(render_line(data), column, width)
    assert sum(segment.cell_length for segment in segments) == width


def test_a_guest_with_endless_colours_does_not_fill_the_memory() -> None:
    paint = paint_on()
    for red in range(100):
        for green in range(100):
            paint.style(Style(fg=(red, green, 250)), Role.TEXT)
    assert len(paint._styles) <= 4096
