"""Reads a sandbox's account off its files alone, also while capture writes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.errors import RecordingError
from core.recording.account import Account
from core.recording.clock import RecordingClock
from core.recording.history import Generation, History
from core.recording.ledger import Ledger, LedgerEntry
from core.recording.reader import GenerationReader
from core.recording.reckoning import Chapter, Reckoning

_DATE_TRIES = 16
"""Each try follows the timing another 4 MiB where the index does not help."""


def read_account(folder: Path, *, generation: Generation | None = None) -> Account:
    """The account of the sandbox whose recordings are in `folder`.

    What cannot be read is among its `troubles`; all else is accounted for.

    Args:
        folder: the sandbox's, `<recordings>/<id>`.
        generation: of this one alone; the sandbox's own ledger is left out then.

    Raises:
        RecordingError: the folder may not be read.
    """
    generations = History(folder).generations if generation is None else (generation,)
    with _Life(generations) as life:
        outside = life.entries(folder) if generation is None else iter(())
        reckoning = Reckoning(life.chapters(), outside)
        return life.account(reckoning)


class _Life(contextlib.ExitStack):
    """The files of some generations, and what was met with in reading them."""

    def __init__(self, generations: Sequence[Generation]) -> None:
        super().__init__()
        self._generations = generations
        self._ledgers: list[Ledger] = []
        self._troubles: list[str] = []
        self._captured = 0
        self._on_disk = 0

    def chapters(self) -> Iterator[Chapter]:
        """Each generation, opened when its turn comes."""
        for generation in self._generations:
            with contextlib.ExitStack() as files:
                size = self._measure(generation.folder)
                yield Chapter(
                    generation.sequence,
                    generation.started_wall,
                    size,
                    self.entries(generation.folder),
                    self._dating(generation.folder, files),
                )

    def entries(self, folder: Path) -> Iterator[LedgerEntry]:
        """A ledger's entries, as far as they can be read."""
        try:
            ledger = Ledger(folder)
        except RecordingError as error:
            self._troubles.append(str(error))
            return
        self._ledgers.append(ledger)
        try:
            yield from ledger.read_all()
        except RecordingError as error:
            self._troubles.append(str(error))
        finally:
            ledger.close()

    def _measure(self, folder: Path) -> int:
        try:
            reader = GenerationReader(folder)
        except RecordingError as error:
            self._troubles.append(str(error))
            return 0
        size = reader.end
        self._captured += size
        self._on_disk += size - reader.start
        reader.close()
        return size

    def _dating(self, folder: Path, files: contextlib.ExitStack) -> Callable[[int], float | None]:
        """Dates bytes; what it needs is opened when it is first asked."""
        clock: RecordingClock | None = None

        def dated(offset: int) -> float | None:
            nonlocal clock
            try:
                if clock is None:
                    clock = RecordingClock(folder)
                    files.callback(clock.close)
                for _ in range(_DATE_TRIES):
                    if (at := clock.at(offset)) is not None:
                        return at.wall
            except RecordingError as error:
                self._troubles.append(str(error))
            return None

        return dated

    def account(self, reckoning: Reckoning) -> Account:
        """All of it."""
        names = {generation.name for generation in self._generations}
        gone = sum(
            gap.lost_bytes or 0
            for gap, entry in reckoning.dropped_outside
            if entry.facts.get("generation") not in names
        )
        return Account(
            stretches=tuple(reckoning.stretches),
            dropped=tuple(reckoning.dropped),
            generations=len(self._generations),
            captured_bytes=self._captured + gone,
            disk_bytes=self._on_disk,
            alerts=reckoning.alerts,
            repairs=reckoning.repairs,
            skipped_lines=sum(ledger.skipped for ledger in self._ledgers),
            is_attached=reckoning.is_heard,
            troubles=tuple(dict.fromkeys(self._troubles)),
        )
