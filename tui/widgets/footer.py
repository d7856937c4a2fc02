"""The last line: the keys that matter most, none of them lost in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.actions import Action, Group, footer_actions, key_name
from tui.widgets.ink import Inked

_GENEROSITY = ((False, 3), (False, 2), (True, 2), (True, 1))
"""Whether labels are short, and the columns between two keys: the first that fits is taken."""


class Footer(Inked):
    """The keys of the registry that are to be shown; a click on one is a press of it."""

    DEFAULT_CSS = """
    Footer {
        height: 1;
        padding: 0 1;
        background: $gw-raised;
    }
    """

    class Pressed(Message):
        """A key in the footer was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    has_sandboxes: reactive[bool] = reactive(False)
    """Without any, only the keys on the program itself mean something."""
    labels: reactive[Mapping[str, str]] = reactive[Mapping[str, str]](dict)
    """Words that fit the moment better than the registry's, by action id."""

    def __init__(self, actions: Sequence[Action] | None = None, *, id: str | None = None) -> None:
        """A footer.

        Args:
            actions: what it shows, in order; what the registry says when not given.
            id: Textual's name for it.
        """
        super().__init__(id=id)
        self._actions = footer_actions() if actions is None else actions

    def render(self) -> Content:
        """The line, as wide as the widget."""
        line = Content("")
        for _, item, gap in self._items():
            line = line + item + Content(" " * gap)
        return line

    def on_click(self, event: events.Click) -> None:
        """Find the key that was clicked."""
        x = event.x - self.gutter.left
        for action, item, gap in self._items():
            if 0 <= x < item.cell_length:
                self.post_message(self.Pressed(action))
                return
            x -= item.cell_length + gap

    def _items(self) -> list[tuple[Action, Content, int]]:
        """Actions, what is shown of them, and the gap behind: as generous as has room."""
        shown = [a for a in self._actions if self.has_sandboxes or a.group is Group.PROGRAM]
        while True:
            for is_short, gap in _GENEROSITY:
                items = [(action, self._item(action, is_short), gap) for action in shown]
                if sum(item.cell_length + gap for _, item, _ in items) - gap <= self.size.width:
                    return items
            optional = [action for action in shown if action.group is not Group.PROGRAM]
            if not optional:
                return items
            shown.remove(optional[-1])

    def _item(self, action: Action, is_short: bool) -> Content:
        label = self.labels.get(action.id, action.label)
        if is_short:
            label = min(label, action.label, key=len)
        key = self.own(key_name(action.keys[0]), "accent")
        return key + Content(" ") + self.own(label, "quiet")
