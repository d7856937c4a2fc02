"""A viewer's line to capture."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.sandboxes.model import SandboxSpec
from tests.core.capture.conftest import PATIENCE_S, running_capture

pytestmark = pytest.mark.anyio


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "run").mkdir(mode=0o700)
    return Places(tmp_path / "run", tmp_path / "state")


async def test_many_tasks_may_ask_at_once(places: Places) -> None:
    async with running_capture(places) as client:
        with anyio.fail_after(PATIENCE_S):
            async with anyio.create_task_group() as tasks:
                for number in range(50):
                    # As long as a request may be, so that the socket cannot take them all.
                    spec = SandboxSpec(id=f"vm{number}", console="/" + "x" * 60_000, start=False)
                    tasks.start_soon(client.watch, spec)
        assert len(await client.sandboxes()) == 50
