"""What a search must find, found the slow way: every row rendered and looked at."""

from __future__ import annotations

from pathlib import Path

from core.console import Position, Source, render_line, rows_forward
from core.recording import GenerationReader, History
from core.search import Query


def rows_showing(source: Source, query: Query) -> list[int]:
    """The starts of the rows that match."""
    rows = rows_forward(source, source.start, 1_000_000)
    return [row.start for row in rows if query.matches(render_line(row.data, raw=True).text)]


def positions_showing(folder: Path, query: Query) -> list[Position]:
    """The same over all generations of a sandbox."""
    found: list[Position] = []
    for generation in History(folder).generations:
        reader = GenerationReader(generation.folder)
        found += [Position(generation.sequence, at) for at in rows_showing(reader, query)]
        reader.close()
    return found
