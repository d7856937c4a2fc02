"""All sandboxes of a capture: named, started, stopped, counted, and told about."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from core.capture import marking
from core.capture.places import Places
from core.capture.priority import Priority
from core.capture.readloop import ReadLoop
from core.capture.sandbox import Sandbox
from core.capture.scanning import Scanning
from core.capture.services import Services
from core.capture.watching.asking import Asking
from core.capture.watching.noticing import Noticing
from core.capture.writing.janitor import Janitor
from core.capture.writing.spools import Spools
from core.errors import GuestwatchError, SandboxClash, UsageError
from core.limits import descriptor_limit, shortage
from core.sandboxes.ids import check_sandbox_id
from core.sandboxes.model import AlertFacts, ConsoleState, SandboxFacts, SandboxSpec, Traffic
from core.sandboxes.named import place_of
from core.settings import Settings
from core.wire import AlertRaised, Event, Mark, SandboxChanged, TrafficCounted, Unmark

log = logging.getLogger("guestwatch.capture")

MAX_SANDBOXES = 4096
"""How many sandboxes one capture takes: nobody who may command it makes it grow for ever."""

COUNT_S = 1.0
"""How often traffic is counted and told."""

COUNT_AT_ONCE = 100
"""After so many the consoles are read again: half a millisecond's work."""


class UnknownSandbox(UsageError):
    """A command for a sandbox nobody named."""


class TooManySandboxes(UsageError):
    """A sandbox more than one capture takes."""


