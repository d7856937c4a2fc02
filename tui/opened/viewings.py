"""The viewings of all sandboxes that this dashboard looks at or has looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from core.sandboxes.model import SandboxFacts
from tui.opened.viewing import Viewing

MAX_OPEN_HIDDEN = 64
"""Sandboxes whose recordings are held open without a pane; descriptors are few."""


def _ignore(sandbox_id: str, viewing: Viewing) -> None:
    """A viewing comes and goes, and nobody remembers it."""


class Viewings:
    """The viewings of all sandboxes, by id."""

    def __init__(self) -> None:
        self._viewings: dict[str, Viewing] = {}
        self.on_made: Callable[[str, Viewing], None] = _ignore
        """Called with each viewing before its recording is opened."""
        self.on_closing: Callable[[str, Viewing], None] = _ignore
        """Called with each viewing before it is closed."""

    def get(self, sandbox_id: str) -> Viewing | None:
        """The viewing of a sandbox, None while nothing of it was recorded."""
        return self._viewings.get(sandbox_id)

    def put(self, sandbox_id: str, viewing: Viewing) -> None:
        """Take a viewing of something else than what capture tells to be recorded."""
        self._viewings[sandbox_id] = viewing

    def of(self, facts: SandboxFacts) -> Viewing | None:
        """The viewing of this sandbox, opened if need be."""
        if not facts.recordings:
            return self._viewings.get(facts.id)
        folder = Path(facts.recordings)
        viewing = self._viewings.get(facts.id)
        if viewing is not None and viewing.folder != folder:
            viewing.close()
            viewing = None
        if viewing is None:
            viewing = self._viewings[facts.id] = Viewing(folder)
            self.on_made(facts.id, viewing)
        return viewing

    def of_hidden(self, facts: SandboxFacts) -> Viewing | None:
        """The viewing of a sandbox out of sight, opened while few are open."""
        if len(self._viewings) >= MAX_OPEN_HIDDEN:
            return self._viewings.get(facts.id)
        return self.of(facts)

    def keep(self, sandbox_ids: Iterable[str]) -> None:
        """Close the viewings of all other sandboxes."""
        kept = set(sandbox_ids)
        for sandbox_id in [known for known in self._viewings if known not in kept]:
            viewing = self._viewings.pop(sandbox_id)
            self.on_closing(sandbox_id, viewing)
            viewing.close()

    def close(self) -> None:
        """Close them all."""
        self.keep(())
