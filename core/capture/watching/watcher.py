"""The state machine of one watched console.

Theory of operation:

    absent ─▶ connecting ─▶ waiting ─▶ connected ─▶ ended ─┐
      ▲            │            (proof)                    │
      ├── held ◀───┤                                       │
      └────────────┴──── failed ◀── the same life again ◀──┘

`Lives` waits for a console that may be attached to, `Session` reads it, `Chronicle`
records it, `Status` tells of it. The proxy makes the connection (`open` is its console
opener), so that its logger and the recording share one. Whatever time passes in which
nobody hears the guest becomes a gap in the ledger (`Absence`).
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from core.capture.services import Services, Visit
from core.capture.watching.absence import Absence
from core.capture.watching.chronicle import Chronicle
from core.capture.watching.lives import Lives
from core.capture.watching.session import Session
from core.capture.watching.sharing import watch_readers
from core.capture.watching.status import Status
from core.clock import now
from core.endpoints import ConsoleSink, endpoint_for, parse_console_url
from core.endpoints.holders import who_took
from core.endpoints.pty import PtyPin
from core.errors import GuestwatchError
from core.proxy import Proxy, ProxyParams
from core.recording import Cause, Fact, Meta
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec
from core.sandboxes.vmm import family_of, is_alive

REST_S = 60.0
"""The recording of a console that ended so long ago is closed until it is needed again."""

SETTLED_S = 5.0
"""A console that lasted this long is tried again without the pauses that grew before it."""


class Watcher:
    """Watches one console through its lives, for as long as `run` runs.

    Args:
        spec: whose console.
        services: shared with the other consoles.
        visit: which run of the proxy this is.
        absence: since when nobody hears the guest; outlives the visit.
        on_change: called whenever one of the public attributes changed.
    """

    def __init__(
        self,
        spec: SandboxSpec,
        services: Services,
        visit: Visit,
        absence: Absence,
        on_change: Callable[[], None],
    ) -> None:
        self.family = spec.family
        self.vmm_pid = 0
        self._spec = spec
        self._services = services
        self._visit = visit
        self._absence = absence
        self._status = Status(on_change)
        self._endpoint = endpoint_for(spec.console)
        self._lives = Lives(
            spec, self._endpoint, services.noticing, services.asking, self._status, absence
        )
        self._chronicle = Chronicle(services, visit, absence, on_change)
        self._session: Session | None = None
        self._received = 0
        self._last_byte_at = 0.0

    @property
    def console(self) -> ConsoleFacts:
        """What is known of the console now."""
        return self._status.facts

    @property
    def generation(self) -> str:
        """The present generation's folder name; empty while nothing is recorded."""
        return self._chronicle.generation

    @property
    def trouble(self) -> str:
        """Why the recording lags; empty when it does not."""
        return self._chronicle.trouble

    @property
    def size(self) -> int:
        """How much the present generation holds."""
        return self._chronicle.size

    @property
    def received(self) -> int:
        """How many bytes came since this watcher began."""
        return self._received + (self._session.bytes if self._session is not None else 0)

    @property
    def last_byte_at(self) -> float:
        """When the present generation's last byte came: since the epoch, 0 for never."""
        return (self._session and self._session.last_byte_at) or self._last_byte_at

    def take(self) -> bool:
        """A person's yes; whether there is anything to say yes to."""
        if not self._status.facts.is_takeable:
            return False
        self._lives.take()
        return True

    async def open(self, url: str, sink: ConsoleSink, tasks: TaskGroup) -> Session:
        """Connect to the pinned console: the proxy's console opener.

        Raises:
            ConsoleError: it could not be reached.
        """
        assert self._lives.pin is not None
        console = await self._endpoint.connect(self._lives.pin)
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
                try:
                    await self._attach(proxy, params)
                except GuestwatchError as error:
                    self._status.set_failure(error)
                    self._lives.failed(error)
        finally:
            self._lives.close()
            self._endpoint.close()
            await self._chronicle.aclose()

    async def _next_life(self) -> None:
        """Wait until there is something to attach to; the recording rests meanwhile."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._rest)
            await self._lives.next(lambda: self._chronicle.is_behind)
            tasks.cancel_scope.cancel()

    async def _rest(self) -> None:
        await anyio.sleep(REST_S)
        self._chronicle.rest()

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
                await self._until_ended(session)
        finally:
            with anyio.CancelScope(shield=True):
                await proxy.stop(handle.pid)
            self._chronicle.end(session)
        if anyio.current_time() - began > SETTLED_S:
            self._lives.settle()
        self._lives.vmm_pid = self.vmm_pid
        self._lives.ending = session.ending
        self._status.set_ended(session, self.vmm_pid)
        if session.hung_up and is_alive(session.console.peer_pid):
            await self._look_for_taker(session)

    async def _record(self, session: Session, first: bytes) -> None:
        pid = session.console.peer_pid
        self.vmm_pid = pid
        self.family = self._spec.family or family_of(pid)
        pin, verdict = self._lives.pin, self._lives.verdict
        assert pin is not None
        at = now()
        meta = Meta.of(self._spec, life=pin.key, pid=pid, family=self.family, at=at)
        facts: dict[str, Fact] = {"pid": pid, "console": self._spec.console}
        note = verdict.note if verdict is not None else ""
        if note:
            facts["note"] = note
        if await self._chronicle.attach(session, meta, first, facts, born=self._lives.born):
            self._last_byte_at = 0.0
        self._status.set(ConsoleState.CONNECTED, note=note)

    async def _until_ended(self, session: Session) -> None:
        """Wait for the end; of a terminal see meanwhile who else reads it."""
        if not isinstance(self._lives.pin, PtyPin):
            await session.ended.wait()
            return

        readers = self._lives.readers

        def tell_readers(readers: str) -> None:
            self._chronicle.enter("shared" if readers else "unshared", now(), readers=readers)

        def tell_note(note: str) -> None:
            self._status.set(ConsoleState.CONNECTED, note=note)

        async with anyio.create_task_group() as tasks:
            url = parse_console_url(self._spec.console)
            tasks.start_soon(
                watch_readers, url, self._services.asking, readers, tell_readers, tell_note
            )
            await session.ended.wait()
            tasks.cancel_scope.cancel()

    async def _look_for_taker(self, session: Session) -> None:
        """Tell a client that threw us off, as cloud-hypervisor lets it, from a console's end.

        Or one for which we were hung up on at once, as Dragonball does.
        """
        try:
            taker = await anyio.to_thread.run_sync(
                who_took, parse_console_url(self._spec.console), abandon_on_cancel=True
            )
        except OSError:
            return
        if taker is None:
            return
        if session.is_recorded and session.bytes:
            self._absence.recast(Cause.TAKEN_OVER, f"taken over by {taker}")
        else:
            self._absence.begin(Cause.HELD, now().wall, f"hung up on us at once: held by {taker}")
        self._lives.give_way()

    def _set_waiting(self) -> None:
        verdict = self._lives.verdict
        holder = verdict.holder if verdict is not None else None
        who = f"pid {holder.pid} ({holder.name})" if holder is not None else "another client"
        self._absence.begin(Cause.WAITING, now().wall, f"queued behind {who}")
        self._status.put(
            ConsoleFacts(
                state=ConsoleState.WAITING,
                reason=f"{who} has this console; it serves one at a time, and this one is next",
                hint="Close the other client. Nothing is written to the guest until then.",
                holder_pid=holder.pid if holder is not None else 0,
                holder_name=holder.name if holder is not None else "",
            )
        )
