"""Generations as what a player shows, one piece a moment, on one line of time.

What is played acts on somebody's terminal, perhaps years later and elsewhere. So a
guest's lines are made safe first: text and colours, each line when its end came. Only
who asks for it gets every byte, cursor movements and all, at the moment it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.recording.export.notice import Notice
from core.recording.export.shown import coloured, shown
from core.recording.export.source import Block, Source


class Played(NamedTuple):
    """Bytes that are shown at one moment, or a notice."""

    at_us: int
    """Since the first of the generations began; never less than the piece before."""
    data: bytes
    notice: Notice | None = None


def playback(sources: Iterable[Source], *, raw: bool = False) -> Iterator[Played]:
    """All pieces of some generations, oldest first.

    Args:
        sources: oldest first.
        raw: every byte, at its moment.

    Raises:
        RecordingError: the disk does not give it.
    """
    at_us = 0
    began: float | None = None
    is_ended = True
    for source in sources:
        started = source.generation.started_wall
        began = started if began is None else began
        at_us = base_us = max(at_us, round((started - began) * 1e6))
        if not (raw or is_ended):
            # The generation before ended in a prompt.
            yield Played(at_us, b"\r\n")
        for part in source.pieces() if raw else source.parts():
            if isinstance(part, Notice):
                yield Played(at_us, b"", part)
                continue
            for elapsed_us, data in _moments(source, part) if raw else _lines(source, part):
                if elapsed_us is not None:
                    at_us = max(at_us, base_us + elapsed_us)
                is_ended = data.endswith(b"\n")
                yield Played(at_us, data)


def _moments(source: Source, block: Block) -> Iterator[tuple[int | None, bytes]]:
    """A block cut where the moment changes; None for bytes without one."""
    at = block.start
    while at < block.end:
        dated = source.dated(at)
        end = min(source.undated_until(at) if dated is None else dated.end, block.end)
        data = block.data[at - block.start : end - block.start]
        yield None if dated is None else dated.elapsed_us, data
        at = end


def _lines(source: Source, block: Block) -> Iterator[tuple[int | None, bytes]]:
    """The lines of a block made safe, those together whose ends came at one moment."""
    at, size = 0, len(block.data)
    while at < size:
        end = block.data.find(b"\n", at) + 1 or size
        dated = source.dated(block.start + end - 1)
        if dated is not None:
            end = max(end, block.data.rfind(b"\n", at, dated.end - block.start) + 1)
        data = shown(block.data[at:end], coloured).replace(b"\n", b"\r\n")
        yield None if dated is None else dated.elapsed_us, data
        at = end
