"""Who looks on, and how long a capture stays when nobody does.

A viewer that says goodbye leaves at once; the last one to do so ends a capture
that a dashboard started, unless somebody asked it to stay. A viewer that dies
without a word may come back: capture lingers for it.
"""

from __future__ import annotations

import anyio

LINGER_S = 60.0


class Viewers:
    """Counts viewers, and says when capture should end.

    Args:
        stays: whether capture runs until it is told to stop, as `guestwatch record` does.
        linger_s: how long a lost viewer is waited for, in seconds.
    """

    def __init__(self, *, stays: bool, linger_s: float = LINGER_S) -> None:
        self._stays = stays
        self._linger_s = linger_s
        self._present = 0
        # A capture that nobody ever greets must not stay for ever either.
        self._linger_until = anyio.current_time() + linger_s
        self._moved = anyio.Event()

    @property
    def present(self) -> int:
        """How many look on."""
        return self._present

    @property
    def stays(self) -> bool:
        """Whether capture goes on without any."""
        return self._stays

    def arrive(self) -> None:
        """A viewer connected."""
        self._present += 1
        self._linger_until = 0.0
        self._wake()

    def leave(self, *, keep: bool) -> None:
        """A viewer said goodbye; with `keep` capture stays from now on."""
        self._present -= 1
        self._stays = self._stays or keep
        self._wake()

    def lose(self) -> None:
        """A viewer's connection broke without a goodbye."""
        self._present -= 1
        self._linger_until = anyio.current_time() + self._linger_s
        self._wake()

    async def all_gone(self) -> None:
        """Wait until nobody looks on any more and nobody asked capture to stay."""
        while True:
            left = self._linger_until - anyio.current_time()
            may_end = not self._stays and self._present <= 0
            if may_end and left <= 0:
                return
            with anyio.move_on_after(left if may_end else None):
                await self._moved.wait()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()
