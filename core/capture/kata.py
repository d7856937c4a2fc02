"""What a kata-proxy prints, recorded in its console's place.

With debug on a kata-proxy dials the guest's console itself and logs each line of
it: the console is held by that process, and its output is the best there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.capture.output import ProcessConsole
from core.capture.services import Services
from core.capture.session import Session
from core.capture.spool import Spool
from core.clock import now
from core.errors import ConsoleError, RecordingError
from core.recording import Meta, Recorder
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec


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
        on_change: called whenever one of the public attributes changed.
    """

    def __init__(
        self, spec: SandboxSpec, services: Services, on_change: Callable[[], None]
    ) -> None:
        self.console = ConsoleFacts(state=ConsoleState.CONNECTING, since=now().wall)
        self.family = spec.family or "kata"
        self.vmm_pid = 0
        self.generation = ""
        self.trouble = ""
        self._spec = spec
        self._services = services
        self._on_change = on_change
        self._pipe: ProcessConsole | None = None
        self._session: Session | None = None
        self._spool: Spool | None = None

    @property
    def size(self) -> int:
        """How much the proxy printed."""
        return self._spool.recorder.size if self._spool is not None else 0

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
        at = now()
        life = f"kata-proxy {pid} {at.wall:.3f}"
        meta = Meta.of(self._spec, life=life, pid=pid, family=self.family, at=at)
        try:
            recorder = Recorder.begin(
                self._services.recordings, self._spec.id, life=life, meta=meta, at=at
            )
        except RecordingError as error:
            # The proxy must not stall on a full pipe, so it is read all the same.
            self.trouble = str(error)
            self._on_change()
            self._pipe.close()
            return
        self.generation = recorder.generation
        self._spool = Spool(recorder, self._services.tasks, self._set_trouble)
        self._spool.enter("attached", at, pid=pid, source="kata-proxy output")
        self._session = Session(self._pipe, Unheard(), self._services.loop)
        self._session.record(self._spool, b"")

    async def aclose(self) -> None:
        """Stop reading; what was read is written first."""
        if self._session is not None:
            await self._session.aclose()
        elif self._pipe is not None:
            self._pipe.close()
        if self._spool is not None:
            self._spool.enter("detached", now())
            await self._spool.aclose()

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
        return ConsoleFacts(
            state=ConsoleState.HELD,
            reason="the kata-proxy reads this console; its output is recorded instead",
            since=at,
            holder_pid=pid,
            holder_name=Path(self._spec.proxy_path).name,
        )
