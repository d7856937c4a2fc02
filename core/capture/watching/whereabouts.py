"""Where in its source a recording ends, when that source keeps what it gave, as a log does.

The ledger says it: `attached` and `rotated` carry the source and the position of the next
byte. What was recorded since moves the position on, and so does what a full disk did not
take: it was read all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from core.recording import Cause, Gap, GenerationReader, Ledger, RecordingError, read_meta
from core.recording.history import generations_in

TAIL_BYTES = 64
"""So many of the last recorded bytes tell a log that was cut, and has grown again."""

_ATTACHED = frozenset({"attached", "rotated"})


class Whereabouts(NamedTuple):
    """Where reading goes on."""

    source: str
    position: int
    tail: bytes = b""
    """What stands before it in the source, as far as that is known."""


class Before(NamedTuple):
    """The newest generation, as one that begins finds it."""

    life: str = ""
    """Empty when there is none, or nothing that can be read says which."""
    whereabouts: Whereabouts | None = None
    """None when its source was read to its end, or does not keep what it gave."""


def look_back(home: Path, sandbox_id: str) -> Before:
    """What a sandbox's newest generation tells of its source. Blocks.

    Raises:
        RecordingError: it may not be read.
    """
    generations = generations_in(home / sandbox_id)
    if not generations:
        return Before()
    folder = generations[-1].folder
    try:
        life = read_meta(folder).life
    except RecordingError:
        return Before()
    return Before(life, _whereabouts(folder)) if life else Before()


def _whereabouts(folder: Path) -> Whereabouts | None:
    known: Whereabouts | None = None
    offset = 0
    ledger, reader = Ledger(folder), GenerationReader(folder)
    try:
        for entry in ledger.read_all():
            source, position = entry.facts.get("source"), entry.facts.get("position")
            gap = Gap.of(entry)
            if entry.kind in _ATTACHED and isinstance(source, str) and isinstance(position, int):
                known, offset = Whereabouts(source, position), entry.offset
            elif entry.kind == "ended":
                known = None
            elif known is not None and gap is not None and gap.cause is Cause.DISK:
                position = known.position + entry.offset - offset + (gap.lost_bytes or 0)
                known, offset = Whereabouts(known.source, position), entry.offset
        if known is None or reader.end < offset:
            return None
        start = max(offset, reader.end - TAIL_BYTES)
        tail = reader.read(start, reader.end - start)
        return Whereabouts(known.source, known.position + reader.end - offset, tail)
    finally:
        ledger.close()
        reader.close()
