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
from tui.grid.badges import Badge, Badges
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
    badges: Badges = ()
    """What else nobody saw yet."""


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

        def __init__(self, sandbox_id: str, *, is_double: bool = False) -> None:
            super().__init__()
            self.sandbox_id = sandbox_id
            self.is_double = is_double

    class Wheeled(Message):
        """The wheel was turned by a notch: 1 down, -1 up."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

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
            is_double = event.chain == 2
            self.post_message(self.Chosen(self.entries[index].id, is_double=is_double))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel selects."""
        event.stop()
        self.post_message(self.Wheeled(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel selects."""
        event.stop()
        self.post_message(self.Wheeled(-1))

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
            right = self._news(entry, unseen, width - 3 - head.cell_length)
            lines = [beside(head, right, width - 1), self._second(entry, bar, width)]
        lines = [line.truncate(width, pad=True) for line in lines]
        if is_selected:
            lines = [self.highlighted(line) for line in lines]
        return lines + [Content("")] * (self._lines_each - len(lines))

    def _bar(self) -> Content:
        return self.own("▌", "accent" if self.has_focus else "quiet")

    def _news(self, entry: Entry, unseen: Content, room: int) -> Content:
        """As much of what nobody saw as has room; without any, the proxy's type.

        The details tell the type in any case.
        """
        gap = Content("  ")
        last = [unseen] if unseen.cell_length else []
        badges = [self._badge(badge) for badge in entry.badges]
        ways = [badges, badges[:1]] if badges else [[self.ink(entry.proxy_type, "quiet")]]
        for way in ways:
            line = gap.join([*way, *last])
            if line.cell_length <= room:
                return line
        return badges[0] if badges else unseen

    def _badge(self, badge: Badge) -> Content:
        return self.ink(badge.label, badge.tone)

    def _second(self, entry: Entry, bar: Content, width: int) -> Content:
        facts = [self.ink(entry.sign.word, entry.sign.tone)]
        facts += [self.ink(text, "quiet") for text in (entry.family,) if text]
        left = bar + Content("  ") + self.own(" · ", "quiet").join(facts)
        return beside(left, self.ink(amounts.rate(entry.bytes_per_s), "quiet"), width - 1)

    def _short(self, entry: Entry, unseen: Content, width: int) -> Content:
        word = self.ink(entry.sign.word, entry.sign.tone)
        if entry.badges:
            word = self._badge(entry.badges[0])
        numbers = unseen
        if width >= _WIDE_COLUMNS:
            rate = self.ink(amounts.short_rate(entry.bytes_per_s), "quiet")
            numbers = _at_right(rate, 6) + _at_right(unseen, 7)
        elif any(each.unseen for each in self.entries):
            numbers = _at_right(unseen, 7)
        return word.truncate(_WORD_COLUMNS, ellipsis=True, pad=True) + numbers


def _at_right(content: Content, width: int) -> Content:
    return content.pad_left(max(0, width - content.cell_length))
