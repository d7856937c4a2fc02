"""Marks that people leave in a recording: a place in the output, and a note on it.

    {"kind": "mark", "offset": 9000, "facts": {"start": 4711, "note": "here it begins"}, …}
    {"kind": "unmark", "offset": 9000, "facts": {"mark": 123}, …}

`start` is where the marked row begins, so that a mark stays on its text. A ledger only
grows: a mark is taken away by an entry of its own, which names the place in the ledger
where the mark's line begins.
"""

from __future__ import annotations

from pathlib import Path

from core.clock import Instant
from core.errors import RecordingError
from core.recording.folder import Folder
from core.recording.ledger import enter_late, parse_entry
from core.recording.ledger_lines import read_lines
from core.recording.reader import GenerationReader

MARK = "mark"
"""The kind of a mark's entry."""

UNMARK = "unmark"
"""The kind of the entry that takes a mark away."""

MAX_NOTE_CHARS = 256


def enter_mark(folder: Path, offset: int, note: str, at: Instant) -> None:
    """Mark the row at `offset` of a generation, whether somebody records it or not. Blocks.

    Args:
        folder: the generation's.
        offset: where the row begins.
        note: what to say there; may be empty, and is cut to `MAX_NOTE_CHARS`.
        at: when it is marked.

    Raises:
        RecordingError: there is no such byte (any more), or the ledger cannot be written.
    """
    start, end = _extent(folder)
    if not start <= offset <= end:
        what = "was dropped by now" if 0 <= offset < start else "is not there"
        raise RecordingError(
            f"{folder}: what is to be marked {what}", hint="Mark a line that is still shown."
        )
    enter_late(folder, MARK, at, end, start=offset, note=note[:MAX_NOTE_CHARS])


def remove_mark(folder: Path, mark: int, at: Instant) -> None:
    """Take a mark away. Blocks.

    Args:
        folder: the generation's.
        mark: where the mark's line begins in the ledger: its event's `place`.
        at: when it is taken away.

    Raises:
        RecordingError: there is no such mark, or the ledger cannot be written.
    """
    with Folder.open(folder) as opened:
        (line,) = read_lines(opened, [mark]) if mark >= 0 else (b"",)
    entry = parse_entry(line)
    if entry is None or entry.kind != MARK:
        raise RecordingError(f"{folder}: there is no such mark", hint="Look for it anew.")
    enter_late(folder, UNMARK, at, _extent(folder)[1], mark=mark)


def _extent(folder: Path) -> tuple[int, int]:
    reader = GenerationReader(folder)
    try:
        return reader.start, reader.end
    finally:
        reader.close()
