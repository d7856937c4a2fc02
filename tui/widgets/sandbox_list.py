"""The list of sandboxes: state, name, family, proxy type, rate and unseen lines of each.

It paints the entries in sight and no others. Each takes two lines where all of them
have room for that, else one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from core.console import SafeStr
from tui import amounts
from tui.actions.model import Where
from tui.states import Sign
from tui.widgets.ink import Inked, beside

_WORD_COLUMNS = 12
_WIDE_COLUMNS = 40
"""From here on a single line has room for the rate as well."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list says of one sandbox."""

    id: str
    name: SafeStr
    sign: Sign
    family: SafeStr
    proxy_type: SafeStr
    bytes_per_s: float = 0.0
    unseen: int = 0


class SandboxList(Inked, can_focus=True):
    """Every sandbox, one of them selected."""

    DEFAULT_CSS = """
    SandboxList {
        height: 1fr;
        min-height: 3;
    }
    """

    WHERE: ClassVar[Where] = Where.LIST

    class Chosen(Message):
        """An entry was clicked."""

        def __init__(self, sandbox_id: str) -> None:
            super().__init__()
            self.sandbox_id = sandbox_id

    entries: reactive[Sequence[Entry]] = reactive[Sequence[Entry]](())
    selected: reactive[str] = reactive("")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._first = 0

    @property
    def page(self) -> int:
        """How many entries are in sight at most."""
        # The last one needs no blank line below it.
        return max(1, (self.size.height + (self._lines_each == 3)) // self._lines_each)

    @property
    def _lines_each(self) -> int:
        """Two and a blank one, two, or one: as airy as all of them have room for."""
        fitting = (n for n in (3, 2) if n * len(self.entries) <= self.size.height + (n == 3))
        return next(fitting, 1)

    def render(self) -> Content:
        """The entries in sight, each as wide as the widget."""
        width, height = self.size
        self._keep_selection_in_sight()
        shown = self.entries[self._first : self._first + self.page]
        lines: list[Content] = []
        for entry in shown:
            lines += self._entry(entry, width)
        hidden = len(self.entries) - self._first - len(shown)
        if hidden > 0:
            lines[-1] = self.own(f"   ↓ {hidden + 1} more", "quiet").truncate(width, pad=True)
        return Content("\n").join(lines[:height])

    def on_click(self, event: events.Click) -> None:
        """Tell which entry was clicked."""
        index = self._first + event.y // self._lines_each
        if index < len(self.entries):
            self.post_message(self.Chosen(self.entries[index].id))

    def _keep_selection_in_sight(self) -> None:
        ids = [entry.id for entry in self.entries]
        at = ids.index(self.selected) if self.selected in ids else 0
        # One less: the last line may say how many more there are.
        room = self.page if len(ids) <= self.page else max(1, self.page - 1)
        self._first = max(min(self._first, at), at - room + 1)
        self._first = max(0, min(self._first, len(ids) - room))

    def _entry(self, entry: Entry, width: int) -> list[Content]:
        is_selected = entry.id == self.selected
        bar = self._bar() if is_selected else Content(" ")
        glyph = self.own(entry.sign.glyph, entry.sign.tone)
        name = self.ink(entry.name, "strong" if is_selected else "plain")
        head = bar + glyph + Content(" ") + name
        unseen = self.ink(amounts.unseen(entry.unseen), "accent")
        if self._lines_each == 1:
            lines = [beside(head, self._short(entry, unseen, width), width - 1)]
        else:
            right = self._proxy_type(entry, unseen, width - 3 - head.cell_length) + unseen
            lines = [beside(head, right, width - 1), self._second(entry, bar, width)]
        lines = [line.truncate(width, pad=True) for line in lines]
        if is_selected:
            lines = [self.highlighted(line) for line in lines]
        return lines + [Content("")] * (self._lines_each - len(lines))

    def _bar(self) -> Content:
        return self.own("▌", "accent" if self.has_focus else "quiet")

    def _proxy_type(self, entry: Entry, unseen: Content, room: int) -> Content:
        """The proxy's type, where it has room as a whole; the details tell it in any case."""
        text = self.ink(entry.proxy_type, "quiet")
        if unseen.cell_length:
            text += Content("  ")
        return text if text.cell_length + unseen.cell_length <= room else Content("")

    def _second(self, entry: Entry, bar: Content, width: int) -> Content:
        facts = [self.ink(entry.sign.word, entry.sign.tone)]
        facts += [self.ink(text, "quiet") for text in (entry.family,) if text]
        left = bar + Content("  ") + self.own(" · ", "quiet").join(facts)
        return beside(left, self.ink(amounts.rate(entry.bytes_per_s), "quiet"), width - 1)

    def _short(self, entry: Entry, unseen: Content, width: int) -> Content:
        word = self.ink(entry.sign.word, entry.sign.tone)
        numbers = unseen
        if width >= _WIDE_COLUMNS:
            rate = self.ink(amounts.short_rate(entry.bytes_per_s), "quiet")
            numbers = _at_right(rate, 6) + _at_right(unseen, 7)
        elif any(each.unseen for each in self.entries):
            numbers = _at_right(unseen, 7)
        return word.truncate(_WORD_COLUMNS, ellipsis=True, pad=True) + numbers


def _at_right(content: Content, width: int) -> Content:
    return content.pad_left(max(0, width - content.cell_length))
