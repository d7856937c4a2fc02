"""What a run of guest text looks like on a theme: roles, and the guest's own colours on them.

The guest's sixteen colours become sixteen that are legible on the theme's
background; themes that use the terminal's own colours hand them through. Text
never blends into what is behind it, whatever the guest asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.strip import Strip

from core.console import PLAIN, Colour, ConsoleLine, Role, Style
from tui.pane.overlay import Span
from tui.themes.colours import RGB, VISIBLE, contrast

_Look = tuple[int, RichStyle]
"""So many characters of one style."""

CLIPPED = "›"
"""Stands at the right edge of a line that goes on."""

_ON_COLOUR_CONTRAST = 3.0
"""What the theme's text colour must keep on a background the guest chose."""

_DIM = 0.6
"""How much of a dim text's colour is its own; the rest is what is behind it."""

_CACHED_STYLES = 4096
"""A guest can ask for any number of colours; we remember this many."""


def _palette(text: str) -> tuple[RGB, ...]:
    codes = (int(code, 16) for code in text.split())
    return tuple((code >> 16, code >> 8 & 255, code & 255) for code in codes)


_DARK_TEXT = _palette(
    "6b7685 f2777a 7fc97f d9b45f 6aa9f4 c792ea 5cc4cf c3cad4"
    " 8a95a5 ff959a a0e0a0 f0cf7f 8fc3ff dcb3fa 86dfe8 ffffff"
)
_LIGHT_TEXT = _palette(
    "24292f b3261e 1f7a37 866000 1554b0 7f3fb5 0b6b78 57606a"
    " 6e7781 cf3a30 2c8a45 97700a 2a6fd0 9855d0 1c7f8c 3a424c"
)
_DARK_BEHIND = _palette(
    "000000 8f2f35 2f6b35 7a5f1e 2a5599 6b4191 1f6a75 c3cad4"
    " 4a5361 c2474d 4a9a52 b08f35 4a86d8 9a6cc8 3a99a5 ffffff"
)
_LIGHT_BEHIND = _palette(
    "24292f f2b8b5 b4e3be efd9a0 b6d2f7 dcc4f3 b0e0e6 d0d7de"
    " 8c959f e8837d 7cc98e d9b45a 7fb0ee bf95e6 74c3ce ffffff"
)
_CUBE = (0, 95, 135, 175, 215, 255)
_BLACK: RGB = (0, 0, 0)
_WHITE: RGB = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What guest text stands on."""

    is_ansi: bool = False
    """The theme uses the terminal's own colours, which nobody here knows."""
    is_dark: bool = True
    has_colour: bool = True
    """False under NO_COLOR: attributes stay, a guest's colours go."""
    min_contrast: float = VISIBLE
    """What a guest's colour must keep on what is behind it, or the theme's text takes over."""


