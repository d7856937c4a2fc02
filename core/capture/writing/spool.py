"""Writes a recording at once, and keeps a slow or full disk away from the reading.

The read loop writes straight to the recording: a write into the page cache takes
microseconds. One that fails or hangs, or two of a second that each wait longer than
`SLOW_WRITE_S`, move this console to a queue in memory with a writer of its own; when
the queue has been written, writing is direct again. The guest is read on whatever the
disk does: a guest whose reader stalls is changed by it. When the queue is full its oldest bytes
go, and the ledger gets a gap that counts them, where the bytes after them begin.

A recording that could not even be opened because the disk is full waits in the same
way: `Spool.pending` opens it when there is room.

All consoles' queues together are bounded as well (`core.capture.writing.spools`).
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.abc import TaskGroup

from core.capture.writing.backlog import Backlog, Entry
from core.capture.writing.draining import enter_item, evidence_of, write_items, written_of
from core.capture.writing.spools import Spools
from core.clock import Instant
from core.contain import Contained
from core.errors import RecordingError
from core.recording import Recorder
from core.recording.gaps import GAP, Gap
from core.recording.ledger import Fact

log = logging.getLogger("guestwatch.capture")

SLOW_WRITE_S = 0.020
SLOW_AGAIN_S = 1.0
HUNG_WRITE_S = 0.100
"""One slow write may be the last one for long: a thread that writes while the loop reads a
flood loses to it. Two of a second, or one as slow as this, are the disk's."""

QUEUE_BYTES = 8 * 1024 * 1024
"""How much memory one console's bytes may take while they wait for the disk."""

FLOOD_BYTES = 1024
"""Of a write this large is asked what took so long. Smaller ones come too slowly to fill
a queue, and there are too many of them to ask."""

CATCH_UP_BYTES = 2 * 1024 * 1024
"""Twice what one console gives in one round of the read loop."""

RETRY_S = 1.0
TELL_S = 1.0
"""How often a trouble's numbers are told anew."""

SLOW = "the disk is slow"


