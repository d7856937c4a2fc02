"""One epoll for all consoles, inside anyio's loop.

A stream and a task for each console would cost a third of a core at 1,000 slow
consoles; one epoll descriptor that anyio waits on costs a fraction of it, and
every console that is ready is read in the same round.
"""

from __future__ import annotations

import select
from typing import Protocol

import anyio

from core.capture.contain import Contained
from core.clock import Instant, now

MERGE_S = 0.004
"""How long a timing record waits at least for further reads to be merged into it; no
record waits for more than twice as long, however busy the others are."""

CROWD = 32
GATHER_S = 0.002
"""With so many consoles a round waits a moment for more of them to be ready: a third
less work, and still far below the 5 ms that a virtconsole forgives a reader."""

POLL_S = 1.0
"""How often those are read of which no event may tell, as of logs on network file systems."""

_MAX_EVENTS = 512


class Readable(Protocol):
    """Something with a descriptor that wants to be read when it can be."""

    @property
    def needs_flush(self) -> bool:
        """Whether `flush` has something to write."""

    def read_ready(self, at: Instant) -> bool:
        """Read what has arrived; whether there is more. Bounded: others get their turn."""

    def flush(self) -> None:
        """Write what waited for more to come. Called after a quiet moment."""

    def fail(self, error: Exception) -> None:
        """Give up: `read_ready` or `flush` met with what it was not made for."""


class ReadLoop:
    """Reads whatever is ready, greedily, and waits for nobody."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sources: dict[int, Readable] = {}
        self._unflushed: set[Readable] = set()
        self._next_unflushed: set[Readable] = set()
        self._flush_at = 0.0
        self._is_flooded = False
        self._polled: set[Readable] = set()
        self._has_polled = anyio.Event()

    def add(self, fd: int, source: Readable, *, is_polled: bool = False) -> None:
        """Read `source` whenever `fd` is ready, and every `POLL_S` as well if it `is_polled`."""
        self._epoll.register(fd, select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)
        self._sources[fd] = source
        if is_polled:
            self._polled.add(source)
            self._has_polled.set()

    def remove(self, fd: int, source: Readable) -> None:
        """Forget `fd`. To be called before it is closed; harmless when repeated."""
        if self._sources.get(fd) is source:
            del self._sources[fd]
            if not self._epoll.closed:
                self._epoll.unregister(fd)
        self._unflushed.discard(source)
        self._next_unflushed.discard(source)
        self._polled.discard(source)

    async def run(self) -> None:
        """Go on for ever; cancel it to end it, which closes the epoll."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._poll)
            try:
                while True:
                    await self._wait()
                    at = now()
                    self._round(at)
                    if at.boot >= self._flush_at:
                        self._flush(at)
            finally:
                self._epoll.close()

    async def _poll(self) -> None:
        """Read what tells of nothing, now and then; nothing at all as long as there is none."""
        while True:
            await self._has_polled.wait()
            await anyio.sleep(POLL_S)
            at = now()
            for source in tuple(self._polled):
                self._read(source, at)
                if source in self._next_unflushed:
                    # Nothing may be about to end the loop's wait.
                    self._next_unflushed.discard(source)
                    with Contained("writing a recording's times", source.fail):
                        source.flush()
            if not self._polled:
                self._has_polled = anyio.Event()

    async def _wait(self) -> None:
        """Return when it is time for a round."""
        if not self._unflushed and not self._next_unflushed:
            await anyio.wait_readable(self._epoll.fileno())
        elif len(self._sources) >= CROWD and not self._is_flooded:
            await anyio.sleep(GATHER_S)
        else:
            with anyio.move_on_after(max(0.0, self._flush_at - now().boot)):
                await anyio.wait_readable(self._epoll.fileno())

    def _round(self, at: Instant) -> None:
        self._is_flooded = False
        for fd, _events in self._epoll.poll(0, _MAX_EVENTS):
            # An earlier source of this round may have closed this one.
            source = self._sources.get(fd)
            if source is not None:
                self._read(source, at)

    def _read(self, source: Readable, at: Instant) -> None:
        with Contained("reading a console", source.fail):
            if source.read_ready(at):
                self._is_flooded = True
            if source.needs_flush:
                self._next_unflushed.add(source)

    def _flush(self, at: Instant) -> None:
        """Flush what was quiet since the last time; what is new waits for the next."""
        quiet, self._unflushed = self._unflushed - self._next_unflushed, self._next_unflushed
        self._next_unflushed = set()
        self._flush_at = at.boot + MERGE_S
        for source in quiet:
            with Contained("writing a recording's times", source.fail):
                source.flush()
