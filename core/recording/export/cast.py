"""asciicast v2: what `asciinema play` plays. Gaps are markers in it.

https://docs.asciinema.org/manual/asciicast/v2/
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator

from core.console.safe import safe_text
from core.recording.export.playback import playback
from core.recording.export.source import Source

WIDTH = 80
HEIGHT = 24
"""A serial console's. A recording does not know how large a terminal the guest thought of."""


def cast(
    sources: Iterable[Source], *, title: str, started: float, raw: bool = False
) -> Iterator[bytes]:
    """Some generations as one asciicast, in pieces.

    Args:
        sources: oldest first.
        title: what a player shows as its name.
        started: when the first one began: seconds since the epoch, UTC.
        raw: every byte, at its moment; escape sequences act on the player's terminal.
            JSON holds text alone: what is no UTF-8 is U+FFFD even so.

    Raises:
        RecordingError: the disk does not give it.
    """
    yield _line(
        {
            "version": 2,
            "width": WIDTH,
            "height": HEIGHT,
            "timestamp": int(started),
            "title": safe_text(title),
        }
    )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    at_us = 0
    for played in playback(sources, raw=raw):
        at_us = played.at_us
        if played.notice is not None:
            yield _event(at_us, "m", played.notice.words)
        elif text := decoder.decode(played.data):
            yield _event(at_us, "o", text)
    if rest := decoder.decode(b"", final=True):
        yield _event(at_us, "o", rest)


def _event(at_us: int, kind: str, data: str) -> bytes:
    return _line([at_us / 1e6, kind, data])


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode("ascii") + b"\n"
