"""The last line: the keys that matter most now, none of them lost in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.actions import Action, keymap_of
from tui.actions.footer import Item, footer_items
from tui.actions.model import OwnKey
from tui.widgets.ink import Inked


@dataclass(frozen=True)
class FooterFacts:
    """What the footer shows."""

    shown: Sequence[Action | OwnKey] = ()
    is_typing: bool = False
    """Whether a character would be text."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Words that fit the moment better than the registry's, by action id."""


class Footer(Inked):
    """Keys of the registry; a click on one is a press of it."""

    DEFAULT_CSS = """
    Footer {
        height: 1;
        padding: 0 1;
        background: $gw-raised;
    }
    """

    class Pressed(Message):
        """A key in the footer was clicked."""

        def __init__(self, what: Action | OwnKey) -> None:
            super().__init__()
            self.what = what

    facts: reactive[FooterFacts] = reactive(FooterFacts())

    def render(self) -> Content:
        """The line, as wide as the widget."""
        line = Content("")
        for item in self._items():
            key, label = self.own(item.key, "accent"), self.own(item.label, "quiet")
            line = line + key + Content(" ") + label + Content(" " * item.gap)
        return line

    def on_click(self, event: events.Click) -> None:
        """Find the key that was clicked."""
        x = event.x - self.gutter.left
        for item in self._items():
            if 0 <= x < item.width:
                self.post_message(self.Pressed(item.what))
                return
            x -= item.width + item.gap

    def _items(self) -> list[Item]:
        facts = self.facts
        return footer_items(
            facts.shown,
            self.size.width,
            keymap_of(self.app),
            facts.labels,
            is_typing=facts.is_typing,
        )
