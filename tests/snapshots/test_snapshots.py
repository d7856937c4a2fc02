"""The dashboard's pictures. A change of one is looked at before it is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.snapshots.scenes import SCENES, Scene, scene_app, settle
from tests.snapshots.screenshots import FOLDER, SHOTS, picture
from tui.themes.palettes import NAMES

SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 60)


class Compare(Protocol):
    """pytest-textual-snapshot's fixture."""

    def __call__(
        self,
        app: App[None],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], Awaitable[None]],
    ) -> bool: ...


def check(
    compare: Compare, scene: Scene, home: Path, size: tuple[int, int], theme: str = "dark"
) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await settle(pilot, scene)

    with scene_app(scene, home, theme=theme) as app:
        assert compare(app, terminal_size=size, run_before=ready)


@pytest.mark.parametrize("name", SCENES)
def test_scene(snap_compare: Compare, tmp_path: Path, name: str) -> None:
    """Every scene at 120x40, dark: nothing is cut, the state is told by glyph and word."""
    check(snap_compare, SCENES[name], tmp_path, MIDDLE)


@pytest.mark.parametrize("size", [(60, 15), SMALL, LARGE], ids=["60x15", "80x24", "200x60"])
@pytest.mark.parametrize(
    "name",
    [
        *("empty", "one", "four", "nine", "zoom", "help", "confirm", "states"),
        *("paused", "searching", "misspelt", "searched", "filtered", "filtered-out"),
        *("events", "selected", "trace", "locked", "interleaved", "badges", "wrapped"),
    ],
)
def test_size(snap_compare: Compare, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    """The main scenes where there is little room, and where there is much."""
    check(snap_compare, SCENES[name], tmp_path, size)


@pytest.mark.parametrize("theme", NAMES[1:])
@pytest.mark.parametrize("name", ["looks", "four", "states", "confirm", "help"])
def test_theme(snap_compare: Compare, tmp_path: Path, name: str, theme: str) -> None:
    """The guest's text is the brightest thing in every theme."""
    check(snap_compare, SCENES[name], tmp_path, MIDDLE, theme)


@pytest.mark.parametrize("name", ["looks", "four", "states"])
def test_no_color(
    snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without colours every state can still be told from every other."""
    monkeypatch.setenv("NO_COLOR", "1")
    check(snap_compare, SCENES[name], tmp_path, MIDDLE)


@pytest.mark.parametrize("name", SHOTS)
def test_the_readmes_pictures_are_fresh(name: str) -> None:
    """`make screenshots` writes them anew."""
    assert (FOLDER / f"{name}.svg").read_text() == picture(name), "run: make screenshots"
