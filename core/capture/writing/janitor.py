"""Keeps recordings within their quotas, and compresses those that have ended.

Its work is done in threads, a small piece at a time and with pauses, never on the
read loop. It is not niced: the interpreter's lock would make everybody wait for a
thread that the kernel lets wait. Compressing lets go of that lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread

from core.capture.writing.spools import Spools, Writing
from core.clock import now
from core.contain import Contained
from core.errors import RecordingError
from core.recording.compress import MIN_BYTES, compress_generation
from core.recording.dropping import Tell, drop, remove_generation
from core.recording.gaps import Gap
from core.recording.quota import MAX_GENERATIONS, REST, Limits, Piece, plan, segment_bytes
from core.recording.stock import GROWING, Stock
from core.settings import Settings

T = TypeVar("T")

log = logging.getLogger("guestwatch.capture")

ROUND_S = 5.0
LOOK_S = 0.25
"""How often it looks whether a segment was begun: between rounds more than a quota may come."""

MAX_DROPS = 64
"""So many pieces go in one round; the next one follows at once when there are more."""

IDLE_S = 600.0
"""The newest generation of a sandbox is compressed when nothing came for so long."""

PAUSE_S = 0.010
"""Between two steps of compressing, each a megabyte: capture comes first."""

AGAIN_S = 600.0
"""A generation that could not be compressed is tried again after so long."""

TELL_BYTES = 1_000_000
"""A sandbox's facts are told anew when it takes so much more or less."""


