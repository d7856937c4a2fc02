"""Writes a recording at once, and keeps a slow or full disk away from the reading.

The read loop writes straight to the recording: a write into the page cache takes
microseconds. One that takes longer than `SLOW_WRITE_S`, or fails, moves this
console to a bounded queue with a writer of its own; when the queue has been
written, writing is direct again. When it overflows, the console must be let go:
a guest whose reader stalls is changed by it, one without a reader is not.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from core.capture.contain import Contained
from core.clock import Instant, now
from core.errors import RecordingError, WriteFailed
from core.recording import Recorder

log = logging.getLogger("guestwatch.capture")

SLOW_WRITE_S = 0.020
QUEUE_BYTES = 8 * 1024 * 1024
RETRY_S = 1.0

Fact = str | int | float | bool


class _Chunk(NamedTuple):
    data: bytes
    at: Instant


class _Entry(NamedTuple):
    kind: str
    at: Instant
    facts: dict[str, Fact]


class SpoolOverflow(RecordingError):
    """The disk kept the console waiting until the queue was full."""


def written_of(error: RecordingError) -> int:
    """How many bytes of a failed write did reach the log."""
    return error.written if isinstance(error, WriteFailed) else 0


class Spool:
    """One console's way to its recording.

    Args:
        recorder: the generation to write; the spool closes it.
        tasks: where the queue's writer runs when it is needed.
        on_trouble: told why the recording lags, and the empty string once it does not.
        queue_bytes: how much may wait for the disk.
    """

    def __init__(
        self,
        recorder: Recorder,
        tasks: TaskGroup,
        on_trouble: Callable[[str], None],
        *,
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        self.recorder = recorder
        self._tasks = tasks
        self._on_trouble = on_trouble
        self._queue_bytes = queue_bytes
        self._queue: deque[_Chunk | _Entry] = deque()
        # Two counters, one for each thread that moves: no lock is needed.
        self._taken = 0
        self._written = 0
        self._writing = False
        self._closing = False
        self._idle = anyio.Event()
        self._idle.set()

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait for the disk."""
        return self._writing

    @property
    def needs_flush(self) -> bool:
        """Whether a timing record waits for more reads."""
        return not self._writing and self.recorder.needs_flush

    def flush(self) -> None:
        """Write the timing record that waited."""
        if self._writing:
            return
        try:
            self.recorder.flush()
        except RecordingError as error:
            self._fall_back(str(error))

    def write(self, data: bytes, at: Instant) -> None:
        """Record `data`, now or through the queue.

        Raises:
            SpoolOverflow: the queue is full; `data` was not taken.
        """
        if self._writing:
            self._enqueue(data, at)
            return
        began = time.monotonic()
        try:
            self.recorder.write(data, at)
        except RecordingError as error:
            rest = data[written_of(error) :]
            if rest:
                self._enqueue(rest, at)
            self._fall_back(str(error))
            return
        if time.monotonic() - began > SLOW_WRITE_S:
            self._fall_back("the disk is slow")

    def enter(self, kind: str, at: Instant, **facts: Fact) -> None:
        """Enter something into the ledger, in its place between the bytes."""
        if self._writing:
            self._queue.append(_Entry(kind, at, facts))
            return
        try:
            self.recorder.enter(kind, at, **facts)
        except RecordingError as error:
            self._queue.append(_Entry(kind, at, facts))
            self._fall_back(str(error))

    async def aclose(self) -> int:
        """Close the recording once what waits was written; after one more failure, without it.

        Returns how many bytes are lost that the ledger does not know of: 0 unless the
        disk refuses even that line.
        """
        self._closing = True
        with anyio.CancelScope(shield=True):
            await self._idle.wait()
        lost = self._taken - self._written
        try:
            if self._queue:
                log.error("%s: %d bytes were not written", self.recorder.folder, lost)
            for item in self._queue:
                if isinstance(item, _Entry):
                    self.recorder.enter(item.kind, item.at, **item.facts)
            if lost:
                self.recorder.enter("gap", now(), cause="disk", lost_bytes=lost)
        except RecordingError:
            return lost
        finally:
            self._queue.clear()
            self.recorder.close()
        return 0

    def _enqueue(self, data: bytes, at: Instant) -> None:
        waiting = self._taken - self._written
        if waiting + len(data) > self._queue_bytes:
            raise SpoolOverflow(
                f"{self.recorder.folder}: {waiting} bytes wait for the disk",
                hint="The console was let go so that the guest is not slowed down.",
            )
        self._queue.append(_Chunk(data, at))
        self._taken += len(data)

    def _fall_back(self, trouble: str) -> None:
        self._writing = True
        self._idle = anyio.Event()
        self._on_trouble(trouble)
        self._tasks.start_soon(self._write_queue)

    async def _write_queue(self) -> None:
        try:
            # Shielded: what was read from a guest is not thrown away because capture stops.
            with anyio.CancelScope(shield=True):
                while True:
                    trouble = await self._try_to_write()
                    if trouble:
                        self._on_trouble(trouble)
                        if self._closing:
                            break
                        await anyio.sleep(RETRY_S)
                    elif not self._queue:
                        self._on_trouble("")
                        break
        finally:
            self._writing = False
            self._idle.set()

    async def _try_to_write(self) -> str:
        """Write what waits, in a thread; returns why that stopped, or the empty string."""
        mistakes: list[Exception] = []
        with Contained("writing a recording", mistakes.append):
            return await anyio.to_thread.run_sync(self._write_some)
        return f"guestwatch made a mistake with this recording: {mistakes[0]!r}"

    def _write_some(self) -> str:
        """Write what waits, in order; returns why that stopped, or the empty string."""
        try:
            while self._queue:
                item = self._queue[0]
                if isinstance(item, _Chunk):
                    self._write_chunk(item)
                else:
                    self.recorder.enter(item.kind, item.at, **item.facts)
                    self._queue.popleft()
            self.recorder.flush()
        except RecordingError as error:
            return str(error)
        return ""

    def _write_chunk(self, chunk: _Chunk) -> None:
        try:
            self.recorder.write(chunk.data, chunk.at)
        except RecordingError as error:
            written = written_of(error)
            self._written += written
            self._queue[0] = _Chunk(chunk.data[written:], chunk.at)
            raise
        self._written += len(chunk.data)
        self._queue.popleft()
