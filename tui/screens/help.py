"""All keys, made from the registry, and what the signs of the states mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from core.console import safe_text
from tui.actions import ACTIONS, Action, keymap_of
from tui.actions.keynames import textual_name
from tui.focus import Focus
from tui.literal import literal
from tui.widgets.help_text import HelpText

_MAX_FIND_CHARS = 60
_AIRY_LINES = 32
"""From this height on there is room for blank lines inside the frame."""


class HelpScreen(ModalScreen[None]):
    """The keys, on top of what they are for.

    Args:
        focus: what has the focus below; its keys come first.
        actions: all that can be done there.
        has_states: whether it says what the signs of a console's state mean.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave the search, or close", show=False),
        Binding("q,question_mark,f1,enter", "close", "Close", show=False),
        Binding("slash", "find", "Find", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("space", "page(1)", "A page down", show=False),
        Binding("g", "edge(-1)", "To the first line", show=False),
        Binding("G", "edge(1)", "To the last line", show=False),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }

        #help-box {
            width: 120;
            max-width: 96%;
            height: auto;
            max-height: 96%;
            padding: 0 1 0 2;
            background: $gw-raised;
            border: round $gw-accent;
            border-title-color: $gw-guest;
            border-title-style: bold;
            border-subtitle-color: $gw-quiet;
        }
        #help-find, #help-find:focus {
            display: none;
            height: 1;
            border: none;
            padding: 0;
            background: $gw-raised;
            color: $gw-guest;
        }
        #help-scroll {
            height: auto;
            background: $gw-raised;
            scrollbar-size-vertical: 1;
            padding-right: 1;
        }
    }
    """

    def __init__(
        self, focus: Focus, actions: Sequence[Action] = ACTIONS, *, has_states: bool = True
    ) -> None:
        super().__init__()
        self._text = HelpText(focus, actions, has_states=has_states)
        self._scroll = VerticalScroll(self._text, id="help-scroll")
        self._find = Input(
            placeholder="words in a key or what it does",
            id="help-find",
            compact=True,
            max_length=_MAX_FIND_CHARS,
        )
        self._find.cursor_blink = False
        self._box = Vertical(self._find, self._scroll, id="help-box")
        self._box.border_title = literal(safe_text("Keys and states" if has_states else "Keys"))
        self._box.border_subtitle = literal(safe_text("↑↓ scroll · / find · esc close"))

    def compose(self) -> ComposeResult:
        """A box that scrolls when the window is low."""
        yield self._box

    def on_mount(self) -> None:
        """Arrow keys scroll at once; the key that opened the help closes it, wherever it is."""
        for key in keymap_of(self.app).keys["help"]:
            self._bindings.bind(textual_name(key), "close", show=False)
        self._scroll.focus()
        self._limit()

    def on_resize(self) -> None:
        """The box is as high as it may be, and no higher."""
        self._limit()

    def action_leave(self) -> None:
        """Out of the search, and out of the help when nothing is searched."""
        if self._find.display:
            self._find.value = ""
            self._find.display = False
            self._scroll.focus()
        else:
            self.dismiss()

    def action_close(self) -> None:
        """Back to where the help was called."""
        self.dismiss()

    def action_find(self) -> None:
        """Type words; only what has them stays."""
        self._find.display = True
        self._find.focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._scroll.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self._scroll.scroll_relative(y=pages * self._scroll.size.height, animate=False)

    def action_edge(self, which: int) -> None:
        """Scroll to the first line or the last one."""
        if which < 0:
            self._scroll.scroll_home(animate=False)
        else:
            self._scroll.scroll_end(animate=False)

    @on(Input.Changed)
    def _narrow(self, message: Input.Changed) -> None:
        self._text.find = message.value
        self._scroll.scroll_home(animate=False)

    @on(Input.Submitted)
    def _keep(self) -> None:
        """Read what was found; the words stay."""
        self._scroll.focus()

    def _limit(self) -> None:
        air = 1 if self.size.height >= _AIRY_LINES else 0
        self._box.styles.padding = (air, 1, air, 2)
        # Of its box's share of the window, the borders and the search line take some.
        self._scroll.styles.max_height = max(3, self.size.height * 96 // 100 - 3 - 2 * air)
