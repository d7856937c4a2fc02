"""The colours of a console on the screen, as the style sheet has them."""

from __future__ import annotations

from typing import ClassVar

from textual.color import Color
from textual.widget import Widget

from core.console import Role
from tui.pane.paint import Backdrop, Paint
from tui.states import TONES
from tui.themes.colours import LEGIBLE, VISIBLE
from tui.themes.theme import CONTRAST

_LOOKS = (
    "gutter",
    "divider",
    "border",
    "number",
    "name",
    "quiet",
    "paused",
    "hit",
    "hit-here",
    "chosen",
    "marked",
    "kept",
    "context",
    "hidden",
    *TONES,
)


def _least(contrast: str | None) -> float:
    """What a guest's colours must keep; where nobody asked for more, what can be seen at all."""
    asked = float(contrast or LEGIBLE)
    return asked if asked > LEGIBLE else VISIBLE


class ConsoleLook(Widget):
    """A widget that paints guest text: it asks the style sheet once, not once a row."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"console--{name}" for name in (*(role.value for role in Role), *_LOOKS)
    }

    DEFAULT_CSS = """
    ConsoleLook {
        background: $background;
        color: $gw-guest;

        .console--text { color: $gw-guest; }
        .console--stamp { color: $gw-stamp; text-style: $gw-quiet-style; }
        .console--alarm { color: $gw-alarm; text-style: bold; }
        .console--debug { color: $gw-debug; text-style: $gw-quiet-style; }
        .console--info { color: $gw-info; }
        .console--ok { color: $gw-live; }
        .console--warn { color: $gw-warn; }
        .console--error { color: $gw-error; }
        .console--source { color: $gw-source; }
        .console--field { color: $gw-field; text-style: $gw-quiet-style; }
        .console--mark { color: $gw-mark; }
        .console--gutter { color: $gw-gutter; text-style: $gw-quiet-style; }
        .console--divider { color: $gw-quiet; text-style: $gw-quiet-style; }
        .console--border { color: $gw-frame; }
        .console--number { color: $gw-quiet; text-style: $gw-quiet-style; }
        .console--name { color: $gw-guest; text-style: bold; }
        .console--quiet { color: $gw-quiet; text-style: $gw-quiet-style; }
        .console--paused { color: $gw-accent; text-style: bold; }
        .console--hit { color: $gw-accent; text-style: underline; }
        .console--hit-here { color: $gw-accent; text-style: bold underline reverse; }
        .console--chosen { background: $gw-selected; text-style: reverse; }
        .console--marked { color: $gw-mark; text-style: bold; }
        .console--kept { color: $gw-accent; text-style: bold; }
        .console--hidden { color: $gw-gutter; text-style: $gw-quiet-style; }
        .console--context { color: $gw-quiet; text-style: $gw-quiet-style; }
        .console--live { color: $gw-live; }
        .console--silent { color: $gw-silent; }
        .console--waiting { color: $gw-waiting; }
        .console--off { color: $gw-off; }
        .console--ended { color: $gw-ended; }
        .console--failed { color: $gw-failed; }

        &:focus .console--border { color: $gw-accent; }
        &:focus .console--number { color: $gw-accent; text-style: bold; }
        &.-selected .console--name { color: $gw-accent; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paint: Paint | None = None
        self._behind = Color(0, 0, 0)

    @property
    def has_paint(self) -> bool:
        """Whether what was painted last still has the right colours."""
        return self._paint is not None

    @property
    def paint(self) -> Paint:
        """The styles, until the theme or the focus changes."""
        if self._paint is None:
            self._paint = self._fetch()
        return self._paint

    @property
    def behind(self) -> Color:
        """The background, as it was when `paint` was fetched."""
        return self._behind

    def notify_style_update(self) -> None:
        """Fetch the colours anew at the next paint."""
        super().notify_style_update()
        self._paint = None

    def _fetch(self) -> Paint:
        self._behind = self.background_colors[1]
        looks = {name: self.get_component_rich_style(f"console--{name}") for name in _LOOKS}
        roles = {role: self.get_component_rich_style(f"console--{role.value}") for role in Role}
        app = self.app
        backdrop = Backdrop(
            is_ansi=app.native_ansi_color,
            is_dark=app.current_theme.dark,
            has_colour=not app.no_color,
            min_contrast=_least(app.current_theme.variables.get(CONTRAST)),
        )
        return Paint(roles, looks, backdrop)
