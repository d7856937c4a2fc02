"""The seam between a guest's console and whoever reads it.

An `Endpoint` knows one console address. `pin()` takes hold of what is there now,
so that a socket bound anew at the same path is never mistaken for it; `connect()`
opens the pinned thing as a `Console`: a descriptor that is read by readiness and
never blocks. Whoever opened a console is its only reader.

A proxy does not read consoles itself: it hands a `ConsoleSink` to a
`ConsoleOpener`. By default that is `core.endpoints.open_console`; capture passes
its own, so that one connection feeds the recorder and the proxy's logger.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from anyio.abc import TaskGroup

from core.errors import ConsoleError

READ_BYTES = 64 * 1024
"""The most one read asks for. A unix stream hands over far less at a time."""


class Pin(Protocol):
    """A hold on what is at a console's path now: one life of the console.

    While a pin is open the kernel cannot give its inode number away again.
    """

    @property
    def key(self) -> str:
        """Names this life across restarts of capture: boot id, device, inode, change time."""

    def is_current(self) -> bool:
        """Whether the path still leads to the pinned thing."""

    def close(self) -> None:
        """Let go. Harmless when repeated."""


class Console(Protocol):
    """An open connection to a guest's console."""

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""

    @property
    def peer_pid(self) -> int:
        """The process at the other end (SO_PEERCRED: whoever listened); 0 when unknown."""

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What has arrived, empty at end of file.

        Raises:
            BlockingIOError: nothing has arrived.
            ConsoleBroken: the connection failed.
        """

    def is_accepted(self) -> bool | None:
        """Whether the other end has taken this connection up; None when the kernel cannot say.

        A QEMU chardev serves one client: `connect()` of the next succeeds, but it
        only waits in the listen queue. Until this is true (or a byte came) nothing
        may be written.
        """

    def close(self) -> None:
        """Close the descriptor. Harmless when repeated."""


@runtime_checkable
class Resumable(Console, Protocol):
    """A console whose source keeps what it gave, as a log file does.

    Reading it anew would record everything twice, so a reader says where it was.
    """

    @property
    def position(self) -> int:
        """Where in the source the next byte to be read is."""

    @property
    def source(self) -> str:
        """Names what is read now: it changes when a log is rotated, and the position with it."""

    @property
    def tail(self) -> bytes:
        """The last few bytes that were read from this source; empty when there are none."""

    @property
    def missed(self) -> int:
        """How many parts of the source were gone before they could be read."""

    @property
    def ending(self) -> str:
        """What ended it, in words; empty as long as nothing did."""

    def holds(self, source: str, position: int, tail: bytes = b"") -> bool:
        """Whether it can go on at `position` of `source`, and `tail` stands before that.

        Raises:
            ConsoleBroken: it cannot be looked at.
        """

    def resume(self, source: str, position: int) -> int:
        """Go on at `position` of `source`, before anything was read.

        Returns how many bytes are known to be gone: the source was cut, or it is no
        longer there. What is there is then read from its start.
        """


class Endpoint(Protocol):
    """One console address."""

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""

    @property
    def place(self) -> str:
        """The path at which a new life of the console appears; empty when no path tells of one."""

    @property
    def arrivals(self) -> int:
        """A descriptor that is readable once a VMM has dialed us; -1 where none does.

        Another one after each `pin`; whoever waits on it calls `pin` when it is readable.
        """

    def pin(self) -> Pin:
        """Take hold of what is there now.

        Raises:
            ConsoleAbsent: nothing is there.
            NotAConsole: something of another kind is there.
            ConsoleForbidden: it may not be looked at.
        """

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> Console:
        """Open the pinned console; one attempt, bounded by `timeout_s`.

        Raises:
            ConsoleRefused: nobody listens.
            ConsoleBusy: the queue of waiting clients stayed full.
            ConsoleForbidden: no permission, or a peer that is neither the socket's owner nor root.
            ConsoleError: anything else the kernel answered.
        """

    def close(self) -> None:
        """Let go of what it holds between lives, such as a socket it bound.

        Harmless when repeated, and when there is nothing. Open consoles go on.
        """


class ConsoleSink(Protocol):
    """Takes a console's bytes. Both calls return at once and never raise."""

    def feed(self, data: bytes) -> None:
        """Bytes as they were read, never empty."""

    def end(self, error: ConsoleError | None) -> None:
        """The console ended: end of file, or `error`. Called once at most."""


class ConsoleWatch(Protocol):
    """A console that somebody reads into a sink."""

    async def aclose(self) -> None:
        """Stop reading and close the console; the sink hears no more. Harmless when repeated."""


class ConsoleOpener(Protocol):
    """Opens a console and feeds a sink from it."""

    async def __call__(self, url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        """Open `url` and go on reading it in `tasks`.

        Raises:
            ConsoleError: the console could not be opened; the sink heard nothing.
        """
