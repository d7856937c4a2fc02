"""The pictures of the README: `python -m tests.snapshots.screenshots` writes them anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio

from tests.snapshots.scenes import SCENES, scene_app, settle

FOLDER = Path(__file__).parent.parent.parent / "screenshots"

SHOTS: dict[str, tuple[str, str, tuple[int, int]]] = {
    "four-dark": ("four", "dark", (150, 42)),
    "four-light": ("four", "light", (150, 42)),
    "four-ansi": ("four", "ansi-dark", (120, 40)),
    "boot": ("one", "dark", (120, 36)),
    "agent": ("agent", "dark", (120, 30)),
    "rebooted": ("rebooted", "dark", (120, 36)),
    "zoom": ("zoom", "dark", (120, 36)),
    "nine": ("nine", "dark", (200, 60)),
    "small": ("four", "dark", (80, 24)),
    "states": ("states", "dark", (160, 50)),
    "help": ("help", "dark", (120, 40)),
    "confirm": ("confirm", "dark", (100, 30)),
    "take": ("take", "dark", (110, 32)),
    "empty": ("empty", "dark", (100, 30)),
    "search": ("searched", "dark", (150, 42)),
    "filter": ("filtered", "dark", (120, 36)),
    "events": ("events", "dark", (120, 40)),
    "trace": ("trace", "dark", (140, 44)),
    "locked": ("locked", "dark", (150, 42)),
    "interleaved": ("interleaved", "dark", (150, 42)),
    "badges": ("badges", "dark", (150, 42)),
    "wrapped": ("wrapped", "dark", (120, 36)),
    "high-contrast": ("four", "high-contrast", (150, 42)),
}
"""Each picture's scene, theme and size in columns and rows."""


def picture(name: str) -> str:
    """The SVG of one picture, the same bytes every time."""
    scene, theme, size = SHOTS[name]

    async def shoot(home: Path) -> str:
        with scene_app(SCENES[scene], home, theme=theme) as app:
            async with app.run_test(size=size) as pilot:
                await settle(pilot, SCENES[scene])
                return app.export_screenshot(title="guestwatch")

    with tempfile.TemporaryDirectory() as home:
        return anyio.run(shoot, Path(home))


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name in SHOTS:
        (FOLDER / f"{name}.svg").write_text(picture(name))


if __name__ == "__main__":
    import tests.pin_env  # noqa: F401  # before Textual is first asked for colours

    main()
