"""Plain text: the guest's lines as the dashboard shows them, without colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.recording.export.notice import Notice
from core.recording.export.shown import plain, shown
from core.recording.export.source import Block, Source, lines_of
from core.recording.layout import utc

_UNDATED = b" " * len("2026-11-24T15:30:03.123Z  ")


def text(sources: Iterable[Source], *, times: bool = False) -> Iterator[bytes]:
    """The text of some generations, in pieces.

    Args:
        sources: oldest first.
        times: begin each line with the moment of its first byte, in UTC.

    Raises:
        RecordingError: the disk does not give it.
    """
    is_ended = True
    for source in sources:
        for part in source.parts():
            if isinstance(part, Notice):
                yield _notice(part, is_ended=is_ended, times=times)
                is_ended = True
                continue
            yield _dated(source, part, is_ended) if times else shown(part.data, plain)
            is_ended = part.data.endswith(b"\n")
        if not is_ended:
            yield b"\n"
            is_ended = True


def raw(sources: Iterable[Source]) -> Iterator[bytes]:
    """Every byte of some generations, as it came.

    Raises:
        RecordingError: the disk does not give it.
    """
    for source in sources:
        for part in source.pieces():
            if isinstance(part, Block):
                yield part.data


def _notice(notice: Notice, *, is_ended: bool, times: bool) -> bytes:
    line = b"-- %s --\n" % notice.words.encode()
    if times:
        line = _stamp(notice.wall) + line
    return line if is_ended else b"\n" + line


def _dated(source: Source, block: Block, is_ended: bool) -> bytes:
    """A block with its times; a row that goes on with a line has none."""
    pieces: list[bytes] = []
    offset, until = block.start, 0
    stamp = _UNDATED
    for line in lines_of(block.data):
        if offset >= until:
            dated = source.dated(offset)
            stamp, until = (_UNDATED, 0) if dated is None else (_stamp(dated.wall), dated.end)
        if is_ended:
            pieces.append(stamp)
        pieces.append(shown(line, plain))
        is_ended = True
        offset += len(line)
    return b"".join(pieces)


def _stamp(wall: float) -> bytes:
    return utc(wall).isoformat(timespec="milliseconds")[:23].encode() + b"Z  "
