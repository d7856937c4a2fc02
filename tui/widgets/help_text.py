"""The keys and the states as text: in two columns where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.style import Style

from core.console import safe_text
from tui.actions import Action, keymap_of
from tui.actions.helping import DANGER, Entry, Part, help_parts
from tui.focus import Focus
from tui.literal import literal
from tui.states import state_words
from tui.widgets.ink import Inked

_MIN_HEAD, _MAX_HEAD = 9, 16
_TWO_COLUMNS = 96
"""From this width on the parts stand side by side."""
_GAP = 4


class HelpText(Inked):
    """The keys that mean something where the focus was, all others, and the states.

    Args:
        focus: what has the focus below the help.
        actions: all that can be done there.
        has_states: whether it says what the signs of a console's state mean.
    """

    DEFAULT_CSS = """
    HelpText {
        width: 1fr;
        height: auto;
    }
    """

    find: reactive[str] = reactive("", layout=True)
    """Words that are looked for; only lines that have all of them are shown."""

    def __init__(self, focus: Focus, actions: Sequence[Action], *, has_states: bool) -> None:
        super().__init__()
        self._focus = focus
        self._actions = actions
        self._has_states = has_states

    def render(self) -> Content:
        """All of it; the widget grows with it."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are at this width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        focus, keys = self._focus, keymap_of(self.app)
        parts = help_parts(focus.where, focus.own_keys, keys, self.find, self._actions)
        is_wide = width >= _TWO_COLUMNS
        column = (width - _GAP) // 2 if is_wide else width
        longest = max((len(entry.keys) for part in parts for entry in part.entries), default=0)
        head = min(_MAX_HEAD, max(_MIN_HEAD, longest + 2))
        blocks = self._blocks(parts, column, head)
        if self._has_states and not self.find:
            blocks.append(self._states(column, _MAX_HEAD))
        if not blocks:
            return [self.own("No key does that.", "quiet")]
        if not is_wide:
            return _stacked(blocks)
        left, right = _halved(blocks)
        rows = zip_longest(_stacked(left), _stacked(right), fillvalue=Content(""))
        return [one.truncate(column + _GAP, pad=True) + other for one, other in rows]

    def _blocks(self, parts: Sequence[Part], width: int, head: int) -> list[list[Content]]:
        blocks = []
        was_here = None
        where = self._focus.where
        for part in parts:
            lines = [self.own(part.title, "strong")]
            if part.is_here is not was_here and where is not None:
                was_here = part.is_here
                place = where.value if part.is_here else "Elsewhere"
                lead = self.own(place, "accent")
                title = part.title if part.title != place else ""
                lines = [lead + (self.own(f" · {title}", "strong") if title else Content(""))]
            for entry in part.entries:
                lines += self._entry(entry, width, head)
            blocks.append(lines)
        return blocks

    def _entry(self, entry: Entry, width: int, head: int) -> list[Content]:
        keys = self.own(entry.keys, "accent")
        text = literal(safe_text(entry.text)).stylize(self._quiet)
        if entry.is_dangerous:
            text += self.own(f" · {DANGER}", "silent")
        return self._row(keys, text, width, head)

    def _states(self, width: int, head: int) -> list[Content]:
        lines = [self.own("States", "strong")]
        for sign, meaning in state_words(keymap_of(self.app)):
            word = self.own(sign.glyph, sign.tone) + Content(" ") + self.ink(sign.word, sign.tone)
            text = literal(safe_text(meaning)).stylize(self._quiet)
            lines += self._row(word, text, width, head)
        return lines

    @property
    def _quiet(self) -> Style:
        return self.get_visual_style("ink--quiet", partial=True)

    @staticmethod
    def _row(head: Content, text: Content, width: int, columns: int) -> list[Content]:
        if head.cell_length >= columns:
            # Many keys for one thing have a line of their own.
            return [head, *HelpText._row(Content(""), text, width, columns)]
        words = text.wrap(max(10, width - columns))
        indent = Content(" " * columns)
        first = head.truncate(columns, pad=True) + words[0]
        return [first, *(indent + line for line in words[1:])]


def _stacked(blocks: Sequence[list[Content]]) -> list[Content]:
    """The blocks below each other, a blank line between them."""
    lines: list[Content] = []
    for block in blocks:
        lines += [*block, Content("")]
    return lines[:-1]


def _halved(blocks: Sequence[list[Content]]) -> tuple[list[list[Content]], list[list[Content]]]:
    """The blocks in their order in two columns, the higher one as low as can be."""
    heights = [len(block) + 1 for block in blocks]
    cuts = range(len(blocks) + 1)
    cut = min(cuts, key=lambda at: (max(sum(heights[:at]), sum(heights[at:])), -at))
    return list(blocks[:cut]), list(blocks[cut:])
