"""A dashboard on a stage: the real program's parts, a scripted capture, and looks at the result."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import anyio
from textual.app import App
from textual.pilot import Pilot

from core.sandboxes.model import SandboxFacts
from core.session import Loaded
from tests.fakes import NOON, ScriptedLink
from tui.app import NOTHING_LOADED, GuestwatchApp
from tui.themes.looks import STOCK_LOOKS, Looks

HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "[red]x[/red] [",
    "a\x1b[2Jb\x1b]52;c;UFdORUQ=\x07c",
    "left\u202eright\u2066",
    "zero\u200bwidth\ufeff",
    "nul\x00del\x7fc1\x9b31m",
    "x" * 300,
)
"""Names and reasons that nobody should be able to do anything with."""


@dataclass
class Stage:
    """A dashboard that runs."""

    app: GuestwatchApp
    pilot: Pilot[None]
    link: ScriptedLink

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to be so."""
        with anyio.fail_after(10):
            while not condition():
                await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and let what they do be done."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def go_to_list(self) -> None:
        """Give the list the focus."""
        if not self.app.dashboard.stage.list.has_focus:
            await self.press("l")

    @property
    def text(self) -> str:
        """The whole screen as it is painted."""
        return screen_text(self.app)

    @property
    def selected(self) -> str:
        """The id of the selected sandbox."""
        return self.app.dashboard.stage.list.selected

    async def toasted(self, count: int) -> None:
        """Wait until so many toasts were shown."""
        await self.until(lambda: len(self.toasts) == count)

    @property
    def toasts(self) -> list[str]:
        """What the toasts say."""
        return [each.message for each in self.app._notifications]


@asynccontextmanager
async def dashboard(
    facts: Sequence[SandboxFacts] = (),
    *,
    size: tuple[int, int] = (120, 40),
    theme: str = "",
    link: ScriptedLink | None = None,
    clock: Callable[[], float] = lambda: NOON,
    host: str = "kvm07",
    looks: Looks = STOCK_LOOKS,
    loaded: Loaded = NOTHING_LOADED,
) -> AsyncIterator[Stage]:
    """A dashboard that shows these sandboxes, with its bridge beside it."""
    link = ScriptedLink(facts) if link is None else link
    looks = dataclasses.replace(looks, theme=theme or looks.theme)
    app = GuestwatchApp(link, host=host, clock=clock, looks=looks, loaded=loaded)
    with closing(link):
        async with (
            app.run_test(size=size, notifications=True) as pilot,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(app.bridge.run)
            tasks.start_soon(app.home.finder.run)
            stage = Stage(app, pilot, link)
            await stage.until(lambda: app.dashboard.is_settled)
            await pilot.pause()
            yield stage
            tasks.cancel_scope.cancel()


async def deliver(pilot: Pilot[None]) -> None:
    """Bring all that the app's link has to tell onto the screen.

    For pictures, whose app runs without a bridge beside it: `run_before=deliver`.
    """
    app = pilot.app
    assert isinstance(app, GuestwatchApp)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.bridge.run)
        with anyio.fail_after(10):
            await pilot.pause()
            while not app.dashboard.is_settled:
                await pilot.pause()
        await pilot.pause()
        tasks.cancel_scope.cancel()


def screen_text(app: App[None]) -> str:
    """Every row of the screen on top."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
