"""The dashboard from its first byte to its last: capture found, screen run, goodbye said.

Textual does not wait for its workers when it ends. What must finish, a command on its
way and the goodbye, lives here, in a task group around the screen.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from core.capture.places import Places
from core.capture.spawn import ensure_capture, open_capture
from core.cli import DashboardRequest
from core.cli.main import report
from core.client import CaptureLink
from core.clock import now
from core.errors import CaptureError, CommandRefused, SessionError, UsageError
from core.sandboxes.model import SandboxSpec
from core.session import EMPTY, Loaded, load_session, save_session
from tui.themes.looks import Looks

if TYPE_CHECKING:
    from tui.app import GuestwatchApp

GOODBYE_S = 2.0
"""How long capture may take to answer a goodbye; without one it stays a minute."""


def open_dashboard(request: DashboardRequest, looks: Looks) -> int:
    """Show the dashboard until it is quit; returns the exit code.

    Raises:
        CaptureError: no capture could be had, or the demo not be started.
        UsageError: capture refused a sandbox that was named.
    """
    return anyio.run(_open, request, looks)


async def _open(request: DashboardRequest, looks: Looks) -> int:
    async with _places(request) as (places, specs):
        async with anyio.create_task_group() as tasks:
            # Loading Textual takes as long as starting a capture, so both at once.
            tasks.start_soon(ensure_capture, places)
            await anyio.to_thread.run_sync(import_module, "tui.app")
        async with open_capture(places) as link:
            if not request.demo:
                await link.configure(request.config.settings)
            await name_all(link, specs)
            loaded = Loaded(EMPTY) if request.is_fresh else load_session(places.state)
            return await _show(link, looks, loaded, places.state)


async def _show(link: CaptureLink, looks: Looks, loaded: Loaded, state: Path) -> int:
    from tui.app import GuestwatchApp

    host = os.uname().nodename
    app = GuestwatchApp(link, host=host, clock=_wall, looks=looks, loaded=loaded)
    try:
        return await run_dashboard(app, link, screen=app.run_async)
    finally:
        leave(app, state)


def leave(app: GuestwatchApp, state: Path) -> None:
    """Remember how the dashboard was left; where that is impossible, say so and no more.

    Args:
        app: it does not run any more.
        state: the state folder.
    """
    try:
        save_session(state, app.put_down())
    except SessionError as error:
        report(error)


async def run_dashboard(
    app: GuestwatchApp,
    link: CaptureLink,
    *,
    screen: Callable[[], Awaitable[None]],
    goodbye_s: float = GOODBYE_S,
) -> int:
    """Show what is behind `link` until the dashboard is quit; returns the exit code.

    Args:
        app: made for the same link.
        link: the line to capture.
        screen: runs the app; usually its `run_async`.
        goodbye_s: how long capture may take to answer the goodbye, in seconds.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.bridge.run)
        tasks.start_soon(app.home.finder.run)
        try:
            await screen()
        finally:
            # A capture that is gone already has nobody to take leave of.
            with (
                anyio.move_on_after(goodbye_s, shield=True),
                contextlib.suppress(CaptureError),
            ):
                await link.say_goodbye(keep=app.keeps_capture)
            tasks.cancel_scope.cancel()
    return app.return_code or 0


def _wall() -> float:
    return now().wall


async def name_all(link: CaptureLink, specs: Sequence[SandboxSpec]) -> None:
    """Name the sandboxes to capture.

    Raises:
        UsageError: it refused one.
    """
    for spec in specs:
        try:
            await link.watch(spec)
        except CommandRefused as error:
            raise UsageError(error.message, hint=error.hint) from error


@contextlib.asynccontextmanager
async def _places(
    request: DashboardRequest,
) -> AsyncIterator[tuple[Places, Sequence[SandboxSpec]]]:
    """Where capture lives and what it watches: the user's, or a demo's own."""
    if request.demo:
        from core.demo import open_demo

        async with open_demo(request.demo) as (places, specs):
            yield places, specs
    else:
        yield Places.of_this_user(), request.specs
