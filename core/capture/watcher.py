"""The state machine of one watched console.

Theory of operation:

    absent ─▶ connecting ─▶ waiting ─▶ connected ─▶ ended ─┐
      ▲            │            (proof)                    │
      └────────────┴──── failed ◀── the same life again ◀──┘

A *life* is what `Endpoint.pin` holds: one socket, not its path. While nothing is
at the path, or what is there has been tried and failed, the path is looked at
every `LOOK_S`. A socket bound anew is a new life: attached at once, recorded as a
new generation, though no more than one every `LOOK_S`. The same life is tried again
with a growing pause, because whoever closed it on us may do so again; one that is
bound but refuses is about to listen, or dead, and asking it costs next to nothing.

The proxy makes the connection (`open` is its console opener), so that its logger
and the recording share one.
"""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from core.capture.services import Services, Visit
from core.capture.session import Session
from core.capture.spool import Spool
from core.clock import Instant, now
from core.endpoints import endpoint_for
from core.endpoints.protocol import ConsoleSink, Pin
from core.errors import (
    ConsoleAbsent,
    ConsoleBusy,
    ConsoleError,
    ConsoleRefused,
    GuestwatchError,
    RecordingError,
)
from core.proxy import Proxy, ProxyParams
from core.recording import Meta, Recorder
from core.recording.meta import read_meta
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec
from core.sandboxes.vmm import family_of, is_alive

log = logging.getLogger("guestwatch.capture")

LOOK_S = 0.2
"""How often a path is looked at while nothing can be attached to."""

RETRY_FIRST_S = 0.5
RETRY_LAST_S = 30.0
SETTLED_S = 5.0
"""A console that lasted this long is tried again without the pauses that grew before it."""


