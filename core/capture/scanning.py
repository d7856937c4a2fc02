"""Owns the scanner process: says which recordings grew, and enters what it finds.

Theory of operation. Reading a console never waits for this: a recording's size is
looked at every `TELL_S` by a task of its own, which is the only one that waits when the
scanner does not read. What it says are levels, so a size that could not be told is made
up for by the next one. A scanner that dies is started again, with a growing pause, and
begins each generation where nothing before is still to be told; an alert that was
entered already is known by its kind and its begin.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import PIPE

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from core.capture.scanned import Scanned, left_behind
from core.capture.writing.spool import Spool
from core.console.alerts import Rules
from core.contain import Contained
from core.errors import RecordingError
from core.sandboxes.model import AlertFacts, ScanFacts
from core.scanner.messages import (
    Answer,
    Ask,
    Behind,
    Finish,
    Finished,
    Follow,
    Found,
    FromScanner,
    Grown,
    Lines,
    Patterns,
    ToScanner,
)
from core.settings import AlertPattern

log = logging.getLogger("guestwatch.capture")

TELL_S = 0.05
"""How often the scanner is told what grew: a quarter of what an alert may take."""

DRAIN_S = 2.0
"""How long the end of capture waits until the last bytes are scanned."""

ASK_S = 1.0
"""How often the scanner is asked whether it still obeys."""

SILENT_S = 2.0
"""Without an answer for so long, what was not scanned for certain counts as not scanned."""

STUCK_S = 120.0
"""A scanner that is silent for so long is ended, and started again."""

RETRY_FIRST_S = 0.1
RETRY_LAST_S = 10.0
SETTLED_S = 30.0
"""A scanner that lasted this long is started again at once."""

COMMAND = (sys.executable, "-P", "-m", "core.scanner")

_decoder = msgspec.json.Decoder(FromScanner)
_encoder = msgspec.json.Encoder()


class Scanning:
    """Has every recording scanned, while `run` runs.

    Args:
        on_alert: told of each new alert and its sandbox, once it is in the ledger.
        on_change: told whose `facts` changed otherwise.
    """

    def __init__(
        self, on_alert: Callable[[str, AlertFacts], None], on_change: Callable[[str], None]
    ) -> None:
        self.pid = 0
        """The scanner's; 0 while none runs."""
        self._on_alert = on_alert
        self._on_change = on_change
        self._patterns: tuple[AlertPattern, ...] = ()
        self._scanned: dict[str, Scanned] = {}
        self._newest: dict[str, tuple[str, Scanned]] = {}
        """Each sandbox's present generation."""
        self._wake = anyio.Event()
        self._asked_at = 0.0
        self._is_asked = False
        self._told: dict[str, int] = {}
        """How much of each generation the scanner was told of when it was asked last."""
        self._known: dict[str, int] = {}
        """The same, when it answered last."""

    def configure(self, patterns: Sequence[AlertPattern]) -> None:
        """Look for a user's own patterns too, from now on.

        Raises:
            InvalidAlertPattern: one cannot be used; nothing has changed.
        """
        if tuple(patterns) != self._patterns:
            Rules(patterns)
            self._patterns = tuple(patterns)
            self._wake.set()

    def watch(self, sandbox_id: str, spool: Spool) -> None:
        """Have a recording scanned from now on, and what it holds already."""
        fresh = Scanned(sandbox_id, spool.recorder, spool)
        known = self._scanned.get(fresh.key)
        if known is None:
            before = self._newest.get(sandbox_id)
            if before is not None and before[0] == spool.recorder.generation:
                known = before[1]
        if known is not None:
            # The same life goes on, before or after its scan came to an end.
            known.go_on(spool)
            fresh = known
        self._scanned[fresh.key] = fresh
        self._newest[sandbox_id] = (spool.recorder.generation, fresh)
        self._wake.set()

    async def catch_up(self, recordings: Path, sandbox_id: str) -> None:
        """Have what a killed capture left scanned to its end, before anything else is recorded."""
        try:
            past = await anyio.to_thread.run_sync(left_behind, recordings, sandbox_id)
        except RecordingError as error:
            log.warning("%s: what was recorded before is not scanned: %s", sandbox_id, error)
            return
        if past is not None and sandbox_id not in self._newest:
            scanned = Scanned(sandbox_id, past, is_closed=True)
            self._scanned[scanned.key] = scanned
            self._newest[sandbox_id] = (past.generation, scanned)
            self._wake.set()

    def forget(self, spool: Spool) -> None:
        """A recording was closed: it is scanned to its end, then no more."""
        for scanned in self._scanned.values():
            if scanned.spool is spool:
                scanned.is_closed = True
                self._wake.set()

    def facts(self, sandbox_id: str, generation: str) -> ScanFacts:
        """What was found in a sandbox's present generation."""
        name, scanned = self._newest.get(sandbox_id, ("", None))
        if scanned is None or name != generation:
            return ScanFacts()
        if scanned.key not in self._scanned or (self.pid and not self._is_silent):
            return scanned.facts
        reached = max(scanned.resume, self._known.get(scanned.key, 0) if self.pid else 0)
        lag = max(scanned.facts.lag_bytes, scanned.size - reached)
        return msgspec.structs.replace(scanned.facts, lag_bytes=lag)

    @property
    def _is_silent(self) -> bool:
        """Whether the scanner runs and does not answer: it hangs, or was stopped."""
        return self._is_asked and anyio.current_time() > self._asked_at + SILENT_S

    async def drain(self) -> None:
        """Wait until every closed recording is scanned, though not for ever."""
        with anyio.move_on_after(DRAIN_S):
            while any(scanned.is_closed for scanned in self._scanned.values()):  # noqa: ASYNC110
                await anyio.sleep(0.005)

    async def run(self) -> None:
        """Run the scanner until cancelled; it is started with the first recording."""
        pause = RETRY_FIRST_S
        while True:
            if not self._scanned:
                await self._woken()
                continue
            began = anyio.current_time()
            # Nothing that the scanner is or says may end capture.
            with Contained("scanning", lambda _error: None):
                try:
                    await self._run_one()
                except OSError as error:
                    log.error("the scanner could not be started: %s", error)
            if anyio.current_time() - began > SETTLED_S:
                pause = RETRY_FIRST_S
            log.warning("the scanner ended; it is started again in %.1f s", pause)
            await anyio.sleep(pause)
            pause = min(pause * 2, RETRY_LAST_S)

    async def _run_one(self) -> None:
        """One life of the scanner.

        Raises:
            OSError: it could not be started.
        """
        process = await anyio.open_process(
            COMMAND, stdin=PIPE, stdout=PIPE, stderr=None, cwd="/", start_new_session=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            self.pid = process.pid
            self._is_asked, self._known = False, {}
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._talk, process.stdin)
                tasks.start_soon(self._watch_over, process)
                await self._listen(process.stdout)
                tasks.cancel_scope.cancel()
        finally:
            self.pid = 0
            with anyio.CancelScope(shield=True):
                await _end(process)

    # What the scanner is told.

    async def _talk(self, stdin: ByteSendStream) -> None:
        patterns: tuple[AlertPattern, ...] = ()
        told: dict[str, int] = {}
        ending: set[str] = set()
        while True:
            batch: list[ToScanner] = []
            if patterns != self._patterns:
                patterns = self._patterns
                batch.append(Patterns(patterns))
            for key in told.keys() - self._scanned.keys():
                del told[key]
                ending.discard(key)
            sizes = {}
            for key, scanned in list(self._scanned.items()):
                if key not in told or (not scanned.is_closed and key in ending):
                    await scanned.load()
                    ending.discard(key)
                    told[key] = -1
                    batch.append(Follow(key, str(scanned.folder), scanned.resume))
                if (size := scanned.recorder.size) != told[key]:
                    sizes[key] = told[key] = size
                if scanned.is_closed and key not in ending:
                    ending.add(key)
                    batch.append(Finish(key, size))
            if not self._is_asked and anyio.current_time() >= self._asked_at + ASK_S:
                self._asked_at, self._is_asked = anyio.current_time(), True
                self._told = dict(told)
                batch.append(Ask())
            if sizes:
                # Before a `Finish`, which has its own size, or behind it: both are levels.
                batch.append(Grown(sizes))
            try:
                if batch:
                    await stdin.send(b"".join(_encoder.encode(each) + b"\n" for each in batch))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
            await self._pause()

    async def _watch_over(self, process: Process) -> None:
        """Tell of a scanner that is silent, and end one that stays so."""
        while True:
            await anyio.sleep(ASK_S)
            if self._is_silent:
                for sandbox_id in list(self._newest):
                    self._on_change(sandbox_id)
            if self._is_silent and anyio.current_time() > self._asked_at + STUCK_S:
                log.error("the scanner does not answer; it is ended")
                process.kill()

    async def _pause(self) -> None:
        """Until there may be something to tell."""
        if not self._scanned:
            await self._woken()
        else:
            await anyio.sleep(TELL_S)

    async def _woken(self) -> None:
        await self._wake.wait()
        self._wake = anyio.Event()

    # What it says.

    async def _listen(self, stdout: ByteReceiveStream) -> None:
        lines = Lines()
        while True:
            try:
                data = await stdout.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
            for line in lines.take(data):
                await self._hear(_decoder.decode(line))

    async def _hear(self, message: FromScanner) -> None:
        match message:
            case Found(key=key, alert=alert, resume=resume):
                await self._enter(key, alert, resume)
            case Behind(lags=lags):
                for key, lag in lags.items():
                    self._set_lag(key, lag)
            case Answer():
                self._is_asked, self._known = False, self._told
            case Finished(key=key):
                scanned = self._scanned.get(key)
                if scanned is not None and scanned.is_closed:
                    self._set_lag(key, 0)
                    scanned.resume = max(scanned.resume, scanned.size)
                    del self._scanned[key]

    async def _enter(self, key: str, alert: AlertFacts, resume: int) -> None:
        scanned = self._scanned.get(key)
        if scanned is None:
            return
        is_new = scanned.take(alert)
        if is_new:
            await scanned.enter(alert, resume)
        scanned.resume = max(scanned.resume, resume)
        if is_new:
            self._on_alert(scanned.sandbox_id, alert)

    def _set_lag(self, key: str, lag: int) -> None:
        scanned = self._scanned.get(key)
        if scanned is not None and scanned.facts.lag_bytes != lag:
            scanned.facts = msgspec.structs.replace(scanned.facts, lag_bytes=lag)
            self._on_change(scanned.sandbox_id)


async def _end(process: Process) -> None:
    """Be done with the scanner: it holds nothing that could be lost."""
    if process.returncode is None:
        process.kill()
    await process.aclose()
