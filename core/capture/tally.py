"""What one capture has come to, for the line that it ends with."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import RecordingError
from core.recording import Gap, History, Ledger
from core.recording.layout import LEDGER


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of one capture."""

    sandboxes: int = 0
    bytes: int = 0
    """How much all consoles gave."""
    gaps: int = 0
    """How many gaps were entered into the ledgers."""


def tally_of(recordings: Path, received: dict[str, int], since: float) -> Tally:
    """The sums of a capture that began at `since` and is over; reads its ledgers.

    Args:
        recordings: the folder of all sandboxes.
        received: bytes by sandbox id.
        since: seconds since the epoch.
    """
    gaps = sum(_gaps_since(recordings / sandbox_id, since) for sandbox_id in received)
    return Tally(len(received), sum(received.values()), gaps)


def _gaps_since(folder: Path, since: float) -> int:
    found = 0
    # A folder that cannot be read is told of when it is written.
    with contextlib.suppress(RecordingError):
        for generation in History(folder).generations:
            if _was_written_since(generation.folder / LEDGER, since):
                found += count_gaps(generation.folder, since)
    return found


def _was_written_since(ledger: Path, since: float) -> bool:
    with contextlib.suppress(OSError):
        # The kernel dates files a few milliseconds behind the clock.
        return ledger.lstat().st_mtime >= since - 1
    return False


def count_gaps(generation: Path, since: float = 0.0) -> int:
    """How many gaps a generation's ledger tells of, entered since a moment.

    Raises:
        RecordingError: the ledger may not be read.
    """
    ledger = Ledger(generation)
    found = 0
    try:
        while entries := ledger.read_new():
            found += sum(e.wall >= since and Gap.of(e) is not None for e in entries)
    finally:
        ledger.close()
    return found
