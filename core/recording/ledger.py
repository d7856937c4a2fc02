"""The ledger: what happened to a console besides its bytes, one JSON object a line.

    {"time": "2026-11-23T20:41:12.123456Z", "epoch": 1795466472.123456,
     "offset": 4711, "kind": "attached", "facts": {"pid": 812}}

ASCII only, so that no name or error text from outside can forge a line or reach a
terminal as a control code. `offset` is the generation's size at that moment: the
entry belongs between the byte before and the byte at it. Lines are in the order in
which they were entered; only the gap that a quota leaves belongs further back, where
the bytes begin that are still there.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.clock import Instant
from core.recording.folder import Folder
from core.recording.layout import LEDGER, MAX_OFFSET, utc
from core.recording.ledger_lines import MAX_LINE_BYTES, READ_BYTES, LedgerLines
from core.recording.trouble import explain

Fact = str | int | float | bool

MAX_FACTS = 32
_TEXT_LENGTHS = (4096, 256, 16)
"""How much of each text is kept: the first length with which the line is short enough."""

_MAX_INT = 2**63 - 1
MAX_WALL = _MAX_INT
"""A later moment is none."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One thing that happened."""

    wall: float
    """Seconds since the epoch, UTC."""
    offset: int
    kind: str
    """attached, detached, gap, ended, failed, repaired and others; hostile when the
    recording came from elsewhere, as every text in `facts` always is."""
    facts: Mapping[str, Fact]


def format_entry(kind: str, at: Instant, offset: int, facts: Mapping[str, Fact]) -> bytes:
    """An entry's line. Texts and numbers that are out of all proportion are cut."""
    line = b""
    for length in _TEXT_LENGTHS:
        line = _encode(kind, at, offset, facts, length)
        if len(line) <= MAX_LINE_BYTES:
            break
    return line


def _encode(kind: str, at: Instant, offset: int, facts: Mapping[str, Fact], length: int) -> bytes:
    some = list(facts.items())[:MAX_FACTS]
    moment = utc(at.wall)
    entry = {
        "time": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "epoch": round(moment.timestamp(), 6),
        "offset": offset,
        "kind": _bounded(kind, length),
        "facts": {str(_bounded(name, length)): _bounded(fact, length) for name, fact in some},
    }
    return json.dumps(entry, ensure_ascii=True, separators=(", ", ": ")).encode("ascii") + b"\n"


def _bounded(value: Fact, length: int) -> Fact:
    """`value`, if JSON has a word for it and it is not too long."""
    if isinstance(value, str):
        return value if len(value) <= length else value[: length - 1] + "…"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _MAX_INT:
        return _MAX_INT if value > 0 else -_MAX_INT
    return value


def enter_late(folder: Path, kind: str, at: Instant, offset: int, /, **facts: Fact) -> None:
    """Enter something into the ledger of a generation that was closed already.

    One write of a whole line at the end of the file: a recorder that goes on with the
    generation meanwhile is not disturbed. What a crash left of a line is ended first, or
    this one would be a part of it.

    Args:
        folder: the generation's.
        kind: what happened.
        at: when.
        offset: the generation's size.
        facts: what else is known of it.

    Raises:
        RecordingError: it could not be written.
    """
    line = format_entry(kind, at, offset, facts)
    with Folder.open(folder) as opened:
        fd = opened.reopen(LEDGER)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            if os.write(fd, line) < len(line):
                # A whole write would have failed with nothing else.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise explain(folder / LEDGER, error) from error
        finally:
            os.close(fd)


def parse_entry(line: bytes) -> LedgerEntry | None:
    """The entry of one line; None when it is none. Never raises."""
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    wall, offset, kind, facts = (raw.get(key) for key in ("epoch", "offset", "kind", "facts"))
    if isinstance(wall, bool) or not isinstance(wall, int | float):
        return None
    if not 0 <= wall <= MAX_WALL:
        return None
    if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset <= MAX_OFFSET:
        return None
    if not isinstance(kind, str):
        return None
    some = list(facts.items())[:MAX_FACTS] if isinstance(facts, dict) else []
    kept = {name: fact for name, fact in some if isinstance(fact, str | int | float)}
    return LedgerEntry(float(wall), offset, kind, kept)


def last_entry_wall(folder: Folder, counts: Callable[[LedgerEntry], bool]) -> float:
    """When the last entry that `counts` was made in an open folder's ledger; 0 for none.

    Looked for in the ledger's last megabyte.

    Raises:
        RecordingError: the ledger may not be read.
    """
    fd = folder.open_read(LEDGER)
    if fd is None:
        return 0.0
    try:
        size = os.fstat(fd).st_size
        start = max(0, size - READ_BYTES)
        lines = os.pread(fd, size - start, start).split(b"\n")
    except OSError as error:
        raise explain(folder.path / LEDGER, error) from error
    finally:
        os.close(fd)
    entries = filter(None, map(parse_entry, reversed(lines)))
    last = next(filter(counts, entries), None)
    return last.wall if last is not None else 0.0


class Ledger:
    """A generation's ledger, read as it grows.

    Args:
        folder: the generation's.

    Raises:
        RecordingError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self.skipped = 0
        """Lines that were no entries."""
        self._folder = Folder.open(folder)
        self._lines = LedgerLines()

    def read_new(self) -> list[LedgerEntry]:
        """The next entries, at most a megabyte of them; empty when there are no more for now.

        A line that is still being written waits for its end.

        Raises:
            RecordingError: the ledger may not be read.
        """
        lines = self._lines.read_new(self._folder)
        return [entry for line in lines if (entry := self._parse(line.text)) is not None]

    def read_all(self) -> Iterator[LedgerEntry]:
        """All entries that are there and were not read yet, one by one.

        Raises:
            RecordingError: the ledger may not be read.
        """
        before = -1
        while self._lines.position != before:
            before = self._lines.position
            yield from self.read_new()

    def _parse(self, line: bytes) -> LedgerEntry | None:
        entry = parse_entry(line)
        if entry is None:
            self.skipped += 1
        return entry

    def close(self) -> None:
        """Let go of the folder. Harmless when repeated."""
        self._folder.close()


def cut_torn_line(folder: Folder, fd: int) -> None:
    """Cut an open ledger back to its last whole line.

    Raises:
        RecordingError: it cannot be read or cut.
    """
    try:
        size = os.fstat(fd).st_size
        start = max(0, size - MAX_LINE_BYTES)
        tail = os.pread(fd, size - start, start)
        end = tail.rfind(b"\n") + 1
        if end == len(tail):
            return
        if end or start == 0:
            os.ftruncate(fd, start + end)
        else:
            # No entry is that long. Readers skip it, and nothing is thrown away.
            os.write(fd, b"\n")
    except OSError as error:
        raise explain(folder.path / LEDGER, error) from error
