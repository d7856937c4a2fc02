"""The state machine of one watched console.

Theory of operation:

    absent ─▶ connecting ─▶ waiting ─▶ connected ─▶ ended ─┐
      ▲            │            (proof)                    │
      └────────────┴──── failed ◀── the same life again ◀──┘

A *life* is what `Endpoint.pin` holds: one socket, not its path. While nothing is
at the path, or what is there has been tried and failed, the path is looked at
every `LOOK_S`. A socket bound anew is a new life: attached at once, recorded as a
new generation. The same life is tried again with a growing pause, because whoever
closed it on us may do so again.

The proxy makes the connection (`open` is its console opener), so that its logger
and the recording share one.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from core.capture.services import Services
from core.capture.session import Session
from core.capture.spool import Spool
from core.clock import now
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
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec
from core.sandboxes.vmm import family_of, is_alive

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
        on_change: called whenever one of the public attributes changed.
    """

    def __init__(
        self, spec: SandboxSpec, services: Services, on_change: Callable[[], None]
    ) -> None:
        self.console = ConsoleFacts(state=ConsoleState.CONNECTING, since=now().wall)
        self.family = spec.family
        self.vmm_pid = 0
        self.generation = ""
        self.trouble = ""
        self._spec = spec
        self._services = services
        self._on_change = on_change
        self._endpoint = endpoint_for(spec.console)
        self._session: Session | None = None
        self._pin: Pin | None = None
        self._spool: Spool | None = None
        self._life = ""
        self._pause = RETRY_FIRST_S

    @property
    def size(self) -> int:
        """How much the present generation holds."""
        return self._spool.recorder.size if self._spool is not None else 0

    @property
    def last_byte_at(self) -> float:
        """When the last byte came: seconds since the epoch, 0 for never."""
        return self._session.last_byte_at if self._session is not None else 0.0

    async def open(self, url: str, sink: ConsoleSink, tasks: TaskGroup) -> Session:
        """Connect to the pinned console: the proxy's console opener.

        Raises:
            ConsoleError: it could not be reached.
        """
        assert self._pin is not None
        console = await self._endpoint.connect(self._pin)
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
                try:
                    await self._attach(proxy, params)
                except (ConsoleError, RecordingError) as error:
                    self._set_failure(error)
        finally:
            if self._pin is not None:
                self._pin.close()
            await self._close_recording()

    async def _next_life(self) -> None:
        """Wait until there is something to attach to; `_pin` holds it then."""
        tried = self._pin
        again_at = anyio.current_time() + self._pause * random.uniform(0.8, 1.2)
        while True:
            if tried is not None and tried.is_current():
                if anyio.current_time() >= again_at and not self._is_behind():
                    self._pause = min(self._pause * 2, RETRY_LAST_S)
                    return
            else:
                try:
                    fresh = self._endpoint.pin()
                except ConsoleError as error:
                    self._set_failure(error)
                else:
                    if tried is not None:
                        tried.close()
                    self._pin = fresh
                    self._pause = RETRY_FIRST_S
                    return
            self._notice_exit()
            await anyio.sleep(LOOK_S)

    async def _attach(self, proxy: Proxy, params: ProxyParams) -> None:
        """One connection, from the attempt to its end."""
        if self.console.state is not ConsoleState.ENDED:
            self._set(ConsoleState.CONNECTING, f"connecting to {self._spec.console}")
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
        if self._spool is None or self._life != self._pin.key:
            await self._close_recording()
            self._life = self._pin.key
            self._spool = self._begin(self._life, pid)
        at = now()
        self._spool.enter("attached", at, pid=pid, console=self._spec.console)
        session.record(self._spool, first)
        self._set(ConsoleState.CONNECTED)

    def _begin(self, life: str, pid: int) -> Spool:
        at = now()
        meta = Meta.of(self._spec, life=life, pid=pid, family=self.family, at=at)
        recorder = Recorder.begin(
            self._services.recordings, self._spec.id, life=life, meta=meta, at=at
        )
        self.generation = recorder.generation
        return Spool(recorder, self._services.tasks, self._set_trouble)

    async def _close_recording(self) -> None:
        if self._spool is not None:
            spool, self._spool = self._spool, None
            await spool.aclose()

    def _enter_end(self, session: Session) -> None:
        if self._spool is None:
            return
        if not session.ended.is_set():
            return
        if session.error is not None:
            self._spool.enter("failed", now(), detail=str(session.error))
        elif session.hung_up:
            self._spool.enter("ended", now())
        else:
            self._spool.enter("detached", now())

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
                return
            case ConsoleAbsent():
                self._set(ConsoleState.ABSENT, str(error), error.hint)
            case ConsoleBusy():
                self._pause = RETRY_FIRST_S
                self._set(ConsoleState.WAITING, str(error), error.hint)
            case _:
                self._set(ConsoleState.FAILED, str(error), error.hint)
