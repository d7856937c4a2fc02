"""What is told of all sandboxes, whatever is the matter with the disk."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from core.capture.places import Places
from core.capture.supervisor import Supervisor
from core.sandboxes.named import sandbox_spec

pytestmark = pytest.mark.anyio


async def test_a_recordings_folder_that_cannot_be_looked_at_ends_nothing(tmp_path: Path) -> None:
    # The kernel takes no path of this length.
    places = Places(tmp_path, tmp_path.joinpath(*["x" * 200] * 30))
    spec = msgspec.structs.replace(sandbox_spec("vm1", "unix:/vm1.sock"), start=False)
    async with anyio.create_task_group() as tasks:
        supervisor = Supervisor(places, tasks, lambda _event: None)
        await supervisor.watch(spec)
        (facts,) = supervisor.facts()
    assert facts.recordings == ""
