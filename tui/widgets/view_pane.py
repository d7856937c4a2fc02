"""The pane of a recording or a log that is viewed by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.console import SafeStr, safe_text
from core.sandboxes.model import SandboxFacts, SandboxSpec
from tui.opened.viewing import Viewing
from tui.opened.viewings import Viewings
from tui.pane.facts import FrameFacts
from tui.states import LIVE_S
from tui.widgets.console_pane import ConsolePane

_GROWING = ("●", "growing", "live")
_AT_REST = ("■", "at rest", "ended")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is viewed."""

    name: str
    """The sandbox's id, or the file's name. Hostile, as `where`."""
    where: str
    """The folder or the file."""
    kind: SafeStr
    """One word: recording or log."""
    why_empty: SafeStr
    """What is said while there is no byte."""


class ViewPane(ConsolePane):
    """A console pane without a sandbox behind it: no state is known but whether it grows.

    Args:
        subject: what is viewed.
        viewing: it, open; closed with the pane.
    """

    DEFAULT_CSS = """
    ViewPane {
        width: 1fr;
        height: 1fr;
    }
    """

    def __init__(self, subject: Subject, viewing: Viewing) -> None:
        self._own = Viewings()
        super().__init__(self._own)
        self._subject = subject
        self._last_size = 0
        self._grew_at = float("-inf")
        spec = SandboxSpec(id=subject.name, console=subject.where)
        self._own.put(subject.name, viewing)
        self._subject_facts = SandboxFacts(spec=spec)

    def begin(self, now: float) -> None:
        """Show it.

        Args:
            now: seconds since the epoch, UTC.
        """
        self.show(self._subject_facts, 0, now)
        self._last_size = 0 if self.viewing is None else self.viewing.size

    def beat(self, now: float) -> None:
        """Look for new output and paint it."""
        super().beat(now)
        size = 0 if self.viewing is None else self.viewing.size
        was_growing = self._is_growing
        if size > self._last_size:
            self._grew_at = now
        self._last_size = size
        if self._is_growing != was_growing:
            self._reframe()

    def on_unmount(self) -> None:
        """Give the descriptors back."""
        self._own.close()

    @property
    def _is_growing(self) -> bool:
        return self._now - self._grew_at <= LIVE_S

    def _frame(self) -> FrameFacts:
        glyph, word, tone = _GROWING if self._is_growing else _AT_REST
        return replace(
            super()._frame(),
            family=self._subject.kind,
            glyph=glyph,
            word=safe_text(word),
            tone=tone,
        )

    def _why_empty(self) -> SafeStr:
        return self._subject.why_empty
