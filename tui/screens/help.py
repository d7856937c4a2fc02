"""All keys, made from the registry, and what the signs of the states mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen

from core.console import safe_text
from tui.actions import ACTIONS, Action, Group, key_names
from tui.literal import literal
from tui.states import STATE_WORDS
from tui.widgets.ink import Inked

_HEAD_COLUMNS = 18
_TWO_COLUMNS = 96
"""From this width on the groups stand side by side."""
_GAP = 4
_LEFT = (Group.SANDBOX, Group.PANES, Group.MARKS, Group.COPYING)
_RIGHT = (Group.READING, Group.FINDING, Group.PROGRAM)


class HelpText(Inked):
    """The keys by group, and the states; in two columns where there is room."""

    DEFAULT_CSS = """
    HelpText {
        width: 1fr;
        height: auto;
    }
    """

    def __init__(self, actions: Sequence[Action], *, has_states: bool) -> None:
        super().__init__()
        self._actions = actions
        self._has_states = has_states

    def render(self) -> Content:
        """All of it; the widget grows with it."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are at this width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if width < _TWO_COLUMNS:
            groups = [self._group(group, width) for group in Group if self._has(group)]
            return _stacked([*groups, *self._states(width)])
        half = (width - _GAP) // 2
        left = [self._group(g, half) for g in _LEFT if self._has(g)] + self._states(half)
        right = [self._group(g, half) for g in _RIGHT if self._has(g)]
        rows = zip_longest(_stacked(left), _stacked(right), fillvalue=Content(""))
        return [one.truncate(half + _GAP, pad=True) + other for one, other in rows]

    def _group(self, group: Group, width: int) -> list[Content]:
        lines = [self.own(group.value, "strong")]
        for action in self._actions:
            if action.group is group:
                keys = self.own(" ".join(key_names(action)), "accent")
                lines += self._row(keys, action.help, width)
        return lines

    def _states(self, width: int) -> list[list[Content]]:
        if not self._has_states:
            return []
        lines = [self.own("States", "strong")]
        for sign, meaning in STATE_WORDS:
            head = self.own(sign.glyph, sign.tone) + Content(" ") + self.ink(sign.word, sign.tone)
            lines += self._row(head, meaning, width)
        return [lines]

    def _row(self, head: Content, text: str, width: int) -> list[Content]:
        style = self.get_visual_style("ink--quiet", partial=True)
        words = literal(safe_text(text)).wrap(max(10, width - _HEAD_COLUMNS))
        first = head.truncate(_HEAD_COLUMNS, pad=True) + words[0].stylize(style)
        indent = Content(" " * _HEAD_COLUMNS)
        return [first, *(indent + line.stylize(style) for line in words[1:])]

    def _has(self, group: Group) -> bool:
        return any(action.group is group for action in self._actions)


def _stacked(parts: list[list[Content]]) -> list[Content]:
    """The parts below each other, a blank line between them."""
    lines: list[Content] = []
    for part in parts:
        lines += [*part, Content("")]
    return lines[:-1]


class HelpScreen(ModalScreen[None]):
    """The keys, on top of the screen whose they are.

    Args:
        actions: what they do.
        has_states: whether it says what the signs of a console's state mean.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
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

    def __init__(self, actions: Sequence[Action] = ACTIONS, *, has_states: bool = True) -> None:
        super().__init__()
        text = HelpText(actions, has_states=has_states)
        self._box = VerticalScroll(text, id="help-box")
        title = "Keys and states" if has_states else "Keys"
        self._box.border_title = literal(safe_text(title))
        self._box.border_subtitle = literal(safe_text("esc closes"))

    def compose(self) -> ComposeResult:
        """A box that scrolls when the window is low."""
        yield self._box

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self._box.focus()

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._box.scroll_relative(y=lines, animate=False)
