"""What the pictures show: the dashboard at one moment, on recordings of real guests.

Snapshot tests and `screenshots/` are made from the same scenes. Everything stands
still: the clock is at `NOON`, and no guest says anything more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from textual.pilot import Pilot

from core.sandboxes.model import SandboxFacts
from tests.fakes import NOON, ScriptedLink
from tests.snapshots import guests
from tui.app import GuestwatchApp
from tui.opened.viewing import Viewing
from tui.screens.trace import TraceScreen
from tui.themes.looks import Looks

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Scene:
    """One moment of the dashboard."""

    name: str
    facts: Callable[[Path], list[SandboxFacts]]
    keys: tuple[str, ...] = ()
    """Pressed once everything is painted."""


@contextmanager
def scene_app(scene: Scene, home: Path, *, theme: str = "dark") -> Iterator[GuestwatchApp]:
    """The dashboard on `scene`, with its recordings below `home`."""
    with closing(ScriptedLink(scene.facts(home))) as link:
        yield GuestwatchApp(link, host="kvm07", clock=lambda: NOON, looks=Looks(theme))


async def settle(pilot: Pilot[None], scene: Scene) -> None:
    """Carry the scene's facts to the screen, wait until it is painted, then press its keys."""
    app = pilot.app
    assert isinstance(app, GuestwatchApp)
    app.run_worker(app.bridge.run())
    app.run_worker(app.home.finder.run())
    await _painted(pilot, app)
    for key in scene.keys:
        await pilot.press(key)
        await _painted(pilot, app)


async def _painted(pilot: Pilot[None], app: GuestwatchApp) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not app.dashboard.is_settled:
            await pilot.pause()
    # The panes read at their own rate; here they read now.
    await pilot.pause()
    grid = app.dashboard.stage.grid
    grid.beat()
    with anyio.fail_after(PATIENCE_S):
        while not grid.time_lock.is_settled(grid.panes):
            grid.beat()
            await pilot.pause()
    viewings = [pane.viewing for pane in grid.panes if pane.viewing is not None]
    while any(each.annotations.is_behind for each in viewings):
        grid.beat()
    for each in viewings:
        while each.shape.is_behind:
            each.shape.poll()
    with anyio.fail_after(PATIENCE_S):
        while not all(_is_searched(each) for each in viewings):
            await pilot.pause()
    grid.beat()
    app.dashboard.refresh_facts()
    app.dashboard.refresh_timeline()
    # The timeline's width is known after a layout.
    await pilot.pause()
    app.dashboard.refresh_timeline()
    await pilot.pause()
    if isinstance(app.screen, TraceScreen):
        with anyio.fail_after(PATIENCE_S):
            while not app.screen.is_settled:
                await pilot.pause()
        await pilot.pause()


def _is_searched(viewing: Viewing) -> bool:
    """Whether what it is filtered by, and what it is searched for, was looked for everywhere."""
    facts, search = viewing.filtering.facts, viewing.search
    is_counted = search is None or not search.search.is_counting
    return is_counted and (facts is None or "+" not in facts.count)


SCENES = {
    scene.name: scene
    for scene in (
        Scene("empty", lambda _: []),
        Scene("one", lambda home: [guests.web(home)]),
        Scene("four", guests.four),
        Scene("nine", guests.nine),
        Scene("zoom", guests.four, keys=("down", "z")),
        Scene("paused", guests.four, keys=("1", "pageup", "pageup")),
        Scene("agent", lambda home: [guests.pod(home)]),
        Scene("rebooted", lambda home: [guests.rebooted(home)], keys=("1",)),
        Scene("help", guests.four, keys=("question_mark",)),
        Scene("confirm", guests.kata_proxy, keys=("s",)),
        Scene("take", lambda home: [guests.held(), guests.web(home)], keys=("T",)),
        Scene("states", guests.in_each_state),
        Scene("wrapped", lambda home: [guests.pod(home)], keys=("1", "w", "x", "pageup")),
        *(
            Scene(f"state-{name}", partial(guests.only_state, name))
            for name in (
                "absent",
                "connecting",
                "waiting",
                "held",
                "silent",
                "ended",
                "failed",
                "unwatched",
                "stopped",
            )
        ),
        Scene("looks", guests.looks, keys=("1", "pageup")),
        Scene("events", guests.eventful, keys=("1", "z", "[", "[", "[", "[")),
        Scene("locked", guests.four, keys=("1", "pageup", "pageup", "equals_sign")),
        Scene("interleaved", guests.four, keys=("1", "i", "pageup")),
        Scene("badges", guests.talking, keys=("4", "P")),
        Scene(
            "filtered",
            lambda home: [guests.web(home)],
            keys=(
                "1",
                "ampersand",
                *"start",
                "enter",
                "+",
                "ampersand",
                "exclamation_mark",
                *"fin",
            ),
        ),
        Scene(
            "filtered-out",
            lambda home: [guests.web(home)],
            keys=("1", "ampersand", *"nothing", "enter"),
        ),
        Scene("searching", guests.four, keys=("1", "slash", *"start")),
        Scene("misspelt", guests.four, keys=("1", "slash", "ctrl+r", *"fail(")),
        Scene("searched", guests.four, keys=("1", "slash", *"start", "enter", "H", "N", "N")),
        Scene("selected", guests.four, keys=("2", "v", "up", "up", "up")),
        Scene("trace", guests.four, keys=("3", "exclamation_mark")),
    )
}
