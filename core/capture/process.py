"""A capture from its locks to its last byte.

The order matters: the locks first, then the socket, because only the locks' holder
may unlink and bind it; then readiness is told, then the consoles. At the end every
console is let go and what was read is on disk before the locks are.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from core import __version__, wire
from core.capture.control import ControlServer
from core.capture.control.listener import keep_bound, unbind_control
from core.capture.lock import BEAT_S, CaptureLock
from core.capture.notify import Notifier
from core.capture.places import Places
from core.capture.signals import EndSignals
from core.capture.supervisor import Supervisor
from core.capture.tally import Tally, tally_of
from core.capture.viewers import LINGER_S, Viewers
from core.clock import now
from core.limits import descriptor_limit, descriptors_open, raise_descriptor_limit
from core.sandboxes.model import SandboxSpec
from core.settings import Settings
from core.wire import CaptureGone, Event

log = logging.getLogger("guestwatch.capture")


@dataclass(slots=True)
class Wishes:
    """What a capture is asked to be."""

    stays: bool = False
    """Whether it runs on without viewers."""
    specs: Sequence[SandboxSpec] = ()
    """Sandboxes to watch from the start."""
    settings: Settings = field(default_factory=Settings)
    """What to keep and to warn of."""
    on_ready: Callable[[], None] = lambda: None
    """Called once viewers can connect."""
    linger_s: float = LINGER_S
    """How long a viewer that died without a word is waited for."""
    started_by: str = "dashboard"
    """As `wire.Status` has it."""
    notifier: Notifier = field(default_factory=Notifier)
    """Told how it goes."""
    runs_ahead: bool = False
    """Whether consoles are read ahead of whatever else the host does, where that is allowed."""


async def run_capture(
    places: Places,
    *,
    stays: bool,
    specs: Sequence[SandboxSpec] = (),
    settings: Settings | None = None,
    on_ready: Callable[[], None] = lambda: None,
    linger_s: float = LINGER_S,
    started_by: str = "dashboard",
    notifier: Notifier | None = None,
    runs_ahead: bool = False,
    signals: EndSignals | None = None,
) -> Tally:
    """Capture until nobody needs it, or until SIGINT, SIGTERM or SIGHUP; returns the sums.

    A second signal changes nothing.

    Args:
        places: where it lives.
        signals: taken already by the caller; by this when None.
        stays, specs, settings, on_ready, linger_s, started_by, notifier, runs_ahead: see
            `Wishes`.

    Raises:
        CaptureRunning: another one holds the locks.
        CaptureError: its folders cannot be written.
        UsageError: a spec is not valid.
    """
    wishes = Wishes(
        stays,
        specs,
        settings or Settings(),
        on_ready,
        linger_s,
        started_by,
        notifier or Notifier(),
        runs_ahead,
    )
    raise_descriptor_limit()
    taken = contextlib.nullcontext(signals) if signals is not None else EndSignals()
    with taken as ending, CaptureLock(places) as lock:
        try:
            return await _Capture(places, wishes, lock).run(ending)
        finally:
            unbind_control(places)


class _Capture:
    """A capture that holds its locks."""

    def __init__(self, places: Places, wishes: Wishes, lock: CaptureLock) -> None:
        self._places = places
        self._wishes = wishes
        self._lock = lock
        self._since = now().wall
        self._over = anyio.Event()
        self._viewers = Viewers(stays=wishes.stays, linger_s=wishes.linger_s)
        self._server: ControlServer
        self._supervisor: Supervisor

    async def run(self, signals: EndSignals) -> Tally:
        wishes = self._wishes
        async with anyio.create_task_group() as proxies, anyio.create_task_group() as tasks:
            supervisor = self._supervisor = Supervisor(
                self._places,
                proxies,
                self._publish,
                previous_alive=self._lock.previous_alive,
                runs_ahead=wishes.runs_ahead,
            )
            supervisor.configure(wishes.settings)
            server = self._server = ControlServer(
                supervisor, self._viewers, self._status, self._over.set
            )
            await tasks.start(keep_bound, self._places, self._lock, server)
            tasks.start_soon(supervisor.run)
            tasks.start_soon(self._beat)
            tasks.start_soon(self._end_on_signal, signals)
            tasks.start_soon(self._end_without_viewers)
            try:
                for spec in wishes.specs:
                    await supervisor.watch(spec)
                wishes.on_ready()
                wishes.notifier.ready()
                tasks.start_soon(wishes.notifier.keep_telling, supervisor.summary)
                await self._over.wait()
            finally:
                wishes.notifier.stopping()
                server.end()
                with anyio.CancelScope(shield=True):
                    await supervisor.release()
                    self._publish(CaptureGone("capture was stopped"))
                    # One turn of the loop, so that the last event is sent.
                    await anyio.sleep(0.05)
                server.close()
                tasks.cancel_scope.cancel()
            proxies.cancel_scope.cancel()
        # Outside the groups: what waited for a slow disk is written by now.
        return tally_of(self._places.recordings, self._supervisor.received(), self._since)

    def _publish(self, event: Event) -> None:
        self._server.publish(event)

    def _status(self) -> wire.Status:
        return wire.Status(
            version=__version__,
            protocol=wire.PROTOCOL,
            pid=os.getpid(),
            since=self._since,
            started_by=self._wishes.started_by,
            stays=self._viewers.stays,
            viewers=self._viewers.present,
            clients=self._server.clients,
            descriptors=descriptors_open(),
            descriptor_limit=descriptor_limit(),
            settings=self._supervisor.settings,
            disk_bytes=self._supervisor.disk_bytes,
            warnings=self._supervisor.warnings(),
        )

    async def _beat(self) -> None:
        # In a thread of its own: a disk that hangs keeps nobody from reading consoles.
        thread = anyio.CapacityLimiter(1)
        while True:
            await anyio.to_thread.run_sync(self._lock.beat, abandon_on_cancel=True, limiter=thread)
            await anyio.sleep(BEAT_S)

    async def _end_on_signal(self, signals: EndSignals) -> None:
        number = await signals.wait()
        log.info("ending on signal %s", number.name)
        self._over.set()

    async def _end_without_viewers(self) -> None:
        await self._viewers.all_gone()
        self._over.set()
