"""What all recordings take on disk, looked up again without looking at everything again.

A generation that nobody writes is looked at anew only when its folder changed; of one
that is written only the files that grow are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from core.recording.layout import (
    INDEX,
    LEDGER,
    LOG,
    MAX_OFFSET,
    TIMING,
    ZST,
    parse_generation,
    parse_segment_log,
)
from core.recording.quota import REST, Piece
from core.recording.trouble import explain

GROWING = MAX_OFFSET
"""Stands for the start of the segment that grows or grew: its name does not say."""

_GROW = (LOG, TIMING, INDEX, LEDGER)
_SETTLED_NS = 2_000_000_000
"""A folder that changed just now may change again within the same tick of its clock."""


class Generation(NamedTuple):
    """One generation on disk."""

    pieces: tuple[Piece, ...]
    plain_bytes: int
    """How much of its logs and times is not compressed."""
    written: float
    """When its log was last written: seconds since the epoch."""
    changed_ns: int
    """When a file came or went."""


class _Known(NamedTuple):
    generation: Generation
    is_written: bool
    fixed: tuple[Piece, ...]
    fixed_rest: int


class Stock:
    """Everything below the folder of all recordings.

    Args:
        home: that folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.generations: dict[Path, Generation] = {}
        """As they were at the last `look`, oldest first in each sandbox."""
        self._known: dict[Path, _Known] = {}

    @property
    def pieces(self) -> list[Piece]:
        """All that takes room."""
        return [piece for found in self.generations.values() for piece in found.pieces]

    def forget(self, folder: Path) -> None:
        """Look at this generation anew the next time."""
        self._known.pop(folder, None)

    def look(self, written: Container[Path]) -> dict[str, int]:
        """Look what is there now; returns what each sandbox takes.

        Args:
            written: the folders of the generations that are being written.

        Raises:
            RecordingError: the folder of all recordings may not be read.
        """
        found: dict[Path, Generation] = {}
        known: dict[Path, _Known] = {}
        usage: dict[str, int] = {}
        for sandbox in _folders(self.home):
            for name in sorted(_folders(self.home / sandbox)):
                folder = self.home / sandbox / name
                if parse_generation(name) is None:
                    continue
                try:
                    entry = self._generation(sandbox, folder, is_written=folder in written)
                except OSError:
                    # Gone meanwhile, or not to be read: nothing of ours to tidy up.
                    continue
                known[folder] = entry
                found[folder] = entry.generation
                size = sum(piece.size for piece in entry.generation.pieces)
                usage[sandbox] = usage.get(sandbox, 0) + size
        self.generations, self._known = found, known
        return usage

    def _generation(self, sandbox: str, folder: Path, *, is_written: bool) -> _Known:
        changed_ns = folder.stat(follow_symlinks=False).st_mtime_ns
        known = self._known.get(folder)
        is_settled = time.time_ns() - changed_ns > _SETTLED_NS
        if (
            known is None
            or not is_settled
            or known.generation.changed_ns != changed_ns
            or known.is_written != is_written
        ):
            return _scan(sandbox, folder, changed_ns, is_written=is_written)
        return _grown(sandbox, folder, known) if is_written else known


def _folders(parent: Path) -> list[str]:
    try:
        with os.scandir(parent) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise explain(parent, error) from error


def _scan(sandbox: str, folder: Path, changed_ns: int, *, is_written: bool) -> _Known:
    """Look at every file of a generation."""
    sizes: dict[int, int] = {}
    times: dict[int, float] = {}
    plain = rest = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            start = _start_of(entry.name)
            if start is None:
                if entry.name not in _GROW:
                    rest += found.st_size
                continue
            sizes[start] = sizes.get(start, 0) + found.st_size
            times[start] = max(times.get(start, 0.0), found.st_mtime)
            plain += 0 if entry.name.endswith(ZST) else found.st_size
    name = folder.name
    fixed = tuple(Piece(sandbox, name, s, sizes[s], times[s]) for s in sorted(sizes))
    written = max(times.values(), default=0.0)
    bare = Generation((), plain, written, changed_ns)
    return _grown(sandbox, folder, _Known(bare, is_written, fixed, rest))


def _grown(sandbox: str, folder: Path, known: _Known) -> _Known:
    """The same generation, with the files that grow as large as they are now."""
    log, timing, index, ledger = (_stat(folder, name) for name in _GROW)
    size = log.st_size + timing.st_size if log and timing else 0
    beside = sum(found.st_size for found in (index, ledger) if found)
    written = max(known.generation.written, log.st_mtime if log and log.st_size else 0.0)
    pieces = list(known.fixed)
    if size:
        pieces.append(
            Piece(sandbox, folder.name, GROWING, size, written, is_needed=known.is_written)
        )
    rest = known.fixed_rest + beside
    pieces.append(Piece(sandbox, folder.name, REST, rest, written, is_needed=known.is_written))
    plain = sum(p.size for p in known.fixed) if known.is_written else known.generation.plain_bytes
    generation = Generation(tuple(pieces), plain, written, known.generation.changed_ns)
    return known._replace(generation=generation)


def _stat(folder: Path, name: str) -> os.stat_result | None:
    try:
        return folder.joinpath(name).stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _start_of(name: str) -> int | None:
    """The segment that a full segment's log or timing belongs to; None for other names."""
    return parse_segment_log(name.replace(".timing", ".log"))
