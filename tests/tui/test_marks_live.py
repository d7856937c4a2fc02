"""Marks and events of a guest that is captured while the dashboard looks on."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.clock import now
from core.recording import EventKind, Events
from tests.core.capture.conftest import Chardev, chardev, places, running_capture
from tests.tui.panes import inner
from tui.app import GuestwatchApp

__all__ = ["chardev", "places"]

pytestmark = pytest.mark.anyio


async def test_a_mark_is_entered_by_capture_and_shown_between_the_guests_lines(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"one\n[    1.000000] Kernel panic - not syncing: test\nthree\n")
        app = GuestwatchApp(client, host="kvm07", clock=lambda: now().wall)
        async with (
            app.run_test(size=(100, 40), notifications=True) as pilot,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(app.bridge.run)

            def shown() -> list[str]:
                pane = app.dashboard.pane
                return [] if pane is None else inner(pane)

            async def until_shown(*words: str) -> None:
                with anyio.fail_after(20):
                    while not all(any(word in row for row in shown()) for word in words):
                        await pilot.pause()

            await until_shown("► proxy started", "● attached", "three", "▲ panic")
            await pilot.press("m", *"it died", "enter")
            await until_shown("◆ mark", "it died")
            rows = shown()
            at = next(i for i, row in enumerate(rows) if "it died" in row)
            assert rows[at + 1].endswith("three")
            assert next(i for i, row in enumerate(rows) if "▲ panic" in row) < at

            await pilot.press("'", "M")
            with anyio.fail_after(20):
                while any("◆ mark" in row for row in shown()):
                    await pilot.pause()
            (facts,) = app.dashboard.roster.all
            tasks.cancel_scope.cancel()
        events = Events(Path(facts.recordings) / facts.generation)
        while events.refresh():
            pass
        kinds = [event.kind for event in events.forward(0)]
        assert EventKind.MARK not in kinds
        assert kinds[-1] is EventKind.ALERT
