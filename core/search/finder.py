"""Runs the search process for a viewer, and keeps what it finds.

Theory of operation. Nothing here waits: a search is begun at once, its handle fills while
`run` hears the process, and whoever shows it looks at it whenever it paints. A process
that dies is started again with all searches that are still wanted.
"""

from __future__ import annotations

import sys
from subprocess import DEVNULL, PIPE

import anyio
import anyio.lowlevel
import msgspec
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from core.errors import BadQuery
from core.search.hits import Hits
from core.search.messages import (
    Found,
    Frames,
    FromSearch,
    Gone,
    Look,
    Place,
    Stand,
    Stop,
    ToSearch,
    framed,
)
from core.search.query import Query
from core.search.sieve import Sieve

COMMAND = (sys.executable, "-P", "-m", "core.search")

RETRY_S = 0.2
"""How long it is waited before a process that died is started again."""

MAX_DEATHS = 5
"""A search that so many processes died of is given up."""

_HEARD_BYTES = 256 * 1024

_decoder = msgspec.msgpack.Decoder(FromSearch)


class Search:
    """What one query or sieve finds in one place. Made by a `Finder`; read it whenever you like."""

    def __init__(self, finder: Finder, number: int, look: Look) -> None:
        self.query = look.query
        """Empty for a sieve."""
        self.place = look.place
        self.hits = Hits()
        self.is_counting = True
        """Whether there is more to scan."""
        self.scanned = 0.0
        """How much was scanned, from 0 to 1."""
        self.rows = 0
        """How many rows that is; for a sieve alone."""
        self.trouble = ""
        """Why a part of the place, or all of it, cannot be searched; from outside, not safe yet."""
        self.error: BadQuery | None = None
        """Why the query cannot be searched for."""
        self.revision = 0
        """Another one whenever anything of this changed."""
        self.look = look
        self.deaths = 0
        self._finder = finder
        self._number = number

    def close(self) -> None:
        """It is not wanted any more; what was found stays. Harmless when repeated."""
        self.is_counting = False
        self._finder.forget(self._number)

    def hear(self, message: FromSearch) -> None:
        """Take in what the process says of it."""
        self.revision += 1
        match message:
            case Found(generation=generation, begin=begin, end=end, hits=hits):
                self.hits.put(generation, begin, end, hits)
            case Gone(generations=generations, starts=starts):
                self.hits.keep(generations)
                for generation, start in starts.items():
                    self.hits.drop_before(generation, start)
            case Stand():
                self.is_counting = message.is_counting
                self.scanned = message.scanned / message.total if message.total else 1.0
                self.rows = message.rows
                self.trouble = message.trouble

    def begin_again(self) -> None:
        """The process died: all that it said is said anew."""
        self.hits = Hits()
        self.scanned = 0.0
        self.rows = 0
        self.is_counting = True
        self.deaths += 1
        self.revision += 1

    def give_up(self, why: str) -> None:
        """It will not be searched any more."""
        self.trouble = why
        self.is_counting = False
        self.revision += 1


class Finder:
    """All searches of a viewer, in one process that is started with the first of them."""

    def __init__(self) -> None:
        self.pid = 0
        """The process's; 0 while none runs."""
        self._searches: dict[int, Search] = {}
        self._is_wanted = False
        self._last = 0
        self._to_say: list[ToSearch] = []
        self._wake = anyio.Event()

    def search(self, place: Place, query: Query, near: tuple[int, int] | None = None) -> Search:
        """Begin a search; it goes on with the place until it is closed.

        Args:
            place: where.
            query: what for. One that cannot be searched for is explained in the handle.
            near: generation and offset around which to begin; None for the end.
        """
        return self._begin(Look(self._last + 1, place, query, near), is_empty=not query.text)

    def sift(self, place: Place, sieve: Sieve, near: tuple[int, int] | None = None) -> Search:
        """The same for all that a sieve keeps, with a count of the rows that were searched."""
        look = Look(self._last + 1, place, Query(""), near, sieve)
        return self._begin(look, is_empty=sieve.is_empty)

    def _begin(self, look: Look, *, is_empty: bool) -> Search:
        self._last = look.id
        search = Search(self, self._last, look)
        try:
            (look.sieve or look.query).check()
        except BadQuery as error:
            search.error = error
        if search.error is not None or is_empty:
            search.is_counting = False
            return search
        self._searches[self._last] = search
        self._say(look)
        return search

    def prepare(self) -> None:
        """Start the process: what will be searched for is about to be typed."""
        self._is_wanted = True
        self._wake.set()

    def forget(self, number: int) -> None:
        """Have the process search for something no more."""
        if self._searches.pop(number, None) is not None:
            self._say(Stop(number))

    async def run(self) -> None:
        """Run the process, while there is something to search, until cancelled."""
        while True:
            while not self._searches and not self._is_wanted:
                self._to_say.clear()
                await self._woken()
            self._is_wanted = False
            try:
                await self._run_one()
            except OSError as error:
                for search in list(self._searches.values()):
                    search.give_up(f"the search process could not be started: {error.strerror}")
                self._searches.clear()
            for number, search in list(self._searches.items()):
                search.begin_again()
                if search.deaths >= MAX_DEATHS:
                    search.give_up("the search process dies of it")
                    del self._searches[number]
            await anyio.sleep(RETRY_S)

    async def _run_one(self) -> None:
        """One life of the process.

        Raises:
            OSError: it could not be started.
        """
        process = await anyio.open_process(
            COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/", start_new_session=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._to_say = [search.look for search in self._searches.values()]
        try:
            self.pid = process.pid
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._talk, process.stdin)
                await self._listen(process.stdout)
                tasks.cancel_scope.cancel()
        finally:
            self.pid = 0
            with anyio.CancelScope(shield=True):
                await _end(process)

    async def _talk(self, stdin: ByteSendStream) -> None:
        while True:
            said, self._to_say = self._to_say, []
            try:
                if said:
                    await stdin.send(b"".join(map(framed, said)))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
            if not self._to_say:
                await self._woken()

    async def _listen(self, stdout: ByteReceiveStream) -> None:
        frames = Frames()
        while True:
            try:
                data = await stdout.receive(_HEARD_BYTES)
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
            for each in frames.take(data):
                message = _decoder.decode(each)
                search = self._searches.get(message.id)
                if search is not None:
                    search.hear(message)
            # Whatever else the viewer does has its turn, however much is found.
            await anyio.lowlevel.checkpoint()

    def _say(self, message: ToSearch) -> None:
        self._to_say.append(message)
        self._wake.set()

    async def _woken(self) -> None:
        await self._wake.wait()
        self._wake = anyio.Event()


async def _end(process: Process) -> None:
    """Be done with the process: it holds nothing that could be lost."""
    if process.returncode is None:
        process.kill()
    await process.aclose()
