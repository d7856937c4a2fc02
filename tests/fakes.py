"""Stand-ins for what the dashboard talks to. They play a part; they prove nothing about it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence

import anyio
import msgspec

from core.client import CaptureEvent, CaptureGone, SandboxChanged
from core.errors import CaptureUnreachable, CommandRefused
from core.proxy.types import ProxyType
from core.sandboxes.model import (
    ConsoleFacts,
    ConsoleState,
    ProxyFacts,
    ProxyState,
    SandboxFacts,
    SandboxSpec,
    Traffic,
)
from core.wire import Status

NOON = 1_795_435_471.0
"""2026-11-23 12:04:31 UTC: when everything in the pictures happens."""


class ScriptedLink:
    """A capture that says what the script says, and remembers what it was asked.

    Args:
        facts: the sandboxes it tells of at first.
    """

    def __init__(self, facts: Sequence[SandboxFacts] = ()) -> None:
        self.facts = {each.id: each for each in facts}
        self.asked: list[tuple[str, ...]] = []
        """Every command, as its name and its arguments."""
        self.refusals: dict[str, CommandRefused] = {}
        """By sandbox id: what its next command is refused with."""
        self.is_unreachable = False
        self._events, self._told = anyio.create_memory_object_stream[CaptureEvent](math.inf)

    def tell(self, event: CaptureEvent) -> None:
        """Let an event happen."""
        if isinstance(event, SandboxChanged):
            self.facts[event.facts.id] = event.facts
        self._events.send_nowait(event)

    def close(self) -> None:
        """End the script."""
        self._events.close()
        self._told.close()

    async def sandboxes(self) -> list[SandboxFacts]:
        if self.is_unreachable:
            raise CaptureUnreachable("Capture does not answer list", hint="Its log tells more.")
        return list(self.facts.values())

    async def events(self) -> AsyncIterator[CaptureEvent]:
        async for event in self._told:
            yield event
            if isinstance(event, CaptureGone):
                return

    async def watch(self, spec: SandboxSpec) -> None:
        self._answer("watch", spec.id)
        self.tell(SandboxChanged(SandboxFacts(spec=spec)))

    async def start(self, sandbox_id: str) -> None:
        self._answer("start", sandbox_id)
        self._set_proxy(sandbox_id, ProxyState.RUNNING)

    async def stop(self, sandbox_id: str) -> None:
        self._answer("stop", sandbox_id)
        self._set_proxy(sandbox_id, ProxyState.STOPPED)

    async def set_debug(self, sandbox_id: str, debug: bool) -> None:
        self._answer("set_debug", sandbox_id, str(debug))
        facts = self.facts[sandbox_id]
        spec = msgspec.structs.replace(facts.spec, debug=debug)
        self.tell(SandboxChanged(msgspec.structs.replace(facts, spec=spec)))

    async def take(self, sandbox_id: str) -> None:
        self._answer("take", sandbox_id)

    async def mark(self, sandbox_id: str, generation: str, offset: int, note: str) -> None:
        self._answer("mark", sandbox_id, generation, str(offset), note)

    async def unmark(self, sandbox_id: str, generation: str, mark: int) -> None:
        self._answer("unmark", sandbox_id, generation, str(mark))

    async def status(self) -> Status:
        if self.is_unreachable:
            raise CaptureUnreachable("Capture does not answer status", hint="Its log tells more.")
        return Status(
            version="0.1.0",
            protocol=2,
            pid=4711,
            since=NOON - 3600,
            started_by="dashboard",
            stays=False,
            viewers=1,
            clients=2,
            descriptors=40,
            descriptor_limit=1024,
            disk_bytes=48_000_000,
        )

    async def say_goodbye(self, *, keep: bool) -> None:
        self.asked.append(("say_goodbye", str(keep)))

    def _answer(self, command: str, sandbox_id: str, *more: str) -> None:
        self.asked.append((command, sandbox_id, *more))
        refusal = self.refusals.pop(sandbox_id, None)
        if refusal is not None:
            raise refusal

    def _set_proxy(self, sandbox_id: str, state: ProxyState) -> None:
        proxy = ProxyFacts(state=state)
        facts = msgspec.structs.replace(self.facts[sandbox_id], proxy=proxy)
        self.tell(SandboxChanged(facts))


def sandbox(
    sandbox_id: str,
    state: ConsoleState = ConsoleState.CONNECTED,
    *,
    name: str = "",
    family: str = "qemu",
    console: str = "",
    reason: str = "",
    hint: str = "",
    proxy: ProxyState | None = None,
    proxy_type: ProxyType = ProxyType.NO_PROXY,
    proxy_pid: int = 0,
    proxy_reason: str = "",
    debug: bool = True,
    silent_s: float = 0.5,
    bytes_per_s: float = 0.0,
    recorded: int = 0,
    recordings: str = "",
    generation: str = "",
    trouble: str = "",
    vmm_pid: int = 0,
    holder: tuple[int, str] = (0, ""),
) -> SandboxFacts:
    """The facts of a sandbox at `NOON`; running and watched unless said otherwise."""
    if proxy is None:
        proxy = ProxyState.STOPPED if state is ConsoleState.NOT_WATCHED else ProxyState.RUNNING
    return SandboxFacts(
        spec=SandboxSpec(
            id=sandbox_id,
            name=name,
            console=console or f"unix:/run/vm/{sandbox_id}/console.sock",
            family=family,
            proxy_type=proxy_type,
            debug=debug,
        ),
        family=family,
        vmm_pid=vmm_pid,
        proxy=ProxyFacts(state=proxy, pid=proxy_pid, reason=proxy_reason),
        console=ConsoleFacts(
            state=state,
            reason=reason,
            hint=hint,
            since=NOON - 60.0,
            holder_pid=holder[0],
            holder_name=holder[1],
        ),
        traffic=Traffic(bytes=recorded, bytes_per_s=bytes_per_s, last_byte_at=NOON - silent_s),
        recordings=recordings,
        generation=generation,
        recording_trouble=trouble,
    )
