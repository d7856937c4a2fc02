"""Opens a generation to be written: a new one, or the newest one of the same life.

Everything is opened here, before the console is, so that no byte is read that
cannot be written: folders, meta data, log, timing, index, ledger, in this order.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.clock import Instant, boot_id
from core.errors import RecordingError
from core.recording import meta as meta_file
from core.recording.appender import Appender
from core.recording.folder import Folder
from core.recording.holding import hold
from core.recording.layout import (
    INDEX,
    LEDGER,
    LOG,
    MAX_SEQUENCE,
    META,
    TIMING,
    generation_folder,
    parse_generation,
)
from core.recording.ledger import cut_torn_line
from core.recording.meta import Meta
from core.recording.repair import Repaired, repair
from core.recording.timing import to_us
from core.sandboxes.ids import check_sandbox_id

_NAME_TRIES = 16


@dataclass(slots=True)
class OpenGeneration:
    """A generation's open files, and where the writing goes on."""

    folder: Folder
    meta: Meta
    log: int
    timing: Appender
    index: Appender
    ledger: Appender
    segment_start: int
    size: int
    elapsed_us: int
    """The last record's moment since the generation began."""
    origin_us: int
    """What CLOCK_BOOTTIME showed, or would have shown, when the generation began."""
    repaired: Repaired | None
    """What was found when it was continued; None for a new one."""


def open_generation(
    home: Path, sandbox_id: str, *, life: str, meta: Meta, at: Instant
) -> OpenGeneration:
    """Continue the newest generation if it is of the same life, else make a new one.

    Args:
        home: the folder of all recordings; made when it is missing.
        sandbox_id: whose recording.
        life: names one life of the console; empty is like no other.
        meta: who the sandbox is.
        at: this moment.

    Raises:
        RecordingError: something cannot be made or written, or is none of ours.
        InvalidSandboxId: the id cannot be a folder's name.
    """
    check_sandbox_id(sandbox_id)
    meta = msgspec.structs.replace(
        meta,
        life=life,
        boot_id=meta.boot_id or boot_id(),
        started_wall=at.wall,
        started_boot=at.boot,
    )
    with Folder.make_home(home) as recordings, recordings.sub(sandbox_id) as sandbox:
        newest = _newest(sandbox)
        if newest and life:
            with contextlib.ExitStack() as undo:
                folder = sandbox.own_folder(newest)
                undo.callback(folder.close)
                before = meta_file.read_in(folder) if folder.has_own(META) else None
                if before is not None and before.life == life:
                    opened = _continue(folder, before, meta, at)
                    undo.pop_all()
                    return opened
        return _make(sandbox, meta, at)


def _newest(sandbox: Folder) -> str:
    """The name of the newest generation; empty when there is none."""
    for name in sorted(sandbox.names(), reverse=True):
        if parse_generation(name) is None:
            continue
        found = sandbox.stat(name)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return name
    return ""


def _make(sandbox: Folder, meta: Meta, at: Instant) -> OpenGeneration:
    folder = _make_folder(sandbox, at)
    with contextlib.ExitStack() as undo:
        undo.callback(folder.close)
        undo.callback(_remove, sandbox, folder)
        hold(folder)
        folder.replace(META, meta_file.encode(meta))
        opened = _open_files(folder, meta, to_us(at.boot), repaired=None)
        undo.pop_all()
    return opened


def _remove(sandbox: Folder, folder: Folder) -> None:
    """Leave no empty generation behind: the next try would make another."""
    for name in (META, LOG, TIMING, INDEX, LEDGER):
        folder.discard(name)
    with contextlib.suppress(OSError):
        os.rmdir(folder.path.name, dir_fd=sandbox.fd)


def _make_folder(sandbox: Folder, at: Instant) -> Folder:
    numbers = [name.sequence for name in map(parse_generation, sandbox.names()) if name is not None]
    sequence = max(numbers, default=0)
    for _ in range(_NAME_TRIES):
        sequence += 1
        if sequence > MAX_SEQUENCE:
            break
        with contextlib.suppress(FileExistsError):
            return sandbox.make(generation_folder(sequence, at.wall))
    raise RecordingError(
        f"{sandbox.path} has no number left for another generation",
        path=str(sandbox.path),
        hint="Move its generations away.",
    )


def _continue(folder: Folder, before: Meta, meta: Meta, at: Instant) -> OpenGeneration:
    hold(folder)
    same_boot = meta.boot_id == before.boot_id != ""
    origin_us = to_us(before.started_boot)
    now_us = to_us(at.boot) - origin_us if same_boot else None
    repaired = repair(folder, before, at, now_us=now_us)
    if not same_boot:
        # Another boot's clock says nothing of the time in between; the wall clock does.
        gap_us = max(0, to_us(at.wall) - repaired.end.wall_us)
        origin_us = to_us(at.boot) - repaired.end.elapsed_us - gap_us
    present = meta.begun_like(before)
    if present != before:
        folder.replace(META, meta_file.encode(present))
    return _open_files(folder, present, origin_us, repaired=repaired)


def _open_files(
    folder: Folder, meta: Meta, origin_us: int, *, repaired: Repaired | None
) -> OpenGeneration:
    open_file = folder.create if repaired is None else folder.reopen
    with contextlib.ExitStack() as undo:
        log = open_file(LOG)
        undo.callback(os.close, log)
        appenders = []
        for name in (TIMING, INDEX, LEDGER):
            fd = open_file(name)
            if name == LEDGER:
                cut_torn_line(folder, fd)
            # Index and ledger get a line now and then: a thousand consoles need not hold
            # two thousand descriptors for that.
            again = None if name == TIMING else functools.partial(folder.reopen, name)
            appender = Appender(fd, again)
            undo.callback(appender.close)
            appenders.append(appender)
        undo.pop_all()
    start, end = (0, None) if repaired is None else (repaired.segment_start, repaired.end)
    return OpenGeneration(
        folder=folder,
        meta=meta,
        log=log,
        timing=appenders[0],
        index=appenders[1],
        ledger=appenders[2],
        segment_start=start,
        size=end.offset if end is not None else 0,
        elapsed_us=end.elapsed_us if end is not None else 0,
        origin_us=origin_us,
        repaired=repaired,
    )
