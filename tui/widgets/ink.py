"""What the dashboard's own text widgets share: named colours, and lines cut to a width."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from core.console import SafeStr, safe_text
from tui.literal import literal
from tui.states import TONES

_INKS = ("plain", "strong", "quiet", "accent", "frame", "mark", *TONES)
_NARROWEST_MIDDLE = 7
"""Below this, a text cut in its middle shows too little of both ends."""
_SHORTEST_HEAD = 5
"""A beginning of fewer cells says nothing, so it is left out."""


class Inked(Widget):
    """A widget that paints its text whole, in the theme's named colours."""

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{name}" for name in (*_INKS, "selected")}

    DEFAULT_CSS = """
    Inked {
        text-wrap: nowrap;
        .ink--plain { color: $gw-guest; }
        .ink--strong { color: $gw-guest; text-style: bold; }
        .ink--quiet { color: $gw-quiet; text-style: $gw-quiet-style; }
        .ink--accent { color: $gw-accent; text-style: bold; }
        .ink--frame { color: $gw-frame; }
        .ink--mark { color: $gw-mark; }
        .ink--live { color: $gw-live; }
        .ink--silent { color: $gw-silent; }
        .ink--waiting { color: $gw-waiting; }
        .ink--off { color: $gw-off; text-style: $gw-quiet-style; }
        .ink--ended { color: $gw-ended; }
        .ink--failed { color: $gw-failed; }
        .ink--selected { background: $gw-selected; }
    }
    """

    def ink(self, text: SafeStr, name: str) -> Content:
        """`text` in the colour called `name`."""
        return literal(text).stylize(self.get_visual_style(f"ink--{name}", partial=True))

    def highlighted(self, line: Content) -> Content:
        """`line` on the background of what is selected."""
        # Asked of the sheet itself: a partial visual style leaves backgrounds out.
        background = self.get_component_styles("ink--selected").background
        return line.stylize_before(Style(background=background))

    def own(self, text: str, name: str) -> Content:
        """A word of ours in the colour called `name`."""
        return self.ink(safe_text(text), name)


def beside(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the two ends of a line; `left` is cut when they collide."""
    if not right.cell_length:
        return left.truncate(width, ellipsis=True, pad=True)
    room = width - right.cell_length - 1
    if room < 1:
        return right.truncate(width, ellipsis=True, pad=True)
    return left.truncate(room, ellipsis=True, pad=True) + Content(" ") + right


def middle_cut(text: SafeStr, width: int) -> SafeStr:
    """`text` in at most `width` cells; its end and, if there is room, its beginning stay.

    A console's path says most at its end, and reads best from a slash on.
    """
    content = literal(text)
    if content.cell_length <= width:
        return text
    if width < _NARROWEST_MIDDLE:
        return safe_text(str(content.truncate(width, ellipsis=True)))
    tail = _tail(text, width - 1)
    head = width - 1 - cell_len(tail)
    if head < _SHORTEST_HEAD:
        head = 0
    return safe_text(f"{content.truncate(head)}…{tail}")


def _tail(text: SafeStr, width: int) -> str:
    """The end of `text` in at most `width` cells, from a slash on if one is near enough."""
    tail = text[-width:]
    while cell_len(tail) > width:
        tail = tail[1:]
    slash = tail.find("/")
    return tail[slash:] if 0 <= slash <= len(tail) // 4 else tail
