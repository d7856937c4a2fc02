"""The sandboxes the dashboard knows, in the order they appeared, and the one selected.

Pure: facts go in, answers come out; no widget and no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from core.sandboxes.model import (
    ConsoleFacts,
    ConsoleState,
    ProxyState,
    SandboxFacts,
    Traffic,
)
from tui.states import in_trouble

_OVER = (ConsoleState.ENDED, ConsoleState.FAILED)
"""The states that stay true when nobody is there to look."""


class Roster:
    """All facts, by sandbox."""

    def __init__(self) -> None:
        self._facts: dict[str, SandboxFacts] = {}
        self._selected = ""
        self.is_known = False
        """Whether capture has told of its sandboxes, so that none means none."""

    def __len__(self) -> int:
        return len(self._facts)

    def replace(self, all_facts: Iterable[SandboxFacts]) -> None:
        """Take the whole list for what there is."""
        self._facts = {facts.id: facts for facts in all_facts}
        self.is_known = True
        self._keep_selection()

    def take(self, facts: SandboxFacts) -> None:
        """Take one sandbox's facts; a new one comes last."""
        self._facts[facts.id] = facts
        self._keep_selection()

    def count(self, traffic: Mapping[str, Traffic]) -> None:
        """Take the traffic of those sandboxes that are known."""
        for sandbox_id, counted in traffic.items():
            facts = self._facts.get(sandbox_id)
            if facts is not None:
                self._facts[sandbox_id] = msgspec.structs.replace(facts, traffic=counted)

    def lose(self) -> None:
        """Capture is gone: no console is read any more. What ended or failed stays so."""
        self.is_known = True
        for sandbox_id, facts in self._facts.items():
            if facts.console.state not in _OVER and is_running(facts):
                self._facts[sandbox_id] = msgspec.structs.replace(
                    facts,
                    console=ConsoleFacts(reason="capture is gone", since=facts.console.since),
                    traffic=msgspec.structs.replace(facts.traffic, bytes_per_s=0.0),
                )

    @property
    def all(self) -> tuple[SandboxFacts, ...]:
        """Every sandbox, in order."""
        return tuple(self._facts.values())

    @property
    def shown(self) -> tuple[SandboxFacts, ...]:
        """The sandboxes that have a pane, in order."""
        return tuple(facts for facts in self._facts.values() if has_pane(facts))

    @property
    def watched(self) -> int:
        """How many consoles are watched."""
        return sum(is_watched(facts) for facts in self._facts.values())

    @property
    def troubled(self) -> int:
        """How many sandboxes need somebody."""
        return sum(in_trouble(facts) for facts in self._facts.values())

    @property
    def selected(self) -> SandboxFacts | None:
        """The selected sandbox; None when there is none at all."""
        return self._facts.get(self._selected)

    def select(self, sandbox_id: str) -> bool:
        """Select a sandbox; whether that changed anything."""
        if sandbox_id not in self._facts or sandbox_id == self._selected:
            return False
        self._selected = sandbox_id
        return True

    def move(self, by: int) -> bool:
        """Select the sandbox `by` places further down, stopping at the ends."""
        ids = list(self._facts)
        if not ids:
            return False
        at = ids.index(self._selected) + by
        return self.select(ids[max(0, min(len(ids) - 1, at))])

    def _keep_selection(self) -> None:
        if self._selected not in self._facts:
            self._selected = next(iter(self._facts), "")


def is_watched(facts: SandboxFacts) -> bool:
    """Whether somebody watches the sandbox's console: its proxy runs with debug on."""
    return (
        facts.spec.debug
        and facts.proxy.state is ProxyState.RUNNING
        and facts.console.state is not ConsoleState.NOT_WATCHED
    )


def is_running(facts: SandboxFacts) -> bool:
    """Whether the sandbox's proxy runs, or is about to."""
    return facts.proxy.state in (ProxyState.STARTING, ProxyState.RUNNING)


def has_pane(facts: SandboxFacts) -> bool:
    """Whether there is a pane: for what is watched or should be, and what was recorded."""
    if facts.recordings:
        return True
    return facts.spec.debug and facts.proxy.state is not ProxyState.STOPPED
