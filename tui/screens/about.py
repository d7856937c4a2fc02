"""The page for a report about guestwatch itself, on top of the panes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.timer import Timer

from core.clock import now
from core.console import SafeStr, safe_text
from core.reports import fenced
from core.wire import Status
from tui.about import About, Latency, lines
from tui.actions import keymap_of
from tui.actions.keynames import textual_name
from tui.copying.clipboard import MAX_BYTES, copy
from tui.copying.taking import take
from tui.literal import literal
from tui.widgets.ink import Inked

_SAMPLES = 40
_SAMPLE_S = 0.05
"""Two seconds of timers say whether the loop is held up."""


class AboutText(Inked):
    """The facts, a line each; it grows with them."""

    DEFAULT_CSS = """
    AboutText { height: auto; }
    """

    shown: reactive[Sequence[SafeStr]] = reactive[Sequence[SafeStr]]((), layout=True)

    def render(self) -> Content:
        """All of them."""
        return Content("\n").join(map(literal, self.shown))


class AboutScreen(ModalScreen[None]):
    """Facts of this program and what it runs in; `y` copies them.

    Args:
        about: the facts, without capture's.
        ask: asks capture for its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", show=False),
        Binding("y", "copy", show=False),
        Binding("h", "toggle_host", show=False),
    ]

    DEFAULT_CSS = """
    AboutScreen {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }

        #about-box {
            width: 100;
            max-width: 96%;
            height: auto;
            max-height: 96%;
            padding: 1 2;
            background: $gw-raised;
            border: round $gw-accent;
            border-title-color: $gw-guest;
            border-title-style: bold;
            border-subtitle-color: $gw-quiet;
            scrollbar-size-vertical: 1;
        }
    }
    """

    def __init__(self, about: About, ask: Callable[[], Awaitable[Status | None]]) -> None:
        super().__init__()
        self._about = about
        self._ask = ask
        self._has_host = True
        self._delays: list[float] = []
        self._before = 0.0
        self._timer: Timer | None = None
        self._text = AboutText()
        self._box = VerticalScroll(self._text, id="about-box")
        self._box.border_title = literal(safe_text("About this program"))
        self._box.border_subtitle = literal(
            safe_text("y copies it · h shortens the host's name · esc closes")
        )

    def compose(self) -> ComposeResult:
        """A box that scrolls when the window is low."""
        yield self._box

    async def on_mount(self) -> None:
        """Show what is known, then what capture says, then how the loop is doing."""
        for key in keymap_of(self.app).keys["about"]:
            self._bindings.bind(textual_name(key), "leave", show=False)
        self._box.focus()
        self._show()
        self._before = now().boot
        self._timer = self.set_interval(_SAMPLE_S, self._sample)
        self._about = replace(self._about, status=await self._ask())
        self._show()

    @property
    def is_settled(self) -> bool:
        """Whether the loop was watched for long enough."""
        return len(self._delays) >= _SAMPLES

    def action_leave(self) -> None:
        """Back to the panes."""
        self.dismiss(None)

    def action_toggle_host(self) -> None:
        """Name the host in full, or its first letter."""
        self._has_host = not self._has_host
        self._show()

    async def action_copy(self) -> None:
        """Copy it as a block."""
        text = "\n".join(lines(self._about, has_host=self._has_host))
        await copy(self, take([fenced(text)], MAX_BYTES))

    def _sample(self) -> None:
        at = now().boot
        self._delays.append(max(0.0, at - self._before - _SAMPLE_S))
        self._before = at
        if self.is_settled and self._timer is not None:
            self._timer.stop()
        mean = sum(self._delays) / len(self._delays)
        latency = Latency(len(self._delays), max(self._delays), mean)
        self._about = replace(self._about, latency=latency)
        self._show()

    def _show(self) -> None:
        self._text.shown = tuple(lines(self._about, has_host=self._has_host))
