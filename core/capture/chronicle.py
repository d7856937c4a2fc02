"""One console's recording over its lives: opened, continued, and told what happened.

A new life is a new generation; the same life again goes on where the recording ends.
Whatever time passed in which nobody heard the guest is entered before the bytes that
follow it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import anyio.to_thread

from core.capture.absence import Absence
from core.capture.services import CAPTURE_ENDED, Services, Visit
from core.capture.session import Session
from core.capture.spool import Spool
from core.clock import Instant, now
from core.endpoints import Resumable
from core.errors import RecordingError
from core.recording import Cause, Gap, Ledger, Meta, Recorder, last_heard
from core.recording.ledger import Fact
from core.recording.meta import read_meta

log = logging.getLogger("guestwatch.capture")


class _Opened(NamedTuple):
    recorder: Recorder
    known: float
    """Until when recordings reach that were made before: since the epoch, 0 for none."""
    source: str
    """What the last bytes were read from, if that keeps what it gave."""
    position: int
    """Where in it the next byte is."""


class Chronicle:
    """A console's recording.

    Args:
        services: shared with the other consoles.
        visit: which run of the proxy this is.
        absence: since when nobody hears the guest.
        on_change: called whenever `trouble` changed.
    """

    def __init__(
        self, services: Services, visit: Visit, absence: Absence, on_change: Callable[[], None]
    ) -> None:
        self.generation = ""
        """The present generation's folder name; empty while nothing is recorded."""
        self.trouble = ""
        """Why the recording lags; empty when it does not."""
        self._services = services
        self._visit = visit
        self._absence = absence
        self._on_change = on_change
        self._spool: Spool | None = None
        self._life = ""
        self._kept_size = 0
        self._unentered = 0
        self._is_entered = False

    @property
    def size(self) -> int:
        """How much the present generation holds."""
        return self._spool.size if self._spool is not None else self._kept_size

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait for the disk."""
        return self._spool is not None and self._spool.is_behind

    async def attach(
        self, session: Session, meta: Meta, first: bytes, facts: Mapping[str, Fact], *, born: float
    ) -> bool:
        """Record `session` from here on; returns whether a new generation began with it.

        Args:
            session: a console that is proven ours.
            meta: of its life.
            first: what it gave already.
            facts: of the attachment, for the ledger.
            born: when its life began, as far as anything tells; 0 when nothing does.

        Raises:
            RecordingError: no recording can be had; nothing was read.
        """
        known, source, position = 0.0, "", 0
        is_new = self._spool is None or self._life != meta.life
        if is_new:
            self._let_go()
            opened = await self._open(meta, first)
            known, source, position = opened.known, opened.source, opened.position
        assert self._spool is not None
        at = now()
        lost = self._resume(session, source, position)
        if self._unentered:
            gap = Gap(
                Cause.DISK, at.wall, at.wall, "the disk refused even this line", self._unentered
            )
            self._spool.enter("gap", at, **gap.facts())
            self._unentered = 0
        for gap in self._absence.end(at.wall, known=known, born=born):
            self._spool.enter("gap", at, **gap.facts())
        if lost:
            gap = Gap(Cause.LOSSY, at.wall, at.wall, "its log was cut meanwhile", lost)
            self._spool.enter("gap", at, **gap.facts())
        self._spool.enter("attached", at, **facts, **session.whereabouts())
        session.record(self._spool, first)
        return is_new

    async def _open(self, meta: Meta, first: bytes) -> _Opened:
        """Open the recording of a life: a new generation, or the newest one goes on.

        In a thread: a folder and six files take milliseconds on a busy disk, and the
        other consoles are not to wait for them.
        """
        try:
            opened = await anyio.to_thread.run_sync(_open_recording, self._services, meta)
        except RecordingError:
            if first:
                log.exception("%s: %d bytes are lost", meta.id, len(first))
            raise
        self._life = meta.life
        self.generation = opened.recorder.generation
        self._set_trouble(self.generation, "")
        self._spool = Spool(
            opened.recorder,
            self._services.tasks,
            partial(self._set_trouble, self.generation),
            spools=self._services.spools,
        )
        self._services.scanning.watch(meta.id, self._spool)
        if not self._is_entered:
            self._is_entered = True
            self._spool.enter("proxy-started", self._visit.began, **self._visit.facts)
        return opened

    def _resume(self, session: Session, source: str, position: int) -> int:
        """Go on in a source that keeps what it gave; how many bytes are known to be gone."""
        console = session.console
        if source and isinstance(console, Resumable):
            return console.resume(source, position)
        return 0

    def end(self, session: Session) -> None:
        """Enter how a session ended, and from when on nobody hears the guest."""
        at = now()
        cause, evidence = Cause.NOT_ATTACHED, self._visit.leaving
        if evidence == CAPTURE_ENDED:
            cause = Cause.NO_CAPTURE
        if session.error is not None:
            cause, evidence = Cause.FAILED, str(session.error)
        elif session.hung_up:
            cause, evidence = Cause.CLOSED, "end of file"
        if self._spool is not None and session.is_recorded:
            if session.error is not None:
                self._spool.enter("failed", at, detail=evidence)
            elif session.hung_up:
                self._spool.enter("ended", at)
            else:
                self._spool.enter("detached", at, cause=evidence)
            self._absence.begin(cause, at.wall, evidence)

    def enter(self, kind: str, at: Instant, **facts: Fact) -> None:
        """Enter something into the present generation's ledger, if there is one."""
        if self._spool is not None:
            self._spool.enter(kind, at, **facts)

    async def aclose(self) -> None:
        """Close the recording, once what waits for the disk was written."""
        if self._spool is not None:
            self._spool.enter("proxy-stopped", now(), cause=self._visit.leaving)
            await self._close(self._spool)

    def _let_go(self) -> None:
        """Close the recording of the life before, without waiting for its disk."""
        if self._spool is not None:
            spool, self._spool, self._kept_size = self._spool, None, self.size
            self._services.tasks.start_soon(self._close, spool)

    async def _close(self, spool: Spool) -> None:
        self._unentered += await spool.aclose()
        self._services.scanning.forget(spool)

    def _set_trouble(self, generation: str, trouble: str) -> None:
        # A past life's recording may still be written.
        if generation == self.generation and trouble != self.trouble:
            self.trouble = trouble
            self._on_change()


def _open_recording(services: Services, meta: Meta) -> _Opened:
    """A recorder, and what an earlier one left for it to go on with.

    Raises:
        RecordingError: it cannot be had.
    """
    at = Instant(meta.started_wall, meta.started_boot)
    known = last_heard(services.recordings, meta.id)
    recorder = Recorder.begin(
        services.recordings,
        meta.id,
        life=meta.life,
        meta=meta,
        at=at,
        segment_bytes=services.spools.segment_bytes,
    )
    source, position = "", 0
    with contextlib.suppress(RecordingError):
        if read_meta(recorder.folder).started_wall != at.wall:
            source, position = _whereabouts(recorder)
    if known:
        # A capture that was killed heard the guest longer than it had anything to write.
        known = max(known, services.previous_alive)
    return _Opened(recorder, known, source, position)


def _whereabouts(recorder: Recorder) -> tuple[str, int]:
    """Where in its source a recording that goes on has ended."""
    source, position = "", 0
    ledger = Ledger(recorder.folder)
    try:
        while entries := ledger.read_new():
            for entry in entries:
                named, at = entry.facts.get("source"), entry.facts.get("position")
                if isinstance(named, str) and isinstance(at, int):
                    source, position = named, at + recorder.size - entry.offset
    finally:
        ledger.close()
    return source, position
