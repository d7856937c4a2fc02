"""What a kata-proxy prints, recorded in its console's place.

With debug on a kata-proxy dials the guest's console itself and logs each line of
it: the console is held by that process, and its output is the best there is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from core.capture.services import Services, Visit
from core.capture.watching.output import ProcessConsole
from core.capture.watching.session import Session
from core.capture.writing.spool import Spool
from core.clock import now
from core.errors import ConsoleError, RecordingError
from core.recording import Meta, Recorder
from core.recording.trouble import is_full
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec

log = logging.getLogger("guestwatch.capture")


class Unheard:
    """A sink for bytes that no proxy of ours logs: they are recorded already."""

    def feed(self, data: bytes) -> None:
        """Nothing to do."""

    def end(self, error: ConsoleError | None) -> None:
        """Nothing to do."""


class ProxyOutput:
    """Records one kata-proxy's output; a `Reading` of its sandbox.

    Args:
        spec: whose proxy.
        services: shared with the other consoles.
        visit: which run of the proxy this is.
        on_change: called whenever one of the public attributes changed.
    """

    def __init__(
        self, spec: SandboxSpec, services: Services, visit: Visit, on_change: Callable[[], None]
    ) -> None:
        self.console = ConsoleFacts(state=ConsoleState.CONNECTING, since=now().wall)
        self.family = spec.family or "kata"
        self.vmm_pid = 0
        self.generation = ""
        self.trouble = ""
        self._spec = spec
        self._services = services
        self._visit = visit
        self._on_change = on_change
        self._pipe: ProcessConsole | None = None
        self._session: Session | None = None
        self._spool: Spool | None = None

    @property
    def size(self) -> int:
        """How much the proxy printed."""
        return self._spool.size if self._spool is not None else 0

    @property
    def received(self) -> int:
        """How much the proxy printed since it is read."""
        return self._session.bytes if self._session is not None else 0

    @property
    def last_byte_at(self) -> float:
        """When it printed last: seconds since the epoch, 0 for never."""
        return self._session.last_byte_at if self._session is not None else 0.0

    def take(self, fd: int) -> None:
        """Take the read end of the pipe that the proxy prints into."""
        self._pipe = ProcessConsole(fd, self._spec.console)

    def record(self, pid: int) -> None:
        """Begin to record what the proxy with this pid prints."""
        self.console = self._held_by(pid)
        if self._pipe is None:
            return
        self._session = Session(self._pipe, Unheard(), self._services.loop)
        try:
            self._spool = self._begin(pid)
        except RecordingError as error:
            self.trouble = str(error)
            log.error("%s: its kata-proxy is read and not recorded: %s", self._spec.id, error)
        self._session.record(self._spool, b"")

    def _begin(self, pid: int) -> Spool:
        at = now()
        life = f"kata-proxy {pid} {at.wall:.3f}"
        services = self._services

        def begin() -> Recorder:
            return Recorder.begin(
                services.recordings,
                self._spec.id,
                life=life,
                meta=Meta.of(self._spec, life=life, pid=pid, family=self.family, at=at),
                at=at,
                segment_bytes=services.spools.segment_bytes,
            )

        def take(recorder: Recorder) -> None:
            self.generation = recorder.generation
            services.scanning.watch(self._spec.id, spool)
            self._on_change()

        try:
            recorder = begin()
        except RecordingError as error:
            if not is_full(error):
                raise
            # What it prints waits in memory until there is room.
            spool = Spool.pending(
                begin,
                error,
                services.tasks,
                self._set_trouble,
                on_open=take,
                spools=services.spools,
            )
        else:
            spool = Spool(recorder, services.tasks, self._set_trouble, spools=services.spools)
            take(recorder)
        spool.enter("proxy-started", self._visit.began, pid=pid, **self._visit.facts)
        spool.enter("attached", at, pid=pid, source="kata-proxy output")
        return spool

    async def aclose(self, exit_words: str) -> None:
        """Stop reading; what was printed is written first.

        Args:
            exit_words: how the proxy ended; empty when it still runs.
        """
        if self._session is not None:
            await self._session.aclose()
        elif self._pipe is not None:
            self._pipe.close()
        if self._spool is not None:
            at = now()
            if exit_words:
                self._spool.enter("ended", at)
                self._spool.enter("proxy-stopped", at, cause=self._visit.leaving, detail=exit_words)
            else:
                self._spool.enter("detached", at, cause=self._visit.leaving)
            await self._spool.aclose()
            self._services.scanning.forget(self._spool)

    def _set_trouble(self, trouble: str) -> None:
        self.trouble = trouble
        self._on_change()

    def _held_by(self, pid: int) -> ConsoleFacts:
        at = now().wall
        if not self._spec.debug:
            return ConsoleFacts(
                state=ConsoleState.NOT_WATCHED,
                reason="debug watching is off, so the kata-proxy leaves the console alone",
                hint="Turn debug on: the kata-proxy then reads it, and its output is recorded.",
                since=at,
            )
        reason, hint = "the kata-proxy reads this console; its output is recorded instead", ""
        if self._pipe is None:
            reason = (
                "a kata-proxy that ran before this capture did reads this console;"
                " its output cannot be recorded"
            )
            hint = "Stop the proxy and start it again to have its output recorded."
        return ConsoleFacts(
            state=ConsoleState.HELD,
            reason=reason,
            hint=hint,
            since=at,
            holder_pid=pid,
            holder_name=Path(self._spec.proxy_path).name,
        )
