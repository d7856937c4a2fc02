"""One open console in capture: read, recorded, counted and passed on.

The only reader of its console. The proxy's sink (its logger) is fed from the same
bytes; the recording is not begun before the console is proven ours or gave a
byte, so that a console that only ever waited leaves nothing behind.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

import anyio

from core.capture.readloop import ReadLoop
from core.capture.watching.whereabouts import Whereabouts
from core.capture.writing.spool import Spool
from core.clock import Instant, now
from core.endpoints.protocol import READ_BYTES, Console, ConsoleSink, Resumable
from core.errors import ConsoleBroken, ConsoleError
from core.recording.gaps import Cause, Gap

READS_A_ROUND = 16
"""A flooding console gives way to the others after this many reads of 64 KiB."""

LARGE_BYTES = 4096
"""Whoever gives so much at a time has more soon: a flood comes in pieces of 32 KiB."""

LAST_READS = 64
"""How often a console that is let go is read once more. What the guest printed by then
lies in the socket, which holds some 200 KiB; only one that floods on fills it again."""

PROOF_FIRST_S = 0.01
PROOF_LAST_S = 0.25
"""How often the kernel is asked whether a connection was accepted: ever more seldom."""


class Session:
    """An open console, from the connection to its end.

    Args:
        console: the connection; the session closes it.
        sink: the proxy's; told of every byte and of the end.
        loop: reads it once `record` was called.
    """

    def __init__(self, console: Console, sink: ConsoleSink, loop: ReadLoop) -> None:
        self.console = console
        self.ended = anyio.Event()
        self.error: ConsoleError | None = None
        self.hung_up = False
        self.bytes = 0
        self.last_byte_at = 0.0
        self.is_recorded = False
        self._sink = sink
        self._loop = loop
        self._spool: Spool | None = None
        self._resumable = console if isinstance(console, Resumable) else None
        self._source = ""
        self._missed = 0
        self._fd = console.fileno()
        self._open = True

    async def prove(self, on_waiting: Callable[[], None]) -> bytes:
        """Wait until the console is ours; returns what it gave by then.

        `on_waiting` is called once when the connection is seen to be queued behind
        another client. An end of file while waiting sets `ended`. As long as the kernel
        says who is served nothing is read here: what is read must be recorded, and the
        recording is yet to be opened.
        """
        pause = PROOF_FIRST_S
        told = False
        while self._open:
            with anyio.move_on_after(pause) as unanswered:
                try:
                    await anyio.wait_readable(self._fd)
                except anyio.ClosedResourceError:
                    return b""
            accepted = self.console.is_accepted()
            if accepted:
                return b""
            if not unanswered.cancelled_caught:
                return self._first_read()
            if accepted is False and not told and pause >= 0.1:
                told = True
                on_waiting()
            pause = min(pause * 2, PROOF_LAST_S)
        return b""

    def _first_read(self) -> bytes:
        try:
            data = self.console.read_nowait()
        except BlockingIOError:
            return b""
        except ConsoleBroken as error:
            self._end(error)
            return b""
        if not data:
            self._end(None)
        return data

    def record(self, spool: Spool | None, first: bytes) -> None:
        """Begin to read into `spool`, with what `prove` gave already.

        Without one what is read goes nowhere but to the sink: whoever prints must not stall.
        """
        self._spool = spool
        self.is_recorded = spool is not None
        if first:
            self._take(first, now())
        if self._open:
            self._loop.add(self._fd, self, is_polled=self._resumable is not None)

    def whereabouts(self) -> dict[str, str | int]:
        """Where in its source the next byte is, as facts of the ledger; empty for a stream."""
        if self._resumable is None:
            return {}
        self._source, self._missed = self._resumable.source, self._resumable.missed
        return {"source": self._source, "position": self._resumable.position}

    @property
    def reached(self) -> Whereabouts | None:
        """Where in its source another session would go on; None for a stream, or at the end."""
        log = self._resumable
        if log is None or self.hung_up:
            return None
        return Whereabouts(log.source, log.position, log.tail)

    @property
    def ending(self) -> str:
        """How the console says that it ended; empty when it says nothing."""
        return self._resumable.ending if self._resumable is not None else ""

    @property
    def needs_flush(self) -> bool:
        """Whether a timing record waits for further reads."""
        return self._spool is not None and self._spool.needs_flush

    def flush(self) -> None:
        """Write the timing record that waited."""
        if self._spool is not None:
            self._spool.flush()

    def read_ready(self, at: Instant) -> bool:
        """Read what has arrived, at most `READS_A_ROUND` times; whether more is to come."""
        for _ in range(READS_A_ROUND):
            size = self._read(at)
            if size < READ_BYTES:
                # A short read has emptied it. The next round tells of what comes now.
                return size >= LARGE_BYTES
        return True

    def _read(self, at: Instant) -> int:
        """Read once; how many bytes that gave, 0 at the end or when there were none."""
        try:
            data = self.console.read_nowait()
        except BlockingIOError:
            return 0
        except ConsoleBroken as error:
            self._end(error)
            return 0
        if not data:
            self._end(None)
            return 0
        self._take(data, at)
        return len(data) if self._open else 0

    def fail(self, error: Exception) -> None:
        """Give the console up: reading it met with what it was not made for."""
        self._end(
            ConsoleError(
                f"guestwatch made a mistake with this console: {error!r}",
                hint="capture.log in the state folder tells more.",
            )
        )

    def _take(self, data: bytes, at: Instant) -> None:
        if self._spool is not None:
            if self._resumable is not None and self._resumable.source != self._source:
                # The log was rotated just before these bytes.
                self._enter_missed(at)
                self._source = self._resumable.source
                position = self._resumable.position - len(data)
                self._spool.enter("rotated", at, source=self._source, position=position)
            self._spool.write(data, at)
        self.bytes += len(data)
        self.last_byte_at = at.wall
        self._sink.feed(data)

    def _enter_missed(self, at: Instant) -> None:
        """Enter a gap for rotated files that were gone before anybody could read them."""
        if self._spool is None or self._resumable is None:
            return
        missed = self._resumable.missed - self._missed
        if missed > 0:
            self._missed += missed
            evidence = f"rotated logs that were gone before they could be read: {missed}"
            gap = Gap(Cause.LOSSY, self.last_byte_at or at.wall, at.wall, evidence)
            self._spool.enter_gap(gap, at)

    def _end(self, error: ConsoleError | None) -> None:
        if not self._open:
            return
        if error is not None and error.errno == errno.ECONNRESET:
            # A VMM that is killed while input waits for it, or while we wait in its
            # queue, resets the connection: an end like any other.
            error = None
        self.error = error
        self.hung_up = error is None
        self._shut()
        self._sink.end(error)

    def _shut(self) -> None:
        if self._open:
            self._open = False
            self._enter_missed(now())
            self._loop.remove(self._fd, self)
            anyio.notify_closing(self._fd)
            self.console.close()
            self.ended.set()

    async def aclose(self) -> None:
        """Let the console go; the sink hears no more. Harmless when repeated.

        What the guest has printed by now is read first.
        """
        if self._open and self._spool is not None:
            at = now()
            for _ in range(LAST_READS):
                if not self._read(at):
                    break
        self._shut()
