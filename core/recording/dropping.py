"""Drops a segment or a whole generation, and says so in the ledger first.

Told before it is gone: whoever reads the ledger may find bytes that it calls dropped,
if a crash came in between, and never miss bytes without a word.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.clock import Instant
from core.errors import RecordingError
from core.recording import meta as meta_file
from core.recording.appender import Appender
from core.recording.clock import RecordingClock
from core.recording.folder import Folder
from core.recording.gaps import GAP, Cause, Gap
from core.recording.holding import held
from core.recording.layout import (
    INDEX,
    LEDGER,
    LOG,
    META,
    TIMING,
    ZST,
    parse_generation,
    segment_log,
    segment_timing,
)
from core.recording.ledger import Ledger, cut_torn_line, format_entry
from core.recording.quota import REST, Piece
from core.recording.segments import Segment, survey
from core.recording.stock import GROWING
from core.recording.trouble import explain, is_full

Tell = Callable[[Gap, int], None]
"""Enters a gap into the ledger of a generation that is being written; with its offset."""


class Loss(NamedTuple):
    """What a piece's going means to a reader."""

    gap: Gap
    offset: int
    """Where the bytes after it begin."""


def drop(home: Path, piece: Piece, evidence: str, at: Instant, tell: Tell | None) -> bool:
    """Drop a piece and tell of it; False when that cannot be done now.

    Args:
        home: the folder of all recordings.
        piece: what goes.
        evidence: why, in words.
        at: this moment.
        tell: enters the gap, when somebody writes the generation; None when nobody does.

    Raises:
        RecordingError: something cannot be written or removed, or is none of ours.
    """
    with (
        Folder.open(home) as recordings,
        recordings.own_folder(piece.sandbox) as sandbox,
        sandbox.own_folder(piece.generation) as folder,
    ):
        if tell is not None:
            return _drop_segment(folder, piece, evidence, at, tell)
        with held(folder) as is_held:
            if not is_held:
                return False

            def append(gap: Gap, offset: int) -> None:
                append_to_ledger(folder, gap, at, offset)

            return _drop_segment(folder, piece, evidence, at, append)


def _drop_segment(folder: Folder, piece: Piece, evidence: str, at: Instant, tell: Tell) -> bool:
    segments = survey(folder)
    segment = _segment_of(segments, piece.start)
    if segment is None:
        _discard(folder, piece.start)
        return True
    loss = _loss(folder, segment, evidence, at)
    if sum(each.size > 0 for each in segments) <= 1:
        _end_life(folder)
    try:
        tell(*loss)
    except RecordingError as error:
        if not is_full(error):
            raise
        # A full disk has no room to say what goes: it goes first.
        _discard(folder, piece.start)
        tell(*loss)
    else:
        _discard(folder, piece.start)
    return True


def _segment_of(segments: tuple[Segment, ...], start: int) -> Segment | None:
    for segment in segments:
        if segment.start == start or (start == GROWING and segment.name == LOG):
            return segment if segment.size else None
    return None


def _loss(folder: Folder, segment: Segment, evidence: str, at: Instant) -> Loss:
    """When the bytes of a segment came, as well as that is known."""
    first = last = None
    try:
        clock = RecordingClock(folder.path)
        try:
            first, last = clock.at(segment.start), clock.at(segment.end - 1)
        finally:
            clock.close()
    except RecordingError:
        # Damaged times: what the file system says must do.
        pass
    found = folder.stat(segment.name)
    written = found.st_mtime if found is not None else at.wall
    end = last.wall if last is not None else written
    start = first.wall if first is not None else min(end, written)
    return Loss(Gap(Cause.QUOTA, start, end, evidence, segment.size), segment.end)


def _end_life(folder: Folder) -> None:
    """Have nobody go on with a generation of which no byte is left: its offsets are used up."""
    known = meta_file.read_in(folder) if folder.has_own(META) else None
    if known is not None and known.life:
        folder.replace(META, meta_file.encode(msgspec.structs.replace(known, life="")))


def _discard(folder: Folder, start: int) -> None:
    names: tuple[str, ...] = (LOG, TIMING)
    if start != GROWING:
        log, timing = segment_log(start), segment_timing(start)
        names = (log, log + ZST, timing, timing + ZST)
    for name in names:
        folder.discard(name)
    if not any(parts.size for parts in survey(folder)):
        folder.discard(INDEX)


def remove_generation(
    home: Path, piece: Piece, following: str, evidence: str, at: Instant, tell: Tell | None
) -> bool:
    """Remove what is left of an ended generation; the one after it tells what was there.

    Args:
        home: the folder of all recordings.
        piece: the rest of the generation.
        following: the generation after it.
        evidence: why, in words.
        at: this moment.
        tell: enters the gap, when somebody writes the following one; None when nobody does.

    Returns:
        False when that cannot be done now.

    Raises:
        RecordingError: something cannot be written or removed, or is none of ours.
    """
    assert piece.start == REST
    with (
        Folder.open(home) as recordings,
        recordings.own_folder(piece.sandbox) as sandbox,
        sandbox.own_folder(piece.generation) as folder,
        sandbox.own_folder(following) as after,
        held(folder) as is_held,
        held(after) as may_append,
    ):
        if not is_held or not (may_append or tell):
            return False
        gap = _gap_of_all(folder, following, evidence)
        if tell is not None:
            tell(gap, 0)
        else:
            append_to_ledger(after, gap, at, 0)
        for name in folder.names():
            folder.discard(name)
        try:
            os.rmdir(piece.generation, dir_fd=sandbox.fd)
        except OSError as error:
            raise explain(folder.path, error) from error
    return True


def _gap_of_all(folder: Folder, following: str, evidence: str) -> Gap:
    """One gap for a generation of which nothing is left, and for those that went before it."""
    name, after = parse_generation(folder.path.name), parse_generation(following)
    start = name.started_wall if name is not None else 0.0
    end = after.started_wall if after is not None else start
    lost = sum(segment.size for segment in survey(folder))
    ledger = Ledger(folder.path)
    try:
        while entries := ledger.read_new():
            for gap in map(Gap.of, entries):
                if gap is not None and gap.cause is Cause.QUOTA:
                    start = min(start, gap.start)
                    lost += gap.lost_bytes or 0
    finally:
        ledger.close()
    words = f"{evidence}; generation {folder.path.name[:6]} and those before it were removed"
    return Gap(Cause.QUOTA, start, end, words, lost)


def append_to_ledger(folder: Folder, gap: Gap, at: Instant, offset: int) -> None:
    """Enter a gap into the ledger of a generation that is held and that nobody else writes.

    Raises:
        RecordingError: it cannot be written, or is none of ours.
    """
    fd = folder.reopen(LEDGER)
    try:
        cut_torn_line(folder, fd)
        ledger = Appender(fd)
    except RecordingError:
        os.close(fd)
        raise
    try:
        ledger.put(format_entry(GAP, at, offset, gap.facts()))
    except OSError as error:
        raise explain(folder.path / LEDGER, error) from error
    finally:
        ledger.close()
