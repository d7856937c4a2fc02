"""JSON lines, ASCII only: one object a row of the guest's output, with its moment.

    {"time": "2026-11-24T15:30:03.123456Z", "generation": 1, "elapsed": 3.5, "offset": 4711,
     "text": "Linux version 6.1"}

`time` and `elapsed` (seconds since the generation began) are the first byte's; null when
no record says so. `continued` is true for a further piece of a long line. A gap has the
fields of a gap in place of `text`: `gap` (its cause), `seconds`, `lost_bytes`, `evidence`;
another notice has `notice`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from core.amounts import iso
from core.console.line import render_line
from core.recording.export.notice import Notice
from core.recording.export.source import Block, Source, lines_of

Field = str | int | float | bool | None


def jsonl(sources: Iterable[Source], *, raw: bool = False) -> Iterator[bytes]:
    """Some generations as JSON lines, in pieces.

    Args:
        sources: oldest first.
        raw: give the text as it came, escape sequences and all; what is no UTF-8 is U+FFFD.

    Raises:
        RecordingError: the disk does not give it.
    """
    for source in sources:
        is_ended = True
        for part in source.parts():
            if isinstance(part, Notice):
                yield _line(_notice(source, part))
            else:
                yield _block(source, part, is_ended=is_ended, raw=raw)
                is_ended = part.data.endswith(b"\n")


def _block(source: Source, block: Block, *, is_ended: bool, raw: bool) -> bytes:
    lines: list[bytes] = []
    offset, until = block.start, 0
    sequence = source.generation.sequence
    time: str | None = None
    elapsed: float | None = None
    for line in lines_of(block.data):
        if offset >= until:
            dated = source.dated(offset)
            if dated is None:
                time, elapsed, until = None, None, 0
            else:
                time, elapsed, until = iso(dated.wall), dated.elapsed_us / 1e6, dated.end
        fields: dict[str, Field] = {
            "time": time,
            "generation": sequence,
            "elapsed": elapsed,
            "offset": offset,
        }
        if not is_ended:
            fields["continued"] = is_ended = True
        bare = line.removesuffix(b"\n")
        fields["text"] = (
            bare.decode("utf-8", "replace") if raw else render_line(bare, raw=True).text
        )
        lines.append(_line(fields))
        offset += len(line)
    return b"".join(lines)


def _notice(source: Source, notice: Notice) -> dict[str, Field]:
    fields: dict[str, Field] = {
        "time": iso(notice.wall),
        "generation": source.generation.sequence,
        "elapsed": None,
        "offset": notice.offset,
    }
    gap = notice.gap
    if gap is None:
        return {**fields, "notice": notice.words}
    return {
        **fields,
        "gap": str(gap.cause),
        "seconds": round(gap.seconds, 6),
        "lost_bytes": gap.lost_bytes,
        "evidence": gap.evidence,
    }


def _line(fields: dict[str, Field]) -> bytes:
    return json.dumps(fields, ensure_ascii=True).encode("ascii") + b"\n"