class Supervisor:
    """Holds every sandbox; `run` reads their consoles.

    Args:
        places: the folders of this capture.
        tasks: where proxies and slow disks' writers live.
        publish: told every event; must return at once.
        previous_alive: when the capture before this one was last alive; 0 when unknown.
        runs_ahead: whether consoles are read ahead of whatever else the host does.
    """

    def __init__(
        self,
        places: Places,
        tasks: TaskGroup,
        publish: Callable[[Event], None],
        *,
        previous_alive: float = 0.0,
        runs_ahead: bool = False,
    ) -> None:
        spools = Spools()
        self._scanning = Scanning(self._raise_alert, self._tell)
        self._janitor = Janitor(places.recordings, spools, self._tell_usage)
        self._services = Services(
            loop=ReadLoop(Priority() if runs_ahead else None),
            recordings=places.recordings,
            runtime=places.runtime,
            previous_alive=previous_alive,
            noticing=Noticing(),
            asking=Asking(),
            tasks=tasks,
            scanning=self._scanning,
            spools=spools,
            usage=self._janitor.usage,
        )
        self._publish = publish
        self._sandboxes: dict[str, Sandbox] = {}
        self._settings = Settings()

    async def run(self) -> None:
        """Read consoles and count traffic until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._services.loop.run)
            tasks.start_soon(self._services.noticing.run)
            tasks.start_soon(self._scanning.run)
            tasks.start_soon(self._count)
            tasks.start_soon(self._janitor.run)

    async def watch(self, spec: SandboxSpec) -> None:
        """Add a sandbox, and start its proxy when `spec.start` says so.

        A start that fails is told in the sandbox's facts.

        Raises:
            InvalidSandboxId: the id may not be one.
            ConsoleError: the URL's scheme has no endpoint.
            InvalidConsoleUrl: the URL names no console.
            SandboxClash: the id is taken by another console URL.
            TooManySandboxes: there are `MAX_SANDBOXES` already.
        """
        check_sandbox_id(spec.id)
        place = place_of(spec)
        known = self._sandboxes.get(spec.id)
        if known is not None:
            if place_of(known.spec) != place:
                raise SandboxClash(
                    f"{spec.id} is watched already, with another console: {known.spec.console}",
                    hint="Give one of the two another name.",
                )
            return
        if len(self._sandboxes) >= MAX_SANDBOXES:
            raise TooManySandboxes(
                f"{MAX_SANDBOXES:,} sandboxes are known already", hint="Start capture anew."
            )
        sandbox = Sandbox(spec, self._services, lambda: self._tell(spec.id))
        had_enough = not self.warnings()
        self._sandboxes[spec.id] = sandbox
        if had_enough:
            for words in self.warnings():
                log.warning("%s", words)
        self._tell(spec.id)
        await self._scanning.catch_up(self._services.recordings, spec.id)
        if spec.start:
            try:
                await sandbox.start()
            except GuestwatchError as error:
                log.warning("%s could not be started: %s", spec.id, error)

    def get(self, sandbox_id: str) -> Sandbox:
        """The sandbox with this id.

        Raises:
            UnknownSandbox: there is none.
        """
        try:
            return self._sandboxes[sandbox_id]
        except KeyError:
            raise UnknownSandbox(
                f"No sandbox is called {sandbox_id[:64]}", hint="guestwatch shows all of them."
            ) from None

    async def mark(self, wish: Mark) -> None:
        """Enter a viewer's mark into a sandbox's recording.

        Raises:
            UnknownSandbox: there is no such sandbox.
            CaptureError: it has no such generation.
            RecordingError: the mark cannot be entered.
        """
        self.get(wish.id)
        await marking.mark(self._services.recordings, wish)

    async def unmark(self, wish: Unmark) -> None:
        """Take a mark away again.

        Raises:
            UnknownSandbox: there is no such sandbox.
            CaptureError: it has no such generation.
            RecordingError: there is no such mark, or that cannot be entered.
        """
        self.get(wish.id)
        await marking.unmark(self._services.recordings, wish)

    def configure(self, settings: Settings) -> None:
        """Keep and warn of what `settings` say, from now on.

        Raises:
            InvalidAlertPattern: an alert's pattern cannot be used; nothing has changed.
        """
        self._scanning.configure(settings.alerts)
        self._settings = settings
        self._janitor.configure(settings)

    @property
    def settings(self) -> Settings:
        """What is kept and warned of."""
        return self._settings

    @property
    def disk_bytes(self) -> int:
        """How much all recordings take on disk, whoever watches them."""
        return sum(self._janitor.usage.values())

    def warnings(self) -> tuple[str, ...]:
        """What somebody should see to, in words."""
        words = shortage(len(self._sandboxes), descriptor_limit())
        return (words,) if words else ()

    def summary(self) -> str:
        """How it goes, in one line without any name."""
        watched = sum(
            sandbox.facts().console.state is ConsoleState.CONNECTED
            for sandbox in self._sandboxes.values()
        )
        received = sum(sandbox.received for sandbox in self._sandboxes.values())
        return f"{watched} of {len(self._sandboxes)} consoles connected, {received} bytes recorded"

    def received(self) -> dict[str, int]:
        """How many bytes each sandbox's console gave since capture began, by id."""
        return {key: sandbox.received for key, sandbox in self._sandboxes.items()}

    def facts(self) -> list[SandboxFacts]:
        """All that is known, in the order the sandboxes appeared."""
        return [sandbox.facts() for sandbox in self._sandboxes.values()]

    async def release(self) -> None:
        """Let every console go, to the last byte that was read."""
        async with anyio.create_task_group() as tasks:
            for sandbox in self._sandboxes.values():
                tasks.start_soon(sandbox.release)
        await self._scanning.drain()

    async def _count(self) -> None:
        last = anyio.current_time()
        told: dict[str, Traffic] = {}
        while True:
            await anyio.sleep(COUNT_S)
            at = anyio.current_time()
            traffic = {}
            for number, (key, sandbox) in enumerate(list(self._sandboxes.items())):
                sandbox.count(at - last)
                traffic[key] = sandbox.traffic()
                if number % COUNT_AT_ONCE == COUNT_AT_ONCE - 1:
                    await anyio.lowlevel.checkpoint()
            last = at
            if traffic != told:
                self._publish(TrafficCounted(traffic))
                told = traffic

    def _tell_usage(self, sandbox_id: str) -> None:
        # There are recordings of sandboxes that nobody named this time.
        if sandbox_id in self._sandboxes:
            self._tell(sandbox_id)

    def _raise_alert(self, sandbox_id: str, alert: AlertFacts) -> None:
        self._publish(AlertRaised(sandbox_id, alert))
        self._tell(sandbox_id)

    def _tell(self, sandbox_id: str) -> None:
        self._publish(SandboxChanged(self._sandboxes[sandbox_id].facts()))
