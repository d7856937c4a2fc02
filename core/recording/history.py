"""A sandbox's generations on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.recording.clock import RecordingClock
from core.recording.folder import Folder
from core.recording.gaps import Cause, Gap
from core.recording.layout import LOG, parse_generation
from core.recording.ledger import LedgerEntry, last_entry_wall
from core.recording.reader import GenerationReader
from core.recording.trouble import explain

_WATCHED = frozenset({"attached", "rotated", "detached", "ended", "failed"})
"""Entries of a console that is watched, made when it happened."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One life of a sandbox's console."""

    sequence: int
    """Counts from 1; never given twice."""
    name: str
    """The folder's name."""
    folder: Path
    started_wall: float
    """Seconds since the epoch, UTC, to the millisecond."""


class History:
    """The generations below a sandbox's folder, oldest first.

    Holds no descriptor. A folder that is not there yet has none.

    Args:
        folder: the sandbox's, `<recordings>/<id>`.

    Raises:
        RecordingError: the folder may not be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generations: tuple[Generation, ...] = ()
        self.refresh()

    def refresh(self) -> bool:
        """Look again; returns whether a generation appeared or went away.

        Raises:
            RecordingError: the folder may not be read.
        """
        found = generations_in(self.folder)
        if found == self.generations:
            return False
        self.generations = found
        return True


def generations_in(folder: Path) -> tuple[Generation, ...]:
    """The generations in a sandbox's folder, oldest first; links are none.

    Raises:
        RecordingError: the folder may not be read.
    """
    found: dict[int, Generation] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = parse_generation(entry.name)
                if name is None or not entry.is_dir(follow_symlinks=False):
                    continue
                generation = Generation(
                    name.sequence, entry.name, folder / entry.name, name.started_wall
                )
                # A copied folder may hold a number twice; positions need it to be one.
                other = found.get(name.sequence)
                if other is None or generation.name < other.name:
                    found[name.sequence] = generation
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise explain(folder, error) from error
    return tuple(found[sequence] for sequence in sorted(found))


def last_heard(home: Path, sandbox_id: str) -> float:
    """Until when a sandbox's recordings tell of its guest: since the epoch, 0 when there are none.

    That is when the newest generation's last byte came, or what its ledger or the
    sandbox's own tells of its console last, whichever is later. What is entered into the
    ledger of a generation that has ended, an alert or that something was dropped, is none
    of that, and the times of a compressed log's files are not its bytes'.

    Raises:
        RecordingError: the folder may not be read.
    """
    moments = [0.0]
    sandbox = home / sandbox_id
    generations = generations_in(sandbox)
    folders = [generation.folder for generation in generations[-1:]]
    if sandbox.is_dir():
        folders.append(sandbox)
    for path in folders:
        with Folder.open(path) as folder:
            moments.append(last_entry_wall(folder, _is_of_console))
            log = folder.stat_file(LOG)
            if log is not None and log.st_size:
                moments.append(log.st_mtime)
    moments += [_last_byte_wall(generation.folder) for generation in generations[-1:]]
    return max(moments)


def _is_of_console(entry: LedgerEntry) -> bool:
    gap = Gap.of(entry)
    return gap.cause is not Cause.QUOTA if gap is not None else entry.kind in _WATCHED


def _last_byte_wall(folder: Path) -> float:
    """When the last byte came of which a record tells; 0 when there is none."""
    reader, clock = GenerationReader(folder), RecordingClock(folder)
    try:
        at = clock.at(reader.end - 1) if reader.end else None
        return at.wall if at is not None else 0.0
    finally:
        reader.close()
        clock.close()
