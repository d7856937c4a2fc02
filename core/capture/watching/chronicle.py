"""One console's recording over its lives: opened, continued, and told what happened.

A new life is a new generation; the same life again goes on where the recording ends.
Whatever time passed in which nobody heard the guest is entered before the bytes that
follow it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from core.capture.services import CAPTURE_ENDED, Services, Visit
from core.capture.watching.absence import Absence
from core.capture.watching.beginning import LOST, Beginning, begin
from core.capture.watching.session import Session
from core.capture.watching.whereabouts import Whereabouts
from core.capture.writing.spool import Spool
from core.clock import Instant, now
from core.endpoints import Resumable
from core.errors import RecordingError
from core.recording import Cause, Gap, Meta, Recorder, enter_late
from core.recording.ledger import Fact

log = logging.getLogger("guestwatch.capture")


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
        self._spools_made = 0
        self._life = ""
        self._reached: Whereabouts | None = None
        self._kept_size = 0
        self._rested: Path | None = None
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
        known, is_lost, place = 0.0, False, self._reached
        before = self.generation
        if not self._goes_on(session, meta):
            opened = await self._open(session, meta, first)
            # Of a life that ended nothing is to be read on.
            is_lost = opened.is_lost or place is not None
            known, place = opened.known, opened.whereabouts
        self._reached = None
        assert self._spool is not None
        at = now()
        lost = self._resume(session, place)
        if self._unentered:
            evidence = "the disk refused even this line"
            self._enter_loss(Cause.DISK, at, evidence, self._unentered)
            self._unentered = 0
        for gap in self._absence.end(at.wall, known=known, born=born):
            kept = place is not None and lost is None
            self._spool.enter_gap(_kept(gap) if kept else gap, at)
        if is_lost or lost is not None:
            self._enter_loss(Cause.LOSSY, at, LOST, lost or None)
        self._spool.enter("attached", at, **facts, **session.whereabouts())
        session.record(self._spool, first)
        return not before or self.generation != before

    def _goes_on(self, session: Session, meta: Meta) -> bool:
        """Whether `session` is of the life that is being recorded.

        Raises:
            ConsoleBroken: its log cannot be looked at.
        """
        if self._spool is None:
            return False
        console = session.console
        if not isinstance(console, Resumable):
            return self._life == meta.life
        # The path leads to another file by now if the log was rotated.
        return self._reached is not None and console.holds(*self._reached)

    async def _open(self, session: Session, meta: Meta, first: bytes) -> Beginning:
        """Open the recording of a life: a new generation, or the newest one goes on.

        In a thread: a folder and six files take milliseconds on a busy disk, and the
        other consoles are not to wait for them.
        """
        is_over = self._spool is not None
        self._let_go()
        try:
            opened = await anyio.to_thread.run_sync(
                functools.partial(begin, self._services, meta, session.console, is_over=is_over)
            )
        except RecordingError:
            if first:
                log.exception("%s: %d bytes are lost", meta.id, len(first))
            raise
        self._life, self._rested = meta.life, None
        self._spool = spool = self._spool_of(opened, meta.id)
        if opened.recorder is not None:
            self._take_recorder(spool, meta.id, opened.recorder)
        if not self._is_entered:
            self._is_entered = True
            spool.enter("proxy-started", self._visit.began, **self._visit.facts)
        return opened

    def _spool_of(self, opened: Beginning, sandbox_id: str) -> Spool:
        services = self._services
        self._spools_made += 1
        on_trouble = functools.partial(self._set_trouble, self._spools_made)
        on_trouble("")
        if opened.recorder is not None:
            return Spool(opened.recorder, services.tasks, on_trouble, spools=services.spools)
        assert opened.error is not None
        # The guest is read all the same: one whose reader stalls is changed by it.
        self.generation = ""
        spool = Spool.pending(
            opened.begin,
            opened.error,
            services.tasks,
            on_trouble,
            on_open=lambda recorder: self._take_recorder(spool, sandbox_id, recorder),
            spools=services.spools,
        )
        return spool

    def _take_recorder(self, spool: Spool, sandbox_id: str, recorder: Recorder) -> None:
        """A recording is open: its bytes are looked through from now on."""
        self._services.scanning.watch(sandbox_id, spool)
        if spool is self._spool:
            self.generation = recorder.generation
            self._on_change()

    def _resume(self, session: Session, place: Whereabouts | None) -> int | None:
        """Go on in a source that keeps what it gave.

        Returns None when nothing is known to be gone; else how many bytes, 0 for an
        unknown number.
        """
        console = session.console
        if place is None or not isinstance(console, Resumable):
            return None
        lost = console.resume(place.source, place.position)
        went_on = (console.source, console.position) == (place.source, place.position)
        return None if went_on and not lost else lost

    def _enter_loss(self, cause: Cause, at: Instant, evidence: str, lost: int | None) -> None:
        assert self._spool is not None
        self._spool.enter_gap(Gap(cause, at.wall, at.wall, evidence, lost), at)

    def end(self, session: Session) -> None:
        """Enter how a session ended, and from when on nobody hears the guest."""
        at = now()
        cause, evidence = Cause.NOT_ATTACHED, self._visit.leaving
        if evidence == CAPTURE_ENDED:
            cause = Cause.NO_CAPTURE
        if session.error is not None:
            cause, evidence = Cause.FAILED, str(session.error)
        elif session.hung_up:
            cause, evidence = Cause.CLOSED, session.ending or "end of file"
        if self._spool is not None and session.is_recorded:
            self._reached = session.reached
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

    def rest(self) -> None:
        """Close the recording of a life that has ended, as far as is known.

        It may be compressed then, and holds no descriptors; should the same life go on,
        so does the recording. That of a log is kept open: it knows what of the log was read.
        """
        if self._spool is not None and self._reached is None and self._spool.is_open:
            self._rested = self._spool.recorder.folder
            self._let_go()

    async def aclose(self) -> None:
        """Close the recording, once what waits for the disk was written."""
        at, cause = now(), self._visit.leaving
        if self._spool is not None:
            self._spool.enter("proxy-stopped", at, cause=cause)
            await self._close(self._spool)
        elif self._rested is not None:
            enter = functools.partial(
                enter_late, self._rested, "proxy-stopped", at, self.size, cause=cause
            )
            with anyio.CancelScope(shield=True), contextlib.suppress(RecordingError):
                await anyio.to_thread.run_sync(enter)

    def _let_go(self) -> None:
        """Close the recording of the life before, without waiting for its disk."""
        if self._spool is not None:
            spool, self._spool, self._kept_size = self._spool, None, self.size
            self._services.tasks.start_soon(self._close, spool)

    async def _close(self, spool: Spool) -> None:
        self._unentered += await spool.aclose()
        self._services.scanning.forget(spool)

    def _set_trouble(self, number: int, trouble: str) -> None:
        # A past life's recording may still be written.
        if number == self._spools_made and trouble != self.trouble:
            self.trouble = trouble
            self._on_change()


def _kept(gap: Gap) -> Gap:
    """A gap in which nobody read a log, that kept what was printed."""
    words = "its log kept what was printed"
    evidence = f"{gap.evidence}; {words}" if gap.evidence else words
    return dataclasses.replace(gap, evidence=evidence, lost_bytes=0)
