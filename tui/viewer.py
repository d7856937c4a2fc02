"""`guestwatch view` from its first byte to its last: one file or folder, and no capture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from core.clock import now
from core.console import safe_text
from core.console.place import Place
from core.plain_log import PlainLog
from tui.console_app import ConsoleApp
from tui.opened.library import LogLibrary, RecordingLibrary
from tui.opened.viewing import Viewing
from tui.screens.view import ViewScreen
from tui.states import sentences
from tui.themes.looks import STOCK_LOOKS, Looks
from tui.widgets.view_pane import Subject

if TYPE_CHECKING:
    from core.cli.command import ViewRequest
    from core.cli.viewed import RecordedView


class ViewApp(ConsoleApp):
    """The viewer as a program.

    Args:
        what: a recording's folder, or an open log; closed with the program.
        clock: seconds since the epoch, UTC.
        looks: colours and keys.
        at: where to go first; None for the end.
    """

    def __init__(
        self,
        what: RecordedView | PlainLog,
        *,
        clock: Callable[[], float],
        looks: Looks = STOCK_LOOKS,
        at: Place | None = None,
    ) -> None:
        super().__init__(looks)
        subject, viewing = _opened(what)
        self.view = ViewScreen(subject, viewing, clock, at=at)

    @property
    def home(self) -> ViewScreen:
        """The view."""
        return self.view


def open_view(request: ViewRequest, looks: Looks) -> int:
    """Show what was asked for until it is quit; returns the exit code."""
    app = ViewApp(request.what, clock=lambda: now().wall, looks=looks, at=request.at)
    anyio.run(_run, app)
    return app.return_code or 0


async def _run(app: ViewApp) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.home.finder.run)
        await app.run_async()
        tasks.cancel_scope.cancel()


def _opened(what: RecordedView | PlainLog) -> tuple[Subject, Viewing]:
    if isinstance(what, PlainLog):
        why = sentences("The file is empty", "What is written to it appears here")
        name = what.path.name or str(what.path)
        subject = Subject(name, str(what.path), safe_text("log"), why)
        return subject, Viewing(what.path, LogLibrary(what))
    why = sentences("Nothing was recorded yet", "What is recorded appears here")
    subject = Subject(what.name, str(what.folder), safe_text("recording"), why)
    library = RecordingLibrary(what.folder, what.only)
    return subject, Viewing(what.folder, library)
