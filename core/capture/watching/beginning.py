"""How a console's recording begins: with a new generation, or where the newest one ends.

A life of a socket or a terminal is named by its pin. A log outlives that name: once it was
rotated its path leads to another file, and the log goes on in it. So a log is gone on with
whenever the source that was read last is still to be found, and was not cut; what is in it
behind the recording's end is read first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from core.capture.services import Services
from core.capture.watching.whereabouts import Before, Whereabouts, look_back
from core.clock import Instant
from core.endpoints import Resumable
from core.endpoints.protocol import Console
from core.errors import RecordingError
from core.recording import Meta, Recorder, last_heard
from core.recording.trouble import is_full

LOST = "the log was cut or removed; what was written to it behind what was read is gone"


class Beginning(NamedTuple):
    """A recording that is open, or can be once the disk has room."""

    begin: Callable[[], Recorder]
    """Opens it. Blocks, and raises a `RecordingError` when that cannot be."""
    recorder: Recorder | None
    error: RecordingError | None
    """Why there is no recorder: the disk is full."""
    known: float
    """Until when recordings reach that were made before: since the epoch, 0 for none."""
    whereabouts: Whereabouts | None
    """Where the source is to be read on; None for its start."""
    is_lost: bool
    """Whether a source was read that cannot be read on."""


def begin(services: Services, meta: Meta, console: Console, *, is_over: bool) -> Beginning:
    """The recording of a life. Blocks.

    Args:
        services: shared with the other consoles.
        meta: of its life.
        console: which is open, and of which nothing was read.
        is_over: whether the life before it is known to have ended.

    Raises:
        RecordingError: it cannot be had, for another reason than a full disk.
        ConsoleBroken: the log cannot be looked at.
    """
    known = last_heard(services.recordings, meta.id)
    whereabouts, is_lost = None, False
    if isinstance(console, Resumable):
        before = look_back(services.recordings, meta.id)
        if is_over:
            before = Before(before.life)
        whereabouts = before.whereabouts
        if whereabouts is not None and console.holds(*whereabouts):
            meta = msgspec.structs.replace(meta, life=before.life)
        else:
            is_lost, whereabouts = whereabouts is not None, None
            if before.life == meta.life:
                # The same file, and another life all the same: it was cut.
                life = f"{meta.life} {meta.started_wall:.3f}"
                meta = msgspec.structs.replace(meta, life=life)
    if known:
        # A capture that was killed heard the guest longer than it had anything to write.
        known = max(known, services.previous_alive)
    opener = functools.partial(_open, services, meta)
    recorder, full = None, None
    try:
        recorder = opener()
    except RecordingError as error:
        # A log keeps what is not read.
        if isinstance(console, Resumable) or not is_full(error):
            raise
        full = error
    return Beginning(opener, recorder, full, known, whereabouts, is_lost)


def _open(services: Services, meta: Meta) -> Recorder:
    return Recorder.begin(
        services.recordings,
        meta.id,
        life=meta.life,
        meta=meta,
        at=Instant(meta.started_wall, meta.started_boot),
        segment_bytes=services.spools.segment_bytes,
    )