class Janitor:
    """Tidies the recordings up for as long as `run` runs.

    Args:
        home: the folder of all recordings.
        spools: who writes which of them; told how large segments may become.
        on_usage: called with a sandbox's id when it takes markedly more or less.
        idle_s: after how long without a byte a sandbox's newest generation has ended.
    """

    def __init__(
        self,
        home: Path,
        spools: Spools,
        on_usage: Callable[[str], None] = lambda _: None,
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        self.usage: dict[str, int] = {}
        """How much each sandbox's recordings take on disk."""
        self._home = home
        self._spools = spools
        self._on_usage = on_usage
        self._idle_s = idle_s
        self._stock = Stock(home)
        self._told: dict[str, int] = {}
        self._tried: dict[Path, int] = {}
        self._not_before: dict[Path, float] = {}
        self._limits = Limits(0, 0)
        self._round_at = 0.0
        self._threads = anyio.CapacityLimiter(2)
        self.configure(Settings())

    def configure(self, settings: Settings) -> None:
        """Keep to these quotas from now on."""
        self._limits = Limits(settings.quota_console, settings.quota_total)
        self._spools.set_segment_bytes(segment_bytes(self._limits))
        self._round_at = 0.0

    async def run(self) -> None:
        """Go on for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_quotas)
            tasks.start_soon(self._compress)

    async def _keep_quotas(self) -> None:
        rotations = -1
        while True:
            if anyio.current_time() >= self._round_at or rotations != self._spools.rotations:
                rotations = self._spools.rotations
                self._round_at = anyio.current_time() + ROUND_S
                with Contained("keeping the quotas", lambda _: None):
                    if await self.round():
                        continue
            await anyio.sleep(LOOK_S)

    async def round(self) -> bool:
        """Look, and drop what is too much; whether there may be more to drop."""
        writing = self._spools.writing()
        try:
            usage = await self._in_thread(lambda: self._stock.look(writing))
        except RecordingError as error:
            log.warning("quotas cannot be kept: %s", error)
            return False
        for known in (self._tried, self._not_before):
            for folder in known.keys() - self._stock.generations.keys():
                del known[folder]
        drops = await self._in_thread(self._what_goes)
        done = 0
        for piece, evidence in drops[:MAX_DROPS]:
            folder = self._home / piece.sandbox / piece.generation
            try:
                if await self._drop(piece, evidence, writing.get(folder)):
                    done += 1
                    usage[piece.sandbox] -= piece.size
                    log.info("%s: %d bytes dropped, %s", folder, piece.size, evidence)
            except RecordingError as error:
                log.warning("%s: %d bytes cannot be dropped: %s", folder, piece.size, error)
            self._stock.forget(folder)
        self._set_usage(usage)
        return done > 0 and len(drops) > MAX_DROPS

    def _what_goes(self) -> list[tuple[Piece, str]]:
        """Each piece that goes, in order, and why."""
        console, total = self._limits
        reasons = (
            (Limits(0, 0), f"no more than {MAX_GENERATIONS} generations of a sandbox are kept"),
            (Limits(console, 0), f"quota of {in_words(console)} a sandbox"),
            (Limits(0, total), f"quota of {in_words(total)} in all"),
        )
        newest = {folder.parent.name: folder.name for folder in self._stock.generations}
        pieces = [
            # The newest one's ledger is where a person looks first.
            piece._replace(is_needed=True)
            if piece.start == REST and piece.generation == newest[piece.sandbox]
            else piece
            for piece in self._stock.pieces
        ]
        drops: list[tuple[Piece, str]] = []
        for limits, evidence in reasons:
            gone = plan(pieces, limits)
            drops += [(piece, evidence) for piece in gone]
            dropped = set(gone)
            pieces = [piece for piece in pieces if piece not in dropped]
        return drops

    async def _drop(self, piece: Piece, evidence: str, spool: Writing | None) -> bool:
        at = now()
        if piece.start != REST:
            tell = self._teller(spool)
            return await self._in_thread(lambda: drop(self._home, piece, evidence, at, tell))
        later = [
            folder
            for folder in self._stock.generations
            if folder.parent.name == piece.sandbox and folder.name > piece.generation
        ]
        following = min(later)
        tell = self._teller(self._spools.writing().get(following))
        return await self._in_thread(
            lambda: remove_generation(self._home, piece, following.name, evidence, at, tell)
        )

    def _teller(self, spool: Writing | None) -> Tell | None:
        """Enters a gap through the spool, which alone writes its ledger. For a thread."""
        if spool is None:
            return None

        def enter(gap: Gap, offset: int) -> None:
            if not self._spools.has(spool):
                raise RecordingError("it was closed just now")
            spool.enter_gap(gap, now(), offset=offset)

        return lambda gap, offset: anyio.from_thread.run_sync(enter, gap, offset)

    def _set_usage(self, usage: dict[str, int]) -> None:
        self.usage.clear()
        self.usage.update(usage)
        for sandbox in usage.keys() | self._told.keys():
            size = usage.get(sandbox, 0)
            if abs(size - self._told.get(sandbox, 0)) >= TELL_BYTES:
                self._told[sandbox] = size
                self._on_usage(sandbox)

    # Compressing.

    async def _compress(self) -> None:
        futile: object = None
        while True:
            found, present = False, self._stock.generations
            if present is not futile:
                with Contained("compressing recordings", lambda _: None):
                    found = await self.compress_next()
            if not found:
                # Nothing comes to be found before the next round has looked anew.
                futile = present
                await anyio.sleep(LOOK_S * 4)

    async def compress_next(self) -> bool:
        """Compress a generation that has ended, if the last look found one; whether it did."""
        folder = self._next_to_compress()
        if folder is not None:
            # Until it is done: whatever goes wrong, it is not tried again at once.
            self._not_before[folder] = anyio.current_time() + AGAIN_S
            if await self.compress(folder):
                self._not_before.pop(folder, None)
        return folder is not None

    async def compress(self, folder: Path) -> bool:
        """Compress an ended generation, in steps with pauses; whether that worked."""
        steps = compress_generation(folder, now())
        try:
            while await self._in_thread(lambda: next(steps, self) is None):  # noqa: ASYNC110
                await anyio.sleep(PAUSE_S)
        except RecordingError as error:
            log.warning("%s cannot be compressed: %s", folder, error)
            return False
        finally:
            steps.close()
            self._stock.forget(folder)
            self._round_at = 0.0
        return True

    def _next_to_compress(self) -> Path | None:
        """A generation that has ended, is not compressed and was not tried as it is now."""
        writing = self._spools.writing()
        newest = {folder.parent: folder for folder in self._stock.generations}
        for folder, found in self._stock.generations.items():
            if folder in writing or self._tried.get(folder) == found.changed_ns:
                continue
            if anyio.current_time() < self._not_before.get(folder, 0.0):
                continue
            is_newest = newest[folder.parent] == folder
            if is_newest and now().wall - found.written < self._idle_s:
                continue
            self._tried[folder] = found.changed_ns
            growing = sum(piece.size for piece in found.pieces if piece.start == GROWING)
            if found.plain_bytes + growing >= MIN_BYTES:
                return folder
        return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)


def in_words(size: int) -> str:
    """A quota as people write it."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"
