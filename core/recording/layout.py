"""What lies where in a recording: file and folder names, and the numbers of the format.

    <recordings>/<sandbox id>/<sequence>-<UTC>/     one generation
        console.000000000000000.log  .timing        segments that are full
        console.000000000000000.log.zst  .timing.zst    the same, compressed
        console.log  console.timing                 the segment that grows
        console.index  events.jsonl  meta.json

Offsets count a generation's bytes from its start, over all its segments.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LOG = "console.log"
TIMING = "console.timing"
INDEX = "console.index"
LEDGER = "events.jsonl"
META = "meta.json"

ZST = ".zst"
"""Ends the name of a full segment's log or timing that was compressed."""

SEGMENT_BYTES = 32 * 1024 * 1024
"""From this size on a log and its timing are renamed and new ones begin."""

MERGE_S = 0.004
"""Reads this close together share a timing record: no eye tells them apart."""

GATHER_S = 0.25
"""Timing records that are this close together are written together: one write for three
lines of a console that prints ten a second."""

INDEX_BYTES = 256 * 1024
INDEX_US = 10_000_000
"""An index entry is due after this many bytes or microseconds, whichever comes first."""

OFFSET_DIGITS = 15
MAX_OFFSET = 10**OFFSET_DIGITS - 1
"""A petabyte. A recording that claims more is not believed."""

MAX_SEQUENCE = 999_999

_SEGMENT = re.compile(r"console\.([0-9]{15})\.log(?:\.zst)?")
_GENERATION = re.compile(
    r"([0-9]{6})-([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})\.([0-9]{3})Z"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_WALL_S = 253_402_300_799.0
"""9999-12-31T23:59:59Z, where four digits for the year end."""


class GenerationName(NamedTuple):
    """What a generation's folder name says."""

    sequence: int
    """Generations of a sandbox count from 1."""
    started_wall: float
    """Seconds since the epoch, UTC, to the millisecond."""


def segment_log(start: int) -> str:
    """The name of a full segment's log, which begins at byte `start`."""
    return f"console.{start:015d}.log"


def segment_timing(start: int) -> str:
    """The name of a full segment's timing file."""
    return f"console.{start:015d}.timing"


def parse_segment_log(name: str) -> int | None:
    """The first offset of the full segment whose log has this name, compressed or not.

    None for other names.
    """
    found = _SEGMENT.fullmatch(name)
    return int(found[1]) if found else None


def generation_folder(sequence: int, wall: float) -> str:
    """The folder name of a generation that began at `wall` (seconds since the epoch)."""
    moment = utc(wall)
    return f"{sequence:06d}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"


def parse_generation(name: str) -> GenerationName | None:
    """What a generation's folder name says; None for other names."""
    found = _GENERATION.fullmatch(name)
    if found is None:
        return None
    sequence, year, month, day, hour, minute, second, ms = map(int, found.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, ms * 1000, tzinfo=UTC)
    except ValueError:
        return None
    return GenerationName(sequence, (moment - _EPOCH) / timedelta(seconds=1))


def utc(wall: float) -> datetime:
    """`wall` (seconds since the epoch) as a date; what no calendar holds is brought inside."""
    # `not >=` is also true for NaN, which a hostile recording may hold.
    bounded = 0.0 if not wall >= 0.0 else min(wall, _LAST_WALL_S)
    return _EPOCH + timedelta(microseconds=round(bounded * 1_000_000))
