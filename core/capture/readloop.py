"""One epoll for all consoles, inside anyio's loop.

A stream and a task for each console would cost a third of a core at 1,000 slow
consoles; one epoll descriptor that anyio waits on costs a fraction of it, and
every console that is ready is read in the same round.
"""

from __future__ import annotations

import select
from typing import Protocol

import anyio

from core.capture.priority import Priority
from core.clock import Instant, now
from core.contain import Contained

MERGE_S = 0.004
"""How long a timing record waits at least for further reads to be merged into it; no
record waits for more than twice as long, however busy the others are."""

CROWD = 32
GATHER_S = 0.002
"""With so many consoles a round waits a moment for more of them to be ready: a third
less work, and still far below the 5 ms that a virtconsole forgives a reader."""

POLL_S = 1.0
"""How often those are read of which no event may tell, as of logs on network file systems."""

CROWD_MERGE_S = 0.2
"""So many consoles' timing records wait longer: those of a console that prints on are
written together by its recording, at a third of the writes."""

PACE_S = 0.0002
PACED_ROUNDS = 4
"""A serial port's bytes come one by one, and a socket holds no more than 277 such
pieces: a millisecond's printing. So a guest in a burst is read several times a
millisecond, before it has to wait, and no more often than that: reading each byte as it
comes would take the processor that the guest needs."""

FLOOD_S = 0.05
"""A guest that floods in large pieces is read without any pause, and so long after it."""

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
    """Reads whatever is ready, greedily, and waits for nobody.

    Args:
        priority: of the thread that runs it; left as it is when None.
    """

    def __init__(self, priority: Priority | None = None) -> None:
        self._priority = priority
        self._epoll = select.epoll()
        self._sources: dict[int, Readable] = {}
        self._unflushed: set[Readable] = set()
        self._next_unflushed: set[Readable] = set()
        self._flush_at = 0.0
        self._is_flooded = False
        self._polled: set[Readable] = set()
        self._has_polled = anyio.Event()
        self._is_bursting = False
        self._flooded_at = -FLOOD_S
        self._ready: set[int] = set()
        """What was read in the last round; what is in two of them bursts."""
        self._current: Readable | None = None
        # One for all of them: making one for every read would cost a microsecond.
        self._reading = Contained("reading a console", self._fail)

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
                    self._rounds()
            finally:
                if self._priority is not None:
                    self._priority.run_along()
                self._epoll.close()

    async def _poll(self) -> None:
        """Read what tells of nothing, now and then; nothing at all as long as there is none."""
        while True:
            await self._has_polled.wait()
            await anyio.sleep(POLL_S)
            at = now()
            for source in tuple(self._polled):
                with Contained("reading a console", source.fail):
                    source.read_ready(at)
                    # Nothing may be about to end the loop's wait.
                    source.flush()
            if not self._polled:
                self._has_polled = anyio.Event()

    async def _wait(self) -> None:
        """Return when it is time for a round."""
        is_busy = self._is_flooded or self._is_bursting
        if self._ready and not is_busy and len(self._sources) >= CROWD:
            await anyio.sleep(GATHER_S)
        elif self._unflushed or self._next_unflushed:
            with anyio.move_on_after(max(0.0, self._flush_at - now().boot)):
                await anyio.wait_readable(self._epoll.fileno())
        else:
            if self._priority is not None:
                # Whoever prints next is heard in time, however busy the host is by then.
                self._priority.run_ahead()
            await anyio.wait_readable(self._epoll.fileno())

    def _rounds(self) -> None:
        """A round, and a few more while a guest prints in small pieces."""
        at = now()
        if self._priority is not None:
            self._priority.check(at.boot)
        for _ in range(PACED_ROUNDS):
            at = now()
            self._round(at)
            if at.boot >= self._flush_at:
                self._flush(at)
            if not self._is_bursting or at.boot < self._flooded_at + FLOOD_S:
                return
            # Not `time.sleep`, which asks a clock that somebody may set.
            select.select((), (), (), PACE_S)

    def _round(self, at: Instant) -> None:
        self._is_flooded = False
        before, self._ready = self._ready, set()
        for fd, _events in self._epoll.poll(0, _MAX_EVENTS):
            # An earlier source of this round may have closed this one.
            source = self._current = self._sources.get(fd)
            if source is None:
                continue
            self._ready.add(fd)
            with self._reading:
                if source.read_ready(at):
                    self._is_flooded = True
                self._next_unflushed.add(source)
        self._is_bursting = not before.isdisjoint(self._ready)
        if self._is_flooded:
            self._flooded_at = at.boot

    def _fail(self, error: Exception) -> None:
        if self._current is not None:
            self._current.fail(error)

    def _flush(self, at: Instant) -> None:
        """Flush what was quiet since the last time; what is new waits for the next."""
        quiet, self._unflushed = self._unflushed - self._next_unflushed, self._next_unflushed
        self._next_unflushed = set()
        is_crowd = len(self._sources) >= CROWD
        self._flush_at = at.boot + (CROWD_MERGE_S if is_crowd else MERGE_S)
        for source in quiet:
            with Contained("writing a recording's times", source.fail):
                source.flush()
