"""What capture knows of a generation that is being scanned."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import anyio.to_thread
import msgspec

from core.capture.writing.spool import Spool
from core.clock import now
from core.errors import RecordingError
from core.recording import GenerationReader, Ledger, LedgerEntry, enter_late
from core.recording.alerts import alert_of
from core.recording.history import generations_in
from core.sandboxes.model import AlertFacts, ScanFacts
from core.settings import Severity

log = logging.getLogger("guestwatch.capture")

ALERT = "alert"
"""The kind of an alert's entry in the ledger."""

_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


class Written(Protocol):
    """A generation, as far as a scan needs to know it."""

    @property
    def generation(self) -> str:
        """Its folder's name."""

    @property
    def folder(self) -> Path:
        """Its folder."""

    @property
    def size(self) -> int:
        """How much it holds."""


class Past(NamedTuple):
    """A generation that an earlier capture wrote, and nobody writes now."""

    generation: str
    folder: Path
    size: int


def left_behind(recordings: Path, sandbox_id: str) -> Past | None:
    """A sandbox's newest generation, if the capture that wrote it was killed. Blocks.

    What it had recorded last may not have been scanned then.

    Raises:
        RecordingError: it may not be read.
    """
    generations = generations_in(recordings / sandbox_id)
    if not generations:
        return None
    folder = generations[-1].folder
    ledger = Ledger(folder)
    try:
        kinds = [entry.kind for entry in ledger.read_all()]
    finally:
        ledger.close()
    if "proxy-stopped" in kinds[-_LAST_ENTRIES:]:
        return None
    reader = GenerationReader(folder)
    try:
        return Past(generations[-1].name, folder, reader.end)
    finally:
        reader.close()


_LAST_ENTRIES = 64
"""Alerts that were found late stand behind the end of a generation."""


@dataclass(slots=True)
class Scanned:
    """One generation, from when its recording was opened until it is scanned to its end."""

    sandbox_id: str
    recorder: Written
    """Writes it, or wrote it last."""
    spool: Spool | None = None
    """Takes its alerts; None for a generation that is over."""
    is_closed: bool = False
    """Whether its recording is; the ledger takes late entries all the same."""
    is_loaded: bool = False
    """Whether what its ledger knows already was read."""
    known: set[tuple[str, int]] = field(default_factory=set)
    """Kind and start of each alert that was entered."""
    resume: int = 0
    """Where a scanner begins that knows nothing."""
    facts: ScanFacts = field(default_factory=ScanFacts)

    def go_on(self, spool: Spool) -> None:
        """It is written by this spool from now on."""
        self.spool, self.is_closed = spool, False
        # Its size is asked for so often that the way to it matters.
        self.recorder = spool.recorder

    @property
    def key(self) -> str:
        """Names it to the scanner."""
        return f"{self.sandbox_id}/{self.recorder.generation}"

    @property
    def folder(self) -> Path:
        """The generation's folder."""
        return self.recorder.folder

    @property
    def size(self) -> int:
        """How much it holds."""
        return self.recorder.size

    async def load(self) -> None:
        """Learn what the ledger knows of an earlier scan."""
        if self.is_loaded:
            return
        try:
            entries = await anyio.to_thread.run_sync(_alerts_in, self.folder)
        except RecordingError as error:
            log.warning("%s: earlier alerts are not known: %s", self.sandbox_id, error)
            entries = []
        self.is_loaded = True
        for entry in entries:
            self._learn(entry)

    def _learn(self, entry: LedgerEntry) -> None:
        alert = alert_of(entry, self.folder.name)
        resume = entry.facts.get("resume", 0 if alert is None else alert.end)
        if alert is None or isinstance(resume, bool) or not isinstance(resume, int):
            # Not written by us.
            return
        # A ledger can claim more than there is.
        self.resume = max(self.resume, min(resume, self.size))
        self.take(alert)

    def take(self, alert: AlertFacts) -> bool:
        """Count an alert; whether it is new."""
        name = (alert.kind, alert.start)
        if name in self.known:
            return False
        self.known.add(name)
        if alert.severity is not Severity.NOTE:
            last = self.facts.last
            is_graver = last is None or _GRAVITY[alert.severity] <= _GRAVITY[last.severity]
            self.facts = msgspec.structs.replace(
                self.facts, alerts=self.facts.alerts + 1, last=alert if is_graver else last
            )
        return True

    async def enter(self, alert: AlertFacts, resume: int) -> None:
        """Enter an alert into the ledger, also when the recording was closed by now."""
        facts: dict[str, str | int | float | bool] = {
            "kind": alert.kind,
            "title": alert.title,
            "severity": str(alert.severity),
            "start": alert.start,
            "end": alert.end,
            "wall": alert.wall,
            "resume": resume,
        }
        if self.spool is not None and not self.is_closed:
            self.spool.enter(ALERT, now(), **facts)
            return
        try:
            await anyio.to_thread.run_sync(_enter_late, self.folder, self.size, facts)
        except RecordingError as error:
            log.error("%s: an alert is not in the ledger: %s", self.sandbox_id, error)


def _enter_late(folder: Path, size: int, facts: dict[str, str | int | float | bool]) -> None:
    enter_late(folder, ALERT, now(), size, **facts)


def _alerts_in(folder: Path) -> list[LedgerEntry]:
    """The alerts that a generation's ledger knows.

    Raises:
        RecordingError: the ledger may not be read.
    """
    ledger = Ledger(folder)
    found: list[LedgerEntry] = []
    try:
        while entries := ledger.read_new():
            found += [entry for entry in entries if entry.kind == ALERT]
    finally:
        ledger.close()
    return found
