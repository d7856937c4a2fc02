"""The default console opener: one connection read into one sink.

For a proxy that has nobody else to read its console. Capture passes an opener of
its own, so that the recorder and the proxy share one connection.
"""

from __future__ import annotations

import contextlib

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from core.endpoints.factory import endpoint_for
from core.endpoints.protocol import Console, ConsoleSink, ConsoleWatch, Endpoint
from core.errors import ConsoleError

CONNECT_TIMEOUT_S = 2.0

CLOSE_TIMEOUT_S = 1.0

TURN_BYTES = 1024 * 1024
"""A flooding console lets other tasks run after this much."""


async def open_console(url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
    """Open the console at `url` and go on reading it into `sink`, in `tasks`.

    Raises:
        ConsoleError: it could not be opened; the sink heard nothing. Nobody has dialed
            a `listen:` console that is bound only now: those take an endpoint that stays.
        InvalidConsoleUrl: the URL names no console; the sink heard nothing.
    """
    with contextlib.closing(endpoint_for(url)) as endpoint:
        return await open_endpoint(endpoint, sink, tasks)


async def open_endpoint(endpoint: Endpoint, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
    """Open `endpoint` and go on reading it into `sink`, in `tasks`.

    Raises:
        ConsoleError: it could not be opened; the sink heard nothing.
    """
    with contextlib.closing(endpoint.pin()) as pin:
        console = await endpoint.connect(pin, timeout_s=CONNECT_TIMEOUT_S)
    with contextlib.ExitStack() as held:
        held.callback(console.close)
        reader = _Reader(console, sink)
        tasks.start_soon(reader.run, name=f"console {endpoint.url}")
        held.pop_all()
    return reader


class _Reader:
    """Reads an open console into a sink until it ends or `aclose` is called."""

    def __init__(self, console: Console, sink: ConsoleSink) -> None:
        self._console = console
        self._sink = sink
        self._fd = console.fileno()
        self._scope = anyio.CancelScope()
        self._finished = anyio.Event()
        self._is_closed = False

    async def run(self) -> None:
        """Read until the console ends or `aclose` is called, then close it."""
        try:
            with self._scope:
                await self._read()
        finally:
            self._close()
            self._finished.set()

    async def aclose(self) -> None:
        """Stop reading and close the console; the sink hears no more. Harmless when repeated."""
        self._close()
        self._scope.cancel()
        # The reader has nothing left to wait for: this ends within a turn of the loop.
        with anyio.move_on_after(CLOSE_TIMEOUT_S, shield=True):
            await self._finished.wait()

    async def _read(self) -> None:
        budget = TURN_BYTES
        while not self._is_closed:
            try:
                data = self._console.read_nowait()
            except BlockingIOError:
                budget = TURN_BYTES
                with contextlib.suppress(anyio.ClosedResourceError):
                    await anyio.wait_readable(self._fd)
                continue
            except ConsoleError as error:
                self._end(error)
                return
            if not data:
                self._end(None)
                return
            self._sink.feed(data)
            budget -= len(data)
            if budget <= 0:
                budget = TURN_BYTES
                await anyio.lowlevel.checkpoint()

    def _end(self, error: ConsoleError | None) -> None:
        # Closed before the sink hears of it: it may open the console again at once.
        self._close()
        self._sink.end(error)

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        # Whoever waits on a descriptor has to be woken before its number is free again.
        anyio.notify_closing(self._fd)
        self._console.close()
