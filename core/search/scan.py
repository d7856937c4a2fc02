"""Finds the matching rows of a stretch of a generation, whatever the rows are made of."""

from __future__ import annotations

from core.console import MAX_ROW_BYTES, Source
from core.console.rows import forced_breaks
from core.search.sifting import RowFinder


def found_between(source: Source, begin: int, end: int, matcher: RowFinder) -> list[int] | None:
    """The starts of the rows that match, in order; None when their bytes went away meanwhile.

    Args:
        source: the generation's bytes.
        begin: a row's start.
        end: another one, or the source's end.
        matcher: what is looked for.
    """
    data = source.read(begin, end - begin)
    if len(data) < end - begin:
        return None
    if not _may_be_forced(source, data, begin):
        return [begin + at for at in matcher.rows(data)]
    found: list[int] = []
    at = begin
    for stop in (*forced_breaks(source, begin, end), end):
        found += [at + each for each in matcher.rows(data[at - begin : stop - begin])]
        at = stop
    return found


def _may_be_forced(source: Source, data: bytes, begin: int) -> bool:
    """Whether there may be a break that no newline made."""
    if 0 < begin <= source.start:
        return True
    size = len(data)
    # Of a block that is cut here or there, only the part that is here is looked at.
    at = -(begin % MAX_ROW_BYTES)
    while at < size:
        if data.find(b"\n", max(0, at), at + MAX_ROW_BYTES) < 0:
            return True
        at += MAX_ROW_BYTES
    return False
