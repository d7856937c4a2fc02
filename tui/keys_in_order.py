"""Keys one after the other, each to whatever the one before it left in focus.

Textual hands a key to the widget that has the focus when the key comes, and what it does is
done some messages later. Of keys that come at once, as from a paste or a slow line, the
second is therefore taken for the old focus: `&s` would stop a proxy instead of filtering
for an s. Here a key waits until the one before it has done all it does.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.widget import Widget

PATIENCE_S = 0.5
"""A key whose widget went away never comes back; the next one waits no longer than this."""

TRIPS = 3
"""How often the way up is gone behind a key: what a key makes a widget say, such as that a
text was given, goes up behind the first one, and what is then said behind the second."""


class _Through(Message, bubble=True):
    """Follows a key up the same widgets, and so comes to the app when the key has been."""

    def __init__(self, number: int, target: Widget, trips: int) -> None:
        super().__init__()
        self.number = number
        self.target = target
        self.trips = trips


class KeysInOrder(App[None]):
    """An app that handles one key after the other."""

    _underway = 0
    """The number of the key that is being handled; 0 for none."""
    _count = 0

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._waiting: deque[Key | Paste] = deque()

    async def on_event(self, event: Event) -> None:
        """Let a key wait for the one before it; everything else goes its way."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._underway:
            self._waiting.append(event)
        else:
            await self._handle(event)

    async def _handle(self, event: Key | Paste) -> None:
        target: Widget = self.focused or self.screen
        self._count += 1
        self._underway = self._count
        await super().on_event(event)
        if not target.post_message(_Through(self._count, target, TRIPS)):
            await self._next(self._count)
        else:
            self.set_timer(PATIENCE_S, partial(self._next, self._count))

    def on__through(self, message: _Through) -> None:
        """The key has been here; what it asked to be done later is done before the next one."""
        left = message.trips - 1
        again = _Through(message.number, message.target, left)
        if not left or not message.target.post_message(again):
            self.call_later(self._next, message.number)

    async def _next(self, number: int) -> None:
        """Handle the next key, if this one is still waited for."""
        if number != self._underway:
            return
        self._underway = 0
        if self._waiting:
            await self._handle(self._waiting.popleft())
