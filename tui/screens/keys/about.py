"""The page for a report about guestwatch itself."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from core.surroundings import host, terminal, versions
from core.wire import Status
from tui.about import About, Latency
from tui.screens.about import AboutScreen
from tui.screens.pane_screen import PaneScreen


@runtime_checkable
class HasCapture(Protocol):
    """An application with a line to capture."""

    async def capture_status(self) -> Status | None:
        """What capture says of itself; None when it does not answer."""


class AboutKeys(PaneScreen):
    """The page for a report about guestwatch itself."""

    def action_about(self) -> None:
        """Show it on top of the panes."""
        app = self.app
        about = About(
            versions=versions(),
            terminal=terminal(),
            columns=app.size.width,
            rows=app.size.height,
            theme=app.theme,
            host=host(),
            has_colour=not app.no_color,
            status=None,
            sandboxes=tuple(self.facts),
            panes=len(self.panes),
            now=self.clock(),
            latency=Latency(0, 0.0, 0.0),
        )
        app.push_screen(AboutScreen(about, self._ask_capture))

    async def _ask_capture(self) -> Status | None:
        return await self.app.capture_status() if isinstance(self.app, HasCapture) else None
