"""One sandbox in capture: its proxy's life, and the facts that are told of it.

`start`, `stop` and `set_debug` are serialised by a lock. A started proxy lives in
one task (`_run`), which owns the proxy's block; `stop` cancels that task and waits
until it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
import msgspec
from anyio.abc import TaskStatus

from core.capture.kata import ProxyOutput
from core.capture.services import Reading, Services
from core.capture.watcher import Watcher
from core.clock import now
from core.errors import GuestwatchError
from core.proxy import KataProxy, ProxyHandle, ProxyParams, ProxyType, new_proxy
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
        self._generation = ""
        self._family = spec.family
        self._vmm_pid = 0
        self._rate = 0.0
        self._counted = 0

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

    async def set_debug(self, debug: bool) -> None:
        """Turn debug watching on or off; a running proxy is restarted with it.

        Raises:
            ProxyError: it could not be started again.
        """
        async with self._lock:
            if debug == self.spec.debug:
                return
            runs = self._scope is not None
            await self._stop()
            self.spec = msgspec.structs.replace(self.spec, debug=debug)
            self._console = self._unwatched()
            if runs:
                await self._start()
            self._on_change()

    async def release(self) -> None:
        """Let the console go because capture ends; a kata-proxy process is left alone."""
        async with self._lock:
            self._ending = True
            await self._cancel()

    async def _start(self) -> None:
        if self._scope is not None:
            return
        self._set_proxy(ProxyFacts(state=ProxyState.STARTING))
        try:
            await self._services.tasks.start(self._run)
        except GuestwatchError as error:
            self._set_proxy(ProxyFacts(state=ProxyState.FAILED, reason=str(error)))
            raise

    async def _stop(self) -> None:
        await self._cancel()
        if self._proxy.state is not ProxyState.STOPPED:
            self._console = self._unwatched()
            self._set_proxy(ProxyFacts())

    async def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.cancel()
            await self._gone.wait()

    # The proxy's life.

    async def _run(self, *, task_status: TaskStatus[None]) -> None:
        """Own the proxy until cancelled. Errors before `started` go to `start`'s caller."""
        self._gone = anyio.Event()
        try:
            with anyio.CancelScope() as self._scope:
                if self.spec.proxy_type is ProxyType.KATA:
                    await self._run_kata_proxy(task_status)
                else:
                    await self._run_built_in(task_status)
        finally:
            self._keep_last_words()
            self._scope = None
            self._gone.set()

    async def _run_built_in(self, task_status: TaskStatus[None]) -> None:
        watcher = Watcher(self.spec, self._services, self._on_change) if self._watches() else None
        refused: GuestwatchError | None = None
        async with new_proxy(
            self.spec.proxy_type, opener=watcher.open if watcher is not None else None
        ) as proxy:
            try:
                # Without debug a start only checks its parameters: a wrong one is
                # refused now, not when the console appears.
                handle = await proxy.start(self._params(debug=False))
                await proxy.stop(handle.pid)
            except GuestwatchError as error:
                refused = error
            else:
                self._reading = watcher
                self._set_running(handle)
                task_status.started()
                if watcher is None:
                    await anyio.sleep_forever()
                else:
                    await watcher.run(proxy, self._params(debug=True))
        if refused is not None:
            raise refused

    async def _run_kata_proxy(self, task_status: TaskStatus[None]) -> None:
        output = ProxyOutput(self.spec, self._services, self._on_change)
        refused: GuestwatchError | None = None
        async with KataProxy(output=output.take) as proxy:
            try:
                handle = await proxy.start(self._params(debug=self.spec.debug))
            except GuestwatchError as error:
                refused = error
            else:
                try:
                    self._reading = output
                    output.record(handle.pid)
                    self._set_running(handle)
                    task_status.started()
                    await proxy.ended.wait()
                    self._set_proxy(
                        ProxyFacts(
                            state=ProxyState.FAILED,
                            reason=f"the kata-proxy ended by itself: {proxy.exit_words}",
                        )
                    )
                finally:
                    with anyio.CancelScope(shield=True):
                        if self._ending:
                            # Only stop ends a kata-proxy; capture's own end leaves it.
                            pass
                        else:
                            await proxy.stop(handle.pid)
                        await output.aclose()
        if refused is not None:
            raise refused

    def _watches(self) -> bool:
        spec = self.spec
        return (
            spec.debug
            and spec.proxy_type in (ProxyType.NO_PROXY, ProxyType.KATA_BUILT_IN)
            and bool(spec.console)
            and not spec.console.startswith("hvsock:")
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
        if self._reading is not None:
            reading, self._reading = self._reading, None
            self._generation = reading.generation or self._generation
            self._family = reading.family or self._family
            self._vmm_pid = reading.vmm_pid

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
            recordings=str(folder) if generation or folder.is_dir() else "",
            generation=generation,
            recording_trouble=reading.trouble if reading else "",
        )

    def traffic(self) -> Traffic:
        """How much the console has given."""
        reading = self._reading
        if reading is None:
            return Traffic()
        return Traffic(
            bytes=reading.size, bytes_per_s=self._rate, last_byte_at=reading.last_byte_at
        )

    def count(self, seconds: float) -> None:
        """Work out the rate over the last `seconds`."""
        total = self._reading.size if self._reading else 0
        # A new generation counts from nothing again.
        self._rate = max(0, total - self._counted) / seconds
        self._counted = total

    def _unwatched(self) -> ConsoleFacts:
        reason, hint = why_not_watched(self.spec)
        return ConsoleFacts(
            state=ConsoleState.NOT_WATCHED, reason=reason, hint=hint, since=now().wall
        )


def why_not_watched(spec: SandboxSpec) -> tuple[str, str]:
    """Why nobody reads this sandbox's console, and what to do about it."""
    if spec.proxy_type is ProxyType.NOOP:
        return "a noopProxy never watches its console", "Give the sandbox another proxy type."
    if not spec.console:
        return "no console URL is known", "Name one: guestwatch watch NAME=unix:PATH"
    if spec.console.startswith("hvsock:"):
        return "a hybrid vsock is no console", "Name the VM's serial console."
    if not spec.debug:
        return "debug watching is off", "Turn it on."
    return "the proxy is stopped", "Start it."
