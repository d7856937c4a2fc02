"""One epoll for all consoles, inside anyio's loop.

A stream and a task for each console would cost a third of a core at 1,000 slow
consoles; one epoll descriptor that anyio waits on costs a fraction of it, and
every console that is ready is read in the same round.
"""

from __future__ import annotations

import select
from typing import Protocol

import anyio

from core.clock import Instant, now

MERGE_S = 0.004
"""How long a timing record may wait for further reads to be merged into it."""

CROWD = 32
GATHER_S = 0.002
"""With so many consoles a round waits a moment for more of them to be ready: a third
less work, and still far below the 5 ms that a virtconsole forgives a reader."""

_MAX_EVENTS = 512


class Readable(Protocol):
    """Something with a descriptor that wants to be read when it can be."""

    @property
    def needs_flush(self) -> bool:
        """Whether `flush` has something to write."""

    def read_ready(self, at: Instant) -> None:
        """Read what has arrived. Bounded, so that others get their turn; never raises."""

    def flush(self) -> None:
        """Write what waited for more to come. Called after a quiet moment."""


class ReadLoop:
    """Reads whatever is ready, greedily, and waits for nobody."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sources: dict[int, Readable] = {}
        self._unflushed: set[Readable] = set()

    def add(self, fd: int, source: Readable) -> None:
        """Read `source` whenever `fd` is ready."""
        self._sources[fd] = source
        self._epoll.register(fd, select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)

    def remove(self, fd: int, source: Readable) -> None:
        """Forget `fd`. To be called before it is closed; harmless when repeated."""
        if self._sources.get(fd) is source:
            del self._sources[fd]
            self._epoll.unregister(fd)
        self._unflushed.discard(source)

    async def run(self) -> None:
        """Go on for ever; cancel it to end it, which closes the epoll."""
        try:
            while True:
                if not self._unflushed:
                    await anyio.wait_readable(self._epoll.fileno())
                else:
                    with anyio.move_on_after(MERGE_S) as quiet:
                        await anyio.wait_readable(self._epoll.fileno())
                    if quiet.cancelled_caught:
                        self._flush()
                        continue
                if len(self._sources) >= CROWD:
                    await anyio.sleep(GATHER_S)
                self._round()
        finally:
            self._epoll.close()

    def _round(self) -> None:
        at = now()
        for fd, _events in self._epoll.poll(0, _MAX_EVENTS):
            # An earlier source of this round may have closed this one.
            source = self._sources.get(fd)
            if source is None:
                continue
            source.read_ready(at)
            if source.needs_flush:
                self._unflushed.add(source)

    def _flush(self) -> None:
        for source in self._unflushed:
            source.flush()
        self._unflushed.clear()