class Watcher:
    """Watches one console through its lives, for as long as `run` runs.

    Args:
        spec: whose console.
        services: shared with the other consoles.
        visit: which run of the proxy this is.
        on_change: called whenever one of the public attributes changed.
    """

    def __init__(
        self, spec: SandboxSpec, services: Services, visit: Visit, on_change: Callable[[], None]
    ) -> None:
        self.console = ConsoleFacts(state=ConsoleState.CONNECTING, since=now().wall)
        self.family = spec.family
        self.vmm_pid = 0
        self.generation = ""
        self.trouble = ""
        self._spec = spec
        self._services = services
        self._visit = visit
        self._on_change = on_change
        self._endpoint = endpoint_for(spec.console)
        self._session: Session | None = None
        self._pin: Pin | None = None
        self._spool: Spool | None = None
        self._life = ""
        self._pause = RETRY_FIRST_S
        self._tried_at = -LOOK_S
        self._received = 0
        self._last_byte_at = 0.0
        self._away = visit.away
        self._kept_size = 0
        self._unentered = 0
        self._is_entered = False

    @property
    def size(self) -> int:
        """How much the present generation holds."""
        return self._spool.recorder.size if self._spool is not None else self._kept_size

    @property
    def received(self) -> int:
        """How many bytes came since this watcher began."""
        return self._received + (self._session.bytes if self._session is not None else 0)

    @property
    def last_byte_at(self) -> float:
        """When the present generation's last byte came: since the epoch, 0 for never."""
        return (self._session and self._session.last_byte_at) or self._last_byte_at

    async def open(self, url: str, sink: ConsoleSink, tasks: TaskGroup) -> Session:
        """Connect to the pinned console: the proxy's console opener.

        Raises:
            ConsoleError: it could not be reached.
        """
        assert self._pin is not None
        console = await self._endpoint.connect(self._pin)
        self._received = self.received
        self._last_byte_at = self.last_byte_at
        self._session = Session(console, sink, self._services.loop)
        return self._session

    async def run(self, proxy: Proxy, params: ProxyParams) -> None:
        """Watch until cancelled.

        Args:
            proxy: made with `open` as its console opener.
            params: what it is started with at every life of the console.
        """
        try:
            while True:
                await self._next_life()
                self._tried_at = anyio.current_time()
                try:
                    await self._attach(proxy, params)
                except GuestwatchError as error:
                    self._set_failure(error)
        finally:
            if self._pin is not None:
                self._pin.close()
            if self._spool is not None:
                self._spool.enter("proxy-stopped", now(), cause=self._visit.leaving)
                await self._close(self._spool)

    async def _next_life(self) -> None:
        """Wait until there is something to attach to; `_pin` holds it then."""
        tried = self._pin
        again_at = anyio.current_time() + self._pause * random.uniform(0.8, 1.2)
        while True:
            if tried is not None and tried.is_current():
                if anyio.current_time() >= again_at and not self._is_behind():
                    self._pause = min(self._pause * 2, RETRY_LAST_S)
                    return
            elif anyio.current_time() >= self._tried_at + LOOK_S:
                try:
                    fresh = self._endpoint.pin()
                except ConsoleError as error:
                    self._set_failure(error)
                else:
                    if tried is not None:
                        tried.close()
                    self._pin = fresh
                    self._pause = RETRY_FIRST_S
                    if self.console.state is not ConsoleState.ENDED:
                        self._set(ConsoleState.CONNECTING, f"connecting to {self._spec.console}")
                    return
            self._notice_exit()
            await anyio.sleep(LOOK_S)

    async def _attach(self, proxy: Proxy, params: ProxyParams) -> None:
        """One connection, from the attempt to its end."""
        handle = await proxy.start(params)
        session = self._session
        assert session is not None
        began = anyio.current_time()
        try:
            first = await session.prove(self._set_waiting)
            if not session.ended.is_set():
                await self._record(session, first)
                await session.ended.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await proxy.stop(handle.pid)
            self._enter_end(session)
        if anyio.current_time() - began > SETTLED_S:
            self._pause = RETRY_FIRST_S
        self._set_ended(session)

    async def _record(self, session: Session, first: bytes) -> None:
        pid = session.console.peer_pid
        self.vmm_pid = pid
        self.family = self._spec.family or family_of(pid)
        assert self._pin is not None
        at = now()
        if self._spool is None or self._life != self._pin.key:
            self._let_go_of_recording()
            try:
                await self._begin(self._pin.key, pid)
            except RecordingError:
                if first:
                    log.exception("%s: %d bytes are lost", self._spec.id, len(first))
                raise
        assert self._spool is not None
        if self._unentered:
            self._spool.enter("gap", at, cause="disk", lost_bytes=self._unentered)
            self._unentered = 0
        elif self._away:
            self._spool.enter("gap", at, cause=self._away)
        self._away = ""
        self._spool.enter("attached", at, pid=pid, console=self._spec.console)
        session.record(self._spool, first)
        self._set(ConsoleState.CONNECTED)

    async def _begin(self, life: str, pid: int) -> None:
        """Open the recording of a life: a new generation, or the newest one goes on.

        In a thread: a folder and six files take milliseconds on a busy disk, and the
        other consoles are not to wait for them.
        """
        at = now()
        meta = Meta.of(self._spec, life=life, pid=pid, family=self.family, at=at)
        recorder, goes_on = await anyio.to_thread.run_sync(
            _open_recording, self._services.recordings, meta, at
        )
        self._life = life
        self._last_byte_at = 0.0
        self.generation = recorder.generation
        self._spool = Spool(recorder, self._services.tasks, self._set_trouble)
        if not goes_on:
            self._away = ""
        if not self._is_entered:
            self._is_entered = True
            self._spool.enter("proxy-started", self._visit.began, **self._visit.facts)

    def _let_go_of_recording(self) -> None:
        """Close the recording of the life before, without waiting for its disk."""
        if self._spool is not None:
            spool, self._spool, self._kept_size = self._spool, None, self.size
            self._services.tasks.start_soon(self._close, spool)

    async def _close(self, spool: Spool) -> None:
        self._unentered += await spool.aclose()

    def _enter_end(self, session: Session) -> None:
        if self._spool is None or not session.is_recorded:
            return
        if session.error is not None:
            self._away = "failed"
            self._spool.enter("failed", now(), detail=str(session.error))
        elif session.hung_up:
            self._away = "console closed"
            self._spool.enter("ended", now())
        else:
            self._spool.enter("detached", now(), cause=self._visit.leaving)

    def _is_behind(self) -> bool:
        return self._spool is not None and self._spool.is_behind

    # What is known, in words.

    def _set(self, state: ConsoleState, reason: str = "", hint: str = "") -> None:
        if (state, reason, hint) != (self.console.state, self.console.reason, self.console.hint):
            same = state is self.console.state
            since = self.console.since if same else now().wall
            self.console = ConsoleFacts(state=state, reason=reason, hint=hint, since=since)
            self._on_change()

    def _set_trouble(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._on_change()

    def _set_waiting(self) -> None:
        self._set(
            ConsoleState.WAITING,
            "another client has this console; QEMU serves one at a time, and this one is next",
            "Close the other client. Nothing is written to the guest until then.",
        )

    def _set_ended(self, session: Session) -> None:
        if session.error is not None:
            self._set(ConsoleState.FAILED, str(session.error), session.error.hint)
        elif session.bytes == 0:
            self._set(
                ConsoleState.ENDED,
                "the console hung up at once, without a byte",
                "It may serve only one client and have one already.",
            )
        else:
            self._set(ConsoleState.ENDED, "the console was closed")
        self._notice_exit()

    def _notice_exit(self) -> None:
        """Tell a VMM that exited from one that only closed its console."""
        if self.console.state is ConsoleState.ENDED and self.vmm_pid and not is_alive(self.vmm_pid):
            self._set(ConsoleState.ENDED, "VMM exited")

    def _set_failure(self, error: GuestwatchError) -> None:
        match error:
            case ConsoleAbsent() | ConsoleRefused() if self.console.state is ConsoleState.ENDED:
                # That it ended says more than that its socket is gone as well.
                pass
            case ConsoleAbsent():
                self._set(ConsoleState.ABSENT, str(error), error.hint)
            case ConsoleBusy():
                self._pause = RETRY_FIRST_S
                self._set(ConsoleState.WAITING, str(error), error.hint)
            case _:
                self._set(ConsoleState.FAILED, str(error), error.hint)
        if isinstance(error, ConsoleRefused):
            self._pause = LOOK_S


def _open_recording(home: Path, meta: Meta, at: Instant) -> tuple[Recorder, bool]:
    """A recorder, and whether it continues an earlier recording.

    Raises:
        RecordingError: it cannot be had.
    """
    recorder = Recorder.begin(home, meta.id, life=meta.life, meta=meta, at=at)
    goes_on = False
    with contextlib.suppress(RecordingError):
        goes_on = read_meta(recorder.folder).started_wall != at.wall
    return recorder, goes_on
