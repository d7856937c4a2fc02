"""Writes what waited for the disk, and what the disk says when it refuses."""

from __future__ import annotations

import errno
import os
from collections import deque

from core.capture.writing.backlog import Chunk, Entry, Hole, Item
from core.clock import now
from core.errors import RecordingError, WriteFailed
from core.recording import Recorder
from core.recording.trouble import explain

ROOM_BYTES = 256 * 1024
"""A gap is entered once a disk that was full has so much room for what comes after it."""


def written_of(error: RecordingError) -> int:
    """How many bytes of a failed write did reach the log."""
    return error.written if isinstance(error, WriteFailed) else 0


def evidence_of(error: RecordingError) -> str:
    """What a gap says of a disk's refusal."""
    return os.strerror(error.errno) if error.errno else str(error)


def write_items(recorder: Recorder, items: deque[Item]) -> RecordingError | None:
    """Write items from the left and remove them; returns why that stopped, None when it did not."""
    try:
        while items:
            item = items[0]
            if isinstance(item, Chunk):
                _write_chunk(recorder, item, items)
            elif isinstance(item, Hole) and recorder.free_bytes < ROOM_BYTES:
                # The ledger may have room where the log has none. Another hole would follow.
                return explain(recorder.folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            else:
                enter_item(recorder, item)
            items.popleft()
        recorder.flush()
    except RecordingError as error:
        return error
    return None


def _write_chunk(recorder: Recorder, chunk: Chunk, items: deque[Item]) -> None:
    try:
        recorder.write(chunk.data, chunk.at)
    except RecordingError as error:
        items[0] = Chunk(chunk.data[written_of(error) :], chunk.at)
        raise


def enter_item(recorder: Recorder, item: Entry | Hole) -> None:
    """Write an entry, or the gap that a hole is.

    Raises:
        RecordingError: it could not be written.
    """
    if isinstance(item, Hole):
        recorder.enter_gap(item.gap(), now())
    else:
        recorder.enter_at(item.offset, item.kind, item.at, item.facts)
