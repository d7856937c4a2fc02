"""A typescript and its timing: what `scriptreplay -t TIMING TYPESCRIPT` plays.

The timing is in the two columns that every version of scriptreplay reads: seconds since
the piece before, and bytes. The first line of a typescript is not played.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.amounts import iso
from core.recording.export.playback import playback
from core.recording.export.source import Source


class Typed(NamedTuple):
    """What is appended to each of the two files."""

    log: bytes
    timing: bytes


def typescript(sources: Iterable[Source], *, started: float, raw: bool = False) -> Iterator[Typed]:
    """Some generations as one typescript, in pieces.

    Args:
        sources: oldest first.
        started: when the first one began: seconds since the epoch, UTC.
        raw: every byte, at its moment; escape sequences act on the player's terminal.

    Raises:
        RecordingError: the disk does not give it.
    """
    yield Typed(b"Script started on %s\n" % iso(started).encode("ascii"), b"")
    before_us = 0
    for played in playback(sources, raw=raw):
        if not played.data:
            continue
        seconds = divmod(played.at_us - before_us, 1_000_000)
        yield Typed(played.data, b"%d.%06d %d\n" % (*seconds, len(played.data)))
        before_us = played.at_us
