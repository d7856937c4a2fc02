"""One sandbox in capture: its proxy's life, and the facts that are told of it.

`start`, `stop` and `set_debug` are serialised by a lock. A started proxy lives in
one task (`_run`), which owns the proxy's block; `stop` cancels that task and waits
until it is gone. Whatever goes wrong in that task ends that task and nothing else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskStatus

from core.capture.services import CAPTURE_ENDED, Reading, Services, Visit
from core.capture.watching.absence import Absence
from core.capture.watching.kata import ProxyOutput
from core.capture.watching.watcher import Watcher
from core.clock import now
from core.contain import Contained
from core.errors import CaptureError, GuestwatchError, RecordingError
from core.proxy import KataProxy, ProxyHandle, ProxyParams, ProxyType, new_proxy
from core.recording import Cause, enter_gaps_outside
from core.sandboxes.model import (
    ConsoleFacts,
    ConsoleState,
    ProxyFacts,
    ProxyState,
    SandboxFacts,
    SandboxSpec,
    Traffic,
)

log = logging.getLogger("guestwatch.proxy")
console_log = logging.getLogger("guestwatch.console")
"""Gets every console line at debug. Its level is INFO unless somebody asks for more."""


class Sandbox:
    """One sandbox, from when it was named until capture ends.

    Args:
        spec: what was asked for.
        services: shared with the other sandboxes.
        on_change: called whenever `facts()` would answer something new.
    """

    def __init__(
        self, spec: SandboxSpec, services: Services, on_change: Callable[[], None]
    ) -> None:
        self.spec = spec
        self._services = services
        self._on_change = on_change
        self._lock = anyio.Lock()
        self._scope: anyio.CancelScope | None = None
        self._gone = anyio.Event()
        self._proxy = ProxyFacts()
        self._console = self._unwatched()
        self._reading: Reading | None = None
        self._ending = False
        self._refused: GuestwatchError | None = None
        self._visit: Visit | None = None
        self._is_stopping = False
        self._survivor = 0
        self._absence = Absence(now().wall)
        self._traffic = Traffic()
        self._generation = ""
        self._family = spec.family
        self._vmm_pid = 0
        self._rate = 0.0
        self._counted = 0
        self._received = 0

    # Commands.

    async def start(self) -> None:
        """Start the proxy; nothing happens when it runs already.

        Raises:
            ProxyError: its parameters are wrong or its program could not be run.
            ConsoleError: the console URL names no console.
        """
        async with self._lock:
            await self._start()

    async def stop(self) -> None:
        """Stop the proxy and let the console go. Never fails."""
        async with self._lock:
            await self._stop()

    async def take(self) -> None:
        """Attach the console whatever that does to others: a person said yes.

        Raises:
            CaptureError: there is nothing to take.
        """
        if not isinstance(self._reading, Watcher) or not self._reading.take():
            raise CaptureError(
                f"{self.spec.id} waits for nobody's yes",
                hint="Only a console that is held or not watched can be taken.",
            )

    async def set_debug(self, debug: bool) -> None:
        """Turn debug watching on or off; a running proxy is restarted with it.

        Raises:
            ProxyError: it could not be started again.
        """
        async with self._lock:
            if debug == self.spec.debug:
                return
            runs = self._scope is not None
            await self._stop("debug was turned " + ("on" if debug else "off"))
            self.spec = msgspec.structs.replace(self.spec, debug=debug)
            self._console = self._unwatched()
            try:
                if runs:
                    await self._start()
            finally:
                self._on_change()

    async def release(self) -> None:
        """Let the console go because capture ends; a kata-proxy process is left alone."""
        async with self._lock:
            self._ending = True
            await self._cancel(CAPTURE_ENDED)
            await self._enter_the_unheard()

    async def _enter_the_unheard(self) -> None:
        """Leave word of gaps that no generation tells of."""
        at = now()
        gaps = self._absence.unentered(at.wall)
        if gaps:
            try:
                await anyio.to_thread.run_sync(
                    enter_gaps_outside, self._services.recordings, self.spec.id, gaps, at
                )
            except RecordingError as error:
                log.warning("%s: its gaps could not be entered: %s", self.spec.id, error)

    async def _start(self) -> None:
        if self._scope is not None:
            return
        if self._ending:
            raise CaptureError("Capture is ending", hint="Start guestwatch again.")
        self._set_proxy(ProxyFacts(state=ProxyState.STARTING))
        self._refused = None
        await self._services.tasks.start(self._run)
        if self._refused is not None:
            raise self._refused

    async def _stop(self, cause: str = "the proxy was stopped") -> None:
        self._is_stopping = True
        try:
            await self._cancel(cause)
        finally:
            self._is_stopping = False
        if self._survivor:
            reason = f"process {self._survivor} was told to end and still runs"
            self._set_proxy(ProxyFacts(state=ProxyState.FAILED, pid=self._survivor, reason=reason))
        elif self._proxy.state is not ProxyState.STOPPED:
            self._console = self._unwatched()
            self._set_proxy(ProxyFacts())

    async def _cancel(self, cause: str) -> None:
        if self._scope is not None:
            if self._visit is not None:
                self._visit.leaving = cause
            self._scope.cancel()
            await self._gone.wait()
            if cause != CAPTURE_ENDED:
                self._absence.begin(Cause.NOT_ATTACHED, now().wall, cause)

    # The proxy's life.

    async def _run(self, *, task_status: TaskStatus[None]) -> None:
        """Own the proxy until cancelled. Never fails: `start` looks at `_refused`."""
        self._gone = anyio.Event()
        self._survivor = 0
        told = False

        def tell() -> None:
            nonlocal told
            if not told:
                told = True
                task_status.started()

        visit = self._visit = Visit({"type": str(self.spec.proxy_type), "debug": self.spec.debug})
        try:
            with anyio.CancelScope() as self._scope, Contained(self.spec.id, self._break_down):
                try:
                    if self.spec.proxy_type is ProxyType.KATA:
                        await self._run_kata_proxy(visit, tell)
                    else:
                        await self._run_built_in(visit, tell)
                except GuestwatchError as error:
                    self._refused = error
                    self._proxy = ProxyFacts(state=ProxyState.FAILED, reason=str(error))
        finally:
            self._keep_last_words()
            self._scope = None
            self._gone.set()
            self._on_change()
            tell()

    def _break_down(self, error: Exception) -> None:
        """Tell of what nobody thought of, instead of ending capture with it."""
        words = f"guestwatch made a mistake: {error!r}"
        self._refused = CaptureError(words, hint="capture.log in the state folder tells more.")
        self._proxy = ProxyFacts(state=ProxyState.FAILED, reason=words)

    async def _run_built_in(self, visit: Visit, on_started: Callable[[], None]) -> None:
        watcher = (
            Watcher(self.spec, self._services, visit, self._absence, self._on_change)
            if self._watches()
            else None
        )
        async with new_proxy(
            self.spec.proxy_type,
            opener=watcher.open if watcher is not None else None,
            hybrid_vsock=True,
        ) as proxy:
            # Without debug a start only checks its parameters: a wrong one is
            # refused now, not when the console appears.
            handle = await proxy.start(self._params(debug=False))
            await proxy.stop(handle.pid)
            self._reading = watcher
            self._set_running(handle)
            on_started()
            if watcher is None:
                await anyio.sleep_forever()
            else:
                await watcher.run(proxy, self._params(debug=True))

    async def _run_kata_proxy(self, visit: Visit, on_started: Callable[[], None]) -> None:
        output = ProxyOutput(self.spec, self._services, visit, self._on_change)
        async with KataProxy(output=output.take, runtime_dir=self._services.runtime) as proxy:
            handle = await proxy.start(self._params(debug=self.spec.debug))
            try:
                output.record(handle.pid)
                self._reading = output
                self._set_running(handle)
                on_started()
                await proxy.ended.wait()
                visit.leaving = "the kata-proxy ended by itself"
                reason = f"{visit.leaving}: {proxy.exit_words}"
                self._proxy = ProxyFacts(state=ProxyState.FAILED, reason=reason)
            finally:
                with anyio.CancelScope(shield=True):
                    # Only stop ends a kata-proxy; whatever else ends this leaves it.
                    if self._is_stopping:
                        await proxy.stop(handle.pid)
                        self._survivor = 0 if proxy.ended.is_set() else handle.pid
                    await output.aclose(proxy.exit_words)

    def _watches(self) -> bool:
        spec = self.spec
        return (
            spec.debug
            and spec.proxy_type in (ProxyType.NO_PROXY, ProxyType.KATA_BUILT_IN)
            and bool(spec.console)
        )

    def _params(self, *, debug: bool) -> ProxyParams:
        spec = self.spec
        return ProxyParams(
            id=spec.id,
            path=spec.proxy_path,
            agent_url=spec.agent_url,
            console_url=spec.console,
            logger=console_log,
            hid=self._vmm_pid,
            debug=debug,
        )

    def _set_running(self, handle: ProxyHandle) -> None:
        self._set_proxy(ProxyFacts(state=ProxyState.RUNNING, pid=handle.pid, url=handle.url))

    def _set_proxy(self, facts: ProxyFacts) -> None:
        self._proxy = facts
        self._on_change()

    def _keep_last_words(self) -> None:
        """Keep what goes on being true once the proxy is stopped."""
        self._traffic = msgspec.structs.replace(self.traffic(), bytes_per_s=0.0)
        if self._reading is not None:
            reading, self._reading = self._reading, None
            self._received += reading.received
            self._generation = reading.generation or self._generation
            self._family = reading.family or self._family
            self._vmm_pid = reading.vmm_pid or self._vmm_pid
        self._rate, self._counted = 0.0, 0
        self._console = self._unwatched()

    # Facts.

    def facts(self) -> SandboxFacts:
        """All that is known of the sandbox now."""
        reading = self._reading
        folder = self._services.recordings / self.spec.id
        generation = (reading.generation if reading else "") or self._generation
        return SandboxFacts(
            spec=self.spec,
            family=(reading.family if reading else "") or self._family,
            vmm_pid=(reading.vmm_pid if reading else 0) or self._vmm_pid,
            proxy=self._proxy,
            console=reading.console if reading else self._console,
            traffic=self.traffic(),
            recordings=str(folder) if generation or os.path.isdir(folder) else "",  # noqa: PTH112 (never raises)
            generation=generation,
            recording_trouble=reading.trouble if reading else "",
            disk_bytes=self._services.usage.get(self.spec.id, 0),
            scan=self._services.scanning.facts(self.spec.id, generation),
        )

    def traffic(self) -> Traffic:
        """How much the console has given."""
        reading = self._reading
        if reading is None or not reading.generation:
            return self._traffic
        is_same = reading.generation == self._generation
        return Traffic(
            bytes=reading.size,
            bytes_per_s=self._rate,
            last_byte_at=reading.last_byte_at or (self._traffic.last_byte_at if is_same else 0.0),
        )

    @property
    def received(self) -> int:
        """How many bytes came since capture began, over all generations."""
        return self._received + (self._reading.received if self._reading is not None else 0)

    def count(self, seconds: float) -> None:
        """Work out the rate over the last `seconds`."""
        received = self._reading.received if self._reading is not None else 0
        self._rate = (received - self._counted) / seconds
        self._counted = received

    def _unwatched(self) -> ConsoleFacts:
        has_failed = self._proxy.state is ProxyState.FAILED
        reason, hint = why_not_watched(self.spec, has_failed=has_failed)
        return ConsoleFacts(
            state=ConsoleState.NOT_WATCHED, reason=reason, hint=hint, since=now().wall
        )


def why_not_watched(spec: SandboxSpec, *, has_failed: bool = False) -> tuple[str, str]:
    """Why nobody reads this sandbox's console, and what to do about it."""
    if spec.proxy_type is ProxyType.NOOP:
        return "a noopProxy never watches its console", "Give the sandbox another proxy type."
    if not spec.console:
        return "no console URL is known", "Name one: guestwatch watch NAME=unix:PATH"
    if not spec.debug:
        return "debug watching is off", "Turn it on."
    if has_failed:
        return "its proxy failed", "Start it again."
    return "the proxy is stopped", "Start it."
