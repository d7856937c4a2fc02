"""Writes one generation of a console: log first, then timing, index and ledger.

Theory of operation. `write` is the hot path: one write of the log and a few
comparisons. Reads within `MERGE_S` of each other share a timing record, which is
*pending* until a later read, `flush`, rotation or `close` ends it. Records are owed and
written together, at the first read `GATHER_S` behind the oldest, or by `flush`, rotation
or `close`. A crash loses at most these; the next start makes one record for the bytes
they stood for.

Bytes that reached the log are always accounted for. What could not be written of
timing and index is written first by the next call; until then nothing more goes to the
log, so that the debt stays small.

Nothing here waits for the disk (no fsync): a crash of capture loses nothing that
was written, a crash of the host what the kernel had not yet stored.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path

from core.clock import Instant
from core.errors import RecordingError, WriteFailed
from core.recording import index, ledger, timing
from core.recording import meta as meta_file
from core.recording.appender import Appender
from core.recording.gaps import GAP, Gap
from core.recording.index import Entry, Spacing
from core.recording.layout import (
    GATHER_S,
    INDEX,
    LEDGER,
    LOG,
    MERGE_S,
    META,
    SEGMENT_BYTES,
    TIMING,
    segment_log,
    segment_timing,
)
from core.recording.ledger import Fact
from core.recording.meta import Meta
from core.recording.opening import OpenGeneration, open_generation
from core.recording.timing import to_us
from core.recording.trouble import explain, hint_for

_ROTATE_AGAIN_BYTES = 1024 * 1024
"""A rotation that failed is tried again after so many more bytes."""

_NEVER = Instant(0.0, 0.0)


class Recorder:
    """One generation of a sandbox's console, open to be written. Made by `begin`.

    For one thread at a time. Calls return as soon as the kernel has the bytes.
    """

    __slots__ = (
        "_elapsed_us",
        "_folder",
        "_has_failed",
        "_index",
        "_is_log_renamed",
        "_is_timing_renamed",
        "_ledger",
        "_log",
        "_meta",
        "_next_timing",
        "_origin_us",
        "_owes",
        "_owes_since",
        "_pending",
        "_pending_at",
        "_pending_until",
        "_recorded",
        "_rotate_at",
        "_segment_bytes",
        "_segment_start",
        "_spacing",
        "_timing",
        "folder",
        "generation",
        "rotations",
        "size",
    )

    def __init__(self, opened: OpenGeneration, segment_bytes: int) -> None:
        self.folder: Path = opened.folder.path
        self.generation = self.folder.name
        self.size = opened.size
        """The generation's bytes so far: the next byte's offset."""
        self.rotations = 0
        """How often a new segment was begun."""
        self._folder = opened.folder
        self._meta = opened.meta
        self._log = opened.log
        self._timing = opened.timing
        self._index = opened.index
        self._ledger = opened.ledger
        self._index.rest()
        self._ledger.rest()
        self._spacing = Spacing()
        self._origin_us = opened.origin_us
        self._elapsed_us = opened.elapsed_us
        self._recorded = opened.size
        self._pending = 0
        self._pending_at = _NEVER
        self._pending_until = 0.0
        self._owes = False
        self._owes_since = 0.0
        self._has_failed = False
        self._segment_bytes = max(1, segment_bytes)
        self._segment_start = opened.segment_start
        self._rotate_at = opened.segment_start + self._segment_bytes
        self._is_log_renamed = False
        self._is_timing_renamed = False
        self._next_timing = -1

    @classmethod
    def begin(
        cls,
        home: Path,
        sandbox_id: str,
        *,
        life: str,
        meta: Meta,
        at: Instant,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Recorder:
        """A recorder that continues the newest generation of the same life, or begins one.

        Args:
            home: the folder of all recordings; made when it is missing.
            sandbox_id: whose recording.
            life: names one life of the console; empty is like no other.
            meta: who the sandbox is; of a continued generation the beginning is kept.
            at: this moment; a new generation's times count from it.
            segment_bytes: from this size on a log is renamed and a new one begins.

        Raises:
            RecordingError: something cannot be made or written, or is none of ours.
            InvalidSandboxId: the id cannot be a folder's name.
        """
        opened = open_generation(home, sandbox_id, life=life, meta=meta, at=at)
        recorder = cls(opened, segment_bytes)
        repaired = opened.repaired
        if repaired is not None and repaired.changed:
            try:
                recorder.enter(
                    "repaired",
                    at,
                    orphaned_bytes=repaired.orphaned_bytes,
                    cut_timing_bytes=repaired.cut_bytes,
                )
            except RecordingError:
                recorder.close()
                raise
        return recorder

    @property
    def needs_flush(self) -> bool:
        """Whether `flush` has something to write."""
        return self._pending > 0 or self._owes

    @property
    def free_bytes(self) -> int:
        """How much room its file system has for us."""
        found = os.fstatvfs(self._folder.fd)
        return (found.f_bavail if os.geteuid() else found.f_bfree) * found.f_frsize

    def write(self, data: bytes, at: Instant) -> None:
        """Append what was read `at`.

        Raises:
            WriteFailed: a part could not be written; its `written` says how many bytes
                of `data` are in the log all the same.
        """
        if not data:
            return
        if self._has_failed:
            self._settle(0)
        try:
            count = os.write(self._log, data)
        except OSError as error:
            raise self._failure(LOG, error, 0) from error
        if count != len(data):
            self._write_rest(data, count, at)
            return
        self.size += count
        if self._pending and at.boot < self._pending_until:
            self._pending += count
        else:
            self._begin_record(count, at)
        if self.size >= self._rotate_at:
            self._rotate(count)

    def flush(self) -> None:
        """Write the timing record that waited for more reads.

        Raises:
            WriteFailed: it could not be written; call again to try again.
        """
        self._end_record()
        self._settle(0)

    def enter(self, kind: str, at: Instant, /, **facts: Fact) -> None:
        """Enter something into the ledger, at the present offset.

        Raises:
            RecordingError: it could not be written, nor was a part of it.
        """
        self.enter_at(None, kind, at, facts)

    def enter_gap(self, gap: Gap, at: Instant) -> None:
        """Enter a gap into the ledger: the bytes after it begin here.

        Raises:
            RecordingError: it could not be written, nor was a part of it.
        """
        self.enter_at(None, GAP, at, gap.facts())

    def enter_at(
        self, offset: int | None, kind: str, at: Instant, facts: Mapping[str, Fact]
    ) -> None:
        """Enter something into the ledger that belongs to another offset than the present one.

        Raises:
            RecordingError: it could not be written, nor was a part of it.
        """
        line = ledger.format_entry(kind, at, self.size if offset is None else offset, facts)
        try:
            self._ledger.put(line)
        except OSError as error:
            raise explain(self.folder / LEDGER, error) from error
        self._ledger.rest()

    def update_meta(self, meta: Meta) -> None:
        """Replace the meta data; when and in which life the generation began is kept.

        Raises:
            RecordingError: they could not be written; the old ones are still there.
        """
        present = meta.begun_like(self._meta)
        self._folder.replace(META, meta_file.encode(present))
        self._meta = present

    def set_segment_bytes(self, segment_bytes: int) -> None:
        """Begin a new segment at this size from now on; the present one, at its next write."""
        self._segment_bytes = max(1, segment_bytes)
        self._rotate_at = self._segment_start + self._segment_bytes

    def close(self) -> None:
        """Close the recording. Harmless when repeated; never raises.

        What could not be written of the timing is made up for at the next start.
        """
        if self._log < 0:
            return
        try:
            self.flush()
        except RecordingError:
            pass
        finally:
            log, self._log = self._log, -1
            # A network file system may refuse even that: the others are closed all the same.
            with contextlib.suppress(OSError), contextlib.ExitStack() as held:
                held.callback(self._folder.close)
                if self._next_timing >= 0:
                    held.callback(os.close, self._next_timing)
                for appender in (self._timing, self._index, self._ledger):
                    held.callback(appender.close)
                held.callback(os.close, log)

    # Timing and index.

    def _write_rest(self, data: bytes, count: int, at: Instant) -> None:
        """Go on after a partial write; the disk is probably full."""
        try:
            while count < len(data):
                count += os.write(self._log, data[count:])
        except OSError as error:
            raise self._failure(LOG, error, count) from error
        finally:
            self.size += count
            self._end_record()
            self._pending = count
            self._pending_at = at
            self._pending_until = at.boot + MERGE_S
        self._settle(count)

    def _begin_record(self, count: int, at: Instant) -> None:
        self._end_record()
        self._pending = count
        self._pending_at = at
        self._pending_until = at.boot + MERGE_S
        if self._owes and not 0.0 <= at.boot - self._owes_since < GATHER_S:
            self._settle(count)

    def _end_record(self) -> None:
        """Turn the pending record into lines that are owed."""
        if not self._pending:
            return
        at, size, self._pending = self._pending_at, self._pending, 0
        boot_us = to_us(at.boot)
        # A clock that goes backwards, as after another boot, must not make time do so.
        elapsed_us = max(boot_us - self._origin_us, self._elapsed_us)
        if self._spacing.is_due(self._recorded, elapsed_us):
            entry = Entry(
                self._recorded, self._timing.position, elapsed_us, to_us(at.wall), boot_us
            )
            self._index.owe(index.format_entry(entry))
            self._spacing.entered(self._recorded, elapsed_us)
        self._timing.owe(timing.record(elapsed_us - self._elapsed_us, size))
        self._elapsed_us = elapsed_us
        self._recorded += size
        if not self._owes:
            self._owes = True
            self._owes_since = at.boot

    def _settle(self, written: int) -> None:
        """Write what is owed to timing and index; `written` goes into the error."""
        self._has_failed = True
        try:
            self._timing.settle()
            self._index.settle()
        except OSError as error:
            name = TIMING if self._timing.owes else INDEX
            raise self._failure(name, error, written) from error
        except RecordingError as error:
            raise self._not_written(error, written) from error
        self._owes = self._has_failed = False
        self._index.rest()

    # Rotation.

    def _rotate(self, written: int) -> None:
        """Rename log and timing and begin new ones; a step that failed is where the next goes on.

        The new log is made last: as long as there is none, readers take the renamed one
        for the one that grows, and so it is.
        """
        self._end_record()
        self._settle(written)
        start = self._segment_start
        try:
            if not self._is_log_renamed:
                self._folder.rename(LOG, segment_log(start))
                self._is_log_renamed = True
            if not self._is_timing_renamed:
                self._folder.rename(TIMING, segment_timing(start))
                self._is_timing_renamed = True
            if self._next_timing < 0:
                self._next_timing = self._folder.create(TIMING)
            log = self._folder.create(LOG)
        except RecordingError as error:
            self._rotate_at = self.size + min(_ROTATE_AGAIN_BYTES, self._segment_bytes)
            raise self._not_written(error, written) from error
        old_log, self._log = self._log, log
        os.close(old_log)
        self._timing.close()
        self._timing, self._next_timing = Appender(self._next_timing), -1
        self._is_log_renamed = self._is_timing_renamed = False
        self._segment_start = self.size
        self._rotate_at = self.size + self._segment_bytes
        self._spacing.force()
        self.rotations += 1

    @staticmethod
    def _not_written(error: RecordingError, written: int) -> WriteFailed:
        return WriteFailed(
            str(error), path=error.path, errno=error.errno, hint=error.hint, written=written
        )

    def _failure(self, name: str, error: OSError, written: int) -> WriteFailed:
        path = str(self.folder / name)
        code = error.errno or errno.EIO
        return WriteFailed(
            f"{path}: {error.strerror}",
            path=path,
            errno=code,
            hint=hint_for(code),
            written=written,
        )
