"""Compresses an ended generation, a step at a time, so that one good copy is there throughout.

Theory of operation. A generation that nobody writes is *sealed*: made whole, and its
last segment renamed like a full one, with empty files in its place for whoever goes
on with it. Then each file of its full segments, one after the other:

    console.N.log.zst.new      written, synced, read back and compared
    console.N.log.zst          renamed; now there are two good copies
    console.N.log              removed

A crash at any point leaves the plain file or a compared one. What is left of a
crash is done again. Only the last two steps hold the generation, for an instant: it
may be continued in between, and what is full is never written again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path

from core.clock import Instant
from core.errors import RecordingError
from core.recording import meta as meta_file
from core.recording.folder import Folder
from core.recording.holding import held
from core.recording.layout import (
    LOG,
    TIMING,
    ZST,
    parse_segment_log,
    segment_log,
    segment_timing,
)
from core.recording.repair import repair
from core.recording.seekable import FRAME_BYTES, SeekableFile, frame, seek_table
from core.recording.trouble import explain

FRESH = ".zst.new"
"""Ends the name of a compressed file that is not compared yet."""

MIN_BYTES = 4096
"""A smaller file takes a block of the disk either way."""


def compress_generation(folder: Path, at: Instant) -> Generator[None, None, None]:
    """Compress a generation that nobody writes; each step takes some milliseconds.

    Ends early when somebody writes it. Close the generator to give up in between.

    Args:
        folder: the generation's.
        at: this moment.

    Raises:
        RecordingError: something cannot be read or written, or is none of ours. What
            was compressed by then stays so.
    """
    with _own(folder) as generation:
        if not seal(generation, at):
            return
        yield
        for start in sorted(
            {s for s in map(parse_segment_log, generation.names()) if s is not None}
        ):
            for name in (segment_log(start), segment_timing(start)):
                if not (yield from _compress_file(generation, name)):
                    return


def _own(folder: Path) -> Folder:
    with Folder.open(folder.parent) as sandbox:
        return sandbox.own_folder(folder.name)


def seal(generation: Folder, at: Instant) -> bool:
    """Make an ended generation whole and all its segments full ones; False when it is written.

    Raises:
        RecordingError: a file cannot be read or written, or is none of ours.
    """
    known = meta_file.read_in(generation)
    if known is None:
        # Whose it is and when it began is in no other file: it is left as it is.
        return False
    with held(generation) as is_held:
        if not is_held:
            return False
        log = generation.stat(LOG) if generation.has_own(LOG) else None
        if log is not None and log.st_size == 0:
            return True
        start = repair(generation, known, at, now_us=None).segment_start
        log = generation.stat(LOG)
        if log is not None and log.st_size > 0:
            generation.rename(LOG, segment_log(start))
            generation.rename(TIMING, segment_timing(start))
            os.close(generation.create(TIMING))
            os.close(generation.create(LOG))
    return True


def _compress_file(generation: Folder, name: str) -> Generator[None, None, bool]:
    """Compress a file, if it is there and worth it; False when somebody writes the generation."""
    fresh = name + FRESH
    if not generation.has_own(name):
        return True
    plain = generation.open_read(name)
    if plain is None:
        return True
    path = generation.path / name
    try:
        before = os.fstat(plain)
        if before.st_size < MIN_BYTES:
            return True
        if generation.has_own(fresh):
            generation.discard(fresh)
        with _discarded(generation, fresh):
            out = generation.create(fresh)
            try:
                digest = yield from _write(plain, out)
                os.utime(out, ns=(before.st_atime_ns, before.st_mtime_ns))
                os.fsync(out)
                yield
                if (yield from _digest(out)) != digest:
                    raise RecordingError(
                        f"{path}{ZST} reads back otherwise than it was written",
                        path=f"{path}{ZST}",
                        hint="The disk reports no error and is wrong; look at the machine.",
                    )
            finally:
                os.close(out)
            return _swap(generation, name, before)
    except OSError as error:
        raise explain(path, error) from error
    finally:
        os.close(plain)


@contextlib.contextmanager
def _discarded(generation: Folder, name: str) -> Iterator[None]:
    """A block that leaves no file of this name behind."""
    try:
        yield
    finally:
        generation.discard(name)


def _write(plain: int, out: int) -> Generator[None, None, bytes]:
    """Compress all of `plain`; returns its digest."""
    digest = hashlib.blake2b()
    sizes: list[tuple[int, int]] = []
    while data := os.pread(plain, FRAME_BYTES, sum(held for _, held in sizes)):
        digest.update(data)
        packed = frame(data)
        sizes.append((len(packed), len(data)))
        _write_all(out, packed)
        yield
    _write_all(out, seek_table(sizes))
    return digest.digest()


def _digest(out: int) -> Generator[None, None, bytes]:
    """The digest of what the compressed file gives back."""
    digest = hashlib.blake2b()
    source = SeekableFile(os.dup(out))
    try:
        at = 0
        while data := source.pread(FRAME_BYTES, at):
            digest.update(data)
            at += len(data)
            yield
    finally:
        source.close()
    return digest.digest()


def _swap(generation: Folder, name: str, before: os.stat_result) -> bool:
    """Put the compared copy in the place of the plain file; False when somebody writes there."""
    with held(generation) as is_held:
        now = generation.stat(name)
        if not is_held or now is None or _mark(now) != _mark(before):
            return is_held
        os.rename(name + FRESH, name + ZST, src_dir_fd=generation.fd, dst_dir_fd=generation.fd)
        os.fsync(generation.fd)
        os.unlink(name, dir_fd=generation.fd)
    return True


def _mark(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