class Paint:
    """Rich styles for runs of guest text. Made once a theme, asked once a run."""

    def __init__(
        self,
        roles: Mapping[Role, RichStyle],
        looks: Mapping[str, RichStyle],
        backdrop: Backdrop,
    ) -> None:
        """Styles for one theme.

        Args:
            roles: the look of each role of guest text.
            looks: the look of each thing of ours around it, by name; `gutter` is one.
            backdrop: what all this stands on.
        """
        self._roles = dict(roles)
        self._looks = dict(looks)
        self._backdrop = backdrop
        self._styles: dict[tuple[Style, Role], RichStyle] = {}
        plain = self._roles[Role.TEXT]
        self.plain = plain
        self._text = _rgb_of(plain.color, _WHITE if backdrop.is_dark else _BLACK)
        self._behind = _rgb_of(plain.bgcolor, _BLACK if backdrop.is_dark else _WHITE)

    def look(self, name: str) -> RichStyle:
        """The look of a thing of ours."""
        return self._looks[name]

    def style(self, style: Style, role: Role) -> RichStyle:
        """The look of one run."""
        if style == PLAIN:
            return self._roles[role]
        key = (style, role)
        found = self._styles.get(key)
        if found is None:
            if len(self._styles) >= _CACHED_STYLES:
                self._styles.clear()
            found = self._styles[key] = self._own(style, self._roles[role])
        return found

    def segments(
        self, line: ConsoleLine, column: int, width: int, spans: Sequence[Span] = ()
    ) -> list[Segment]:
        """What `width` cells show of `line` from `column` on, filled up to the full width."""
        if width <= 0:
            return []
        runs: Iterable[_Look] = ((run.length, self.style(run.style, run.role)) for run in line.runs)
        if spans:
            runs = self._spanned(list(runs), spans)
        if line.text.isascii():
            shown, cells, is_clipped = _ascii(line.text, runs, column, width)
        else:
            shown, cells, is_clipped = _cells(line.text, runs, column, width)
        if is_clipped:
            shown.append(Segment(CLIPPED, self._looks["gutter"]))
            cells += 1
        if cells < width:
            shown.append(Segment(" " * (width - cells), self.plain))
        return shown

    def _spanned(self, runs: list[_Look], spans: Sequence[Span]) -> list[_Look]:
        """The runs with the looks of `spans` on top of their own, the last one's uppermost."""
        for span in spans:
            look, at = self._looks[span.look], 0
            split: list[_Look] = []
            for length, style in runs:
                begin, at = at, at + length
                cuts = sorted({begin, at, *(c for c in span[:2] if begin < c < at)})
                for one, other in pairwise(cuts):
                    is_inside = span.start <= one and other <= span.end
                    split.append((other - one, style + look if is_inside else style))
            runs = split
        return runs

    def _own(self, style: Style, base: RichStyle) -> RichStyle:
        fg, bg = self._colours(style)
        is_dim = style.dim
        if is_dim and not self._backdrop.is_ansi:
            # Terminals do not agree on how dim dim is; ours stays legible.
            least = self._backdrop.min_contrast
            fg, is_dim = _dimmed(fg or base.color, bg or base.bgcolor, least), False
        # An attribute that is off must stay unset, or it would undo the role's.
        return base + RichStyle(
            color=fg,
            bgcolor=bg,
            bold=style.bold or None,
            dim=is_dim or None,
            italic=style.italic or None,
            underline=style.underline or None,
            reverse=style.reverse or None,
            strike=style.strike or None,
        )

    def _colours(self, style: Style) -> tuple[RichColor | None, RichColor | None]:
        if not self._backdrop.has_colour:
            return None, None
        if self._backdrop.is_ansi:
            fg = None if style.fg == style.bg else style.fg
            return _handed_through(fg), _handed_through(style.bg)
        behind = self._behind if style.bg is None else self._background(style.bg)
        text = self._foreground(style, behind)
        return (
            None if text is None else RichColor.from_rgb(*text),
            None if style.bg is None else RichColor.from_rgb(*behind),
        )

    def _foreground(self, style: Style, behind: RGB) -> RGB | None:
        if style.fg is not None:
            own = self._text_colour(style.fg, on_colour=style.bg is not None)
            # Where both ends are of our choice, the pair is our responsibility too.
            is_ours = isinstance(style.bg, int) and style.bg < 16
            least = self._backdrop.min_contrast
            if contrast(own, behind) >= (max(_ON_COLOUR_CONTRAST, least) if is_ours else least):
                return own
        least = max(_ON_COLOUR_CONTRAST, self._backdrop.min_contrast)
        if style.bg is None or contrast(self._text, behind) >= least:
            # None keeps the role's colour, which is chosen for the theme's background.
            return None if style.fg is None else self._text
        return max(_BLACK, _WHITE, key=lambda colour: contrast(colour, behind))

    def _text_colour(self, colour: Colour, *, on_colour: bool) -> RGB:
        if isinstance(colour, int) and colour < 16:
            if on_colour and colour in (0, 15):
                return _BLACK if colour == 0 else _WHITE
            return (_DARK_TEXT if self._backdrop.is_dark else _LIGHT_TEXT)[colour]
        return _own_rgb(colour)

    def _background(self, colour: Colour) -> RGB:
        if isinstance(colour, int) and colour < 16:
            return (_DARK_BEHIND if self._backdrop.is_dark else _LIGHT_BEHIND)[colour]
        return _own_rgb(colour)


def _ascii(
    text: str, runs: Iterable[_Look], column: int, width: int
) -> tuple[list[Segment], int, bool]:
    is_clipped = len(text) > column + width
    stop = min(len(text), column + width - is_clipped)
    shown: list[Segment] = []
    at = 0
    for length, style in runs:
        begin, at = at, at + length
        if at <= column:
            continue
        if begin >= stop:
            break
        shown.append(Segment(text[max(begin, column) : min(at, stop)], style))
    return shown, max(0, stop - column), is_clipped


def _cells(
    text: str, runs: Iterable[_Look], column: int, width: int
) -> tuple[list[Segment], int, bool]:
    segments: list[Segment] = []
    at = 0
    for length, style in runs:
        begin, at = at, at + length
        segments.append(Segment(text[begin:at], style))
    strip = Strip(segments)
    is_clipped = strip.cell_length > column + width
    visible = strip.crop(column, column + width - is_clipped)
    return list(visible), visible.cell_length, is_clipped


def _own_rgb(colour: Colour) -> RGB:
    """A colour of the 256 above the sixteen, or one given as RGB."""
    if not isinstance(colour, int):
        return colour
    if colour >= 232:
        grey = 8 + (colour - 232) * 10
        return grey, grey, grey
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return _CUBE[red], _CUBE[green], _CUBE[blue]


def _handed_through(colour: Colour | None) -> RichColor | None:
    if colour is None:
        return None
    return RichColor.from_ansi(colour) if isinstance(colour, int) else RichColor.from_rgb(*colour)


def _dimmed(text: RichColor | None, behind: RichColor | None, least: float) -> RichColor | None:
    if text is None or behind is None:
        return text
    one, other = _rgb_of(text, _WHITE), _rgb_of(behind, _BLACK)
    red, green, blue = (round(a * _DIM + b * (1 - _DIM)) for a, b in zip(one, other, strict=True))
    if contrast((red, green, blue), other) < least:
        return text
    return RichColor.from_rgb(red, green, blue)


def _rgb_of(colour: RichColor | None, otherwise: RGB) -> RGB:
    if colour is None or colour.triplet is None:
        return otherwise
    return colour.triplet.red, colour.triplet.green, colour.triplet.blue