class Spool:
    """One console's way to its recording.

    Args:
        recorder: the generation to write; the spool closes it.
        tasks: where the queue's writer runs when it is needed.
        on_trouble: told why the recording lags, and the empty string once it does not.
        queue_bytes: how much memory may be taken by what waits for the disk.
        spools: the others, with which it shares a bound.
    """

    def __init__(
        self,
        recorder: Recorder | None,
        tasks: TaskGroup,
        on_trouble: Callable[[str], None],
        *,
        queue_bytes: int = QUEUE_BYTES,
        spools: Spools | None = None,
    ) -> None:
        self._recorder = recorder
        self._open: Callable[[], Recorder] | None = None
        self._on_open: Callable[[Recorder], None] | None = None
        self._tasks = tasks
        self._on_trouble = on_trouble
        self._backlog = Backlog(queue_bytes)
        # What is handed to the writer at once cannot be dropped.
        self._batch_bytes = queue_bytes // 2
        self._counted = 0
        self._why = self._evidence = SLOW
        self._slow_at = -SLOW_AGAIN_S
        self._told_at = 0.0
        self._writing = False
        self._closing = False
        self._idle = anyio.Event()
        self._idle.set()
        self._spools = spools if spools is not None else Spools()
        self._spools.join(self)

    @classmethod
    def pending(
        cls,
        opener: Callable[[], Recorder],
        error: RecordingError,
        tasks: TaskGroup,
        on_trouble: Callable[[str], None],
        *,
        on_open: Callable[[Recorder], None],
        queue_bytes: int = QUEUE_BYTES,
        spools: Spools | None = None,
    ) -> Spool:
        """A spool whose recording cannot be opened yet; what it is given waits in memory.

        Args:
            opener: opens the recording, in a thread; tried again until it does not raise
                a `RecordingError`.
            error: why it could not be opened just now.
            tasks: as for any spool.
            on_trouble: as for any spool.
            on_open: told, in the event loop, once it is open and before a byte is written.
            queue_bytes: as for any spool.
            spools: as for any spool.
        """
        spool = cls(None, tasks, on_trouble, queue_bytes=queue_bytes, spools=spools)
        spool._open, spool._on_open = opener, on_open
        spool._fall_back(str(error), evidence_of(error))
        return spool

    @property
    def recorder(self) -> Recorder:
        """The generation that is written; only once it `is_open`."""
        assert self._recorder is not None
        return self._recorder

    @property
    def is_open(self) -> bool:
        """Whether there is a recording already."""
        return self._recorder is not None

    @property
    def folder(self) -> Path | None:
        """The generation's; None while there is none."""
        return self._recorder.folder if self._recorder is not None else None

    @property
    def size(self) -> int:
        """How many bytes the generation holds on disk."""
        return self._recorder.size if self._recorder is not None else 0

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait for the disk."""
        return self._writing

    @property
    def memory(self) -> int:
        """How much memory is taken by what waits."""
        return self._backlog.cost

    @property
    def needs_flush(self) -> bool:
        """Whether a timing record waits for more reads."""
        return not self._writing and self._recorder is not None and self._recorder.needs_flush

    def flush(self) -> None:
        """Write the timing record that waited."""
        if self._writing or self._recorder is None:
            return
        try:
            self._recorder.flush()
        except RecordingError as error:
            self._fall_back(str(error), evidence_of(error))

    def write(self, data: bytes, at: Instant) -> None:
        """Record `data`, now or through the queue. Never fails and never waits."""
        if self._writing or self._recorder is None:
            self._enqueue(data, at)
            return
        began, waits = time.monotonic(), _waits() if len(data) >= FLOOD_BYTES else -1
        try:
            self._recorder.write(data, at)
        except RecordingError as error:
            rest = data[written_of(error) :]
            self._fall_back(str(error), evidence_of(error))
            if rest:
                self._enqueue(rest, at)
            return
        if _is_slow(began, waits):
            done, before = time.monotonic(), self._slow_at
            self._slow_at = done
            if done - before < SLOW_AGAIN_S or done - began > HUNG_WRITE_S:
                self._fall_back(SLOW, SLOW)

    def enter(self, kind: str, at: Instant, /, **facts: Fact) -> None:
        """Enter something into the ledger, in its place between the bytes."""
        self._enter(Entry(kind, at, facts))

    def enter_gap(self, gap: Gap, at: Instant, *, offset: int | None = None) -> None:
        """Enter a gap; `offset` says where the bytes after it begin, when that is not here."""
        self._enter(Entry(GAP, at, gap.facts(), offset))

    @property
    def rotations(self) -> int:
        """How often a new segment was begun."""
        return self._recorder.rotations if self._recorder is not None else 0

    def set_segment_bytes(self, segment_bytes: int) -> None:
        """Begin a new segment at this size from now on."""
        if self._recorder is not None:
            self._recorder.set_segment_bytes(segment_bytes)

    def drop_oldest(self) -> bool:
        """Give the oldest bytes up that wait: others need the room. Whether there were any."""
        dropped = self._backlog.drop_oldest(self._evidence)
        self._account()
        return dropped

    async def aclose(self) -> int:
        """Close the recording once what waits was written; after one more failure, without it.

        Returns how many bytes are lost that the ledger does not know of: 0 unless the
        disk refuses even that line.
        """
        self._closing = True
        with anyio.CancelScope(shield=True):
            await self._idle.wait()
        entries, hole = self._backlog.give_up(self._evidence)
        self._account()
        self._spools.leave(self)
        lost = hole.lost_bytes if hole is not None else 0
        if lost:
            log.error("%s: %d bytes were not written", self.folder or "a recording", lost)
        if self._recorder is None:
            return lost
        try:
            for entry in entries:
                enter_item(self._recorder, entry)
            if hole is not None:
                enter_item(self._recorder, hole)
        except RecordingError:
            return lost
        finally:
            self._recorder.close()
        return 0

    # The queue.

    def _enter(self, entry: Entry) -> None:
        if not self._writing and self._recorder is not None:
            try:
                enter_item(self._recorder, entry)
            except RecordingError as error:
                self._fall_back(str(error), evidence_of(error))
            else:
                return
        self._backlog.enter(entry, self._evidence)
        self._account()

    def _enqueue(self, data: bytes, at: Instant) -> None:
        before = self._backlog.dropped
        self._backlog.add(data, at, self._evidence)
        self._account()
        self._spools.make_room()
        if self._backlog.dropped > before and time.monotonic() - self._told_at >= TELL_S:
            self._tell()

    def _account(self) -> None:
        cost, self._counted = self._counted, self._backlog.cost
        self._spools.memory += self._counted - cost

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        text = f"{self._why}; {in_mb(self._backlog.waiting)} wait in memory"
        if self._backlog.dropped:
            text += f", {in_mb(self._backlog.dropped)} were dropped"
        self._on_trouble(text)

    def _fall_back(self, why: str, evidence: str) -> None:
        self._why, self._evidence = why, evidence
        self._writing = True
        self._idle = anyio.Event()
        self._on_trouble(why)
        self._tasks.start_soon(self._write_queue)

    async def _write_queue(self) -> None:
        try:
            # Shielded: what was read from a guest is not thrown away because capture stops.
            with anyio.CancelScope(shield=True):
                while True:
                    if not await self._try_to_write():
                        self._tell()
                        if self._closing:
                            break
                        await anyio.sleep(RETRY_S)
                    elif not self._backlog:
                        self._on_trouble("")
                        break
        finally:
            self._writing = False
            self._idle.set()

    async def _try_to_write(self) -> bool:
        """Write what waits, in a thread; whether that worked. `_why` says why not."""
        mistakes: list[Exception] = []
        error: RecordingError | None = None
        with Contained("writing a recording", mistakes.append):
            error = await self._try_to_open() or await self._write_waiting()
        if mistakes:
            self._backlog.settle()
            self._account()
            self._why = f"guestwatch made a mistake with this recording: {mistakes[0]!r}"
            self._evidence = self._why
        elif error is not None:
            self._why, self._evidence = str(error), evidence_of(error)
        return not mistakes and error is None

    async def _try_to_open(self) -> RecordingError | None:
        if self._recorder is not None or self._open is None:
            return None
        try:
            opened = await anyio.to_thread.run_sync(self._open, limiter=self._spools.threads)
        except RecordingError as error:
            return error
        self._recorder = opened
        if self._on_open is not None:
            self._on_open(opened)
        return None

    async def _write_waiting(self) -> RecordingError | None:
        """Write all that waits; returns why that stopped, None when it did not."""
        error: RecordingError | None = None
        while error is None and self._backlog:
            items = self._backlog.take(self._batch_bytes)
            error = await anyio.to_thread.run_sync(
                write_items, self.recorder, items, limiter=self._spools.threads
            )
            self._backlog.settle()
            while error is None and self._backlog:
                error, was_slow = self._catch_up()
                if was_slow:
                    break
                await anyio.lowlevel.checkpoint()
            self._account()
        return error

    def _catch_up(self) -> tuple[RecordingError | None, bool]:
        """Write twice what a turn of the loop reads; returns an error, and whether it is slow.

        The disk has just taken a batch. A thread would go on losing to the loop that reads
        a flood, since only one of the two runs at a time, and drop what could be written.
        """
        written = 0
        while self._backlog and written < CATCH_UP_BYTES:
            before, began, waits = self._backlog.waiting, time.monotonic(), _waits()
            error = write_items(self.recorder, self._backlog.take(1))
            self._backlog.settle()
            written += before - self._backlog.waiting
            if error is not None or _is_slow(began, waits):
                return error, True
        self._account()
        return None, False


def _waits() -> int:
    """How often this thread has waited for something, such as a disk."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def _is_slow(began: float, waits: int) -> bool:
    """Whether what began then was slow, and waited for more than the processor.

    On a busy machine everything takes long now and then. A thread of its own would be
    starved just the same while the loop reads on, and drop what the disk would take.
    """
    return time.monotonic() - began > SLOW_WRITE_S and _waits() > waits


def in_mb(size: int) -> str:
    """A number of bytes for a person."""
    return f"{size} bytes" if size < 100_000 else f"{size / 1e6:.1f} MB"
