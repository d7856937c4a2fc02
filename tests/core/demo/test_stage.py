"""Both kinds of demo are run and named by one word."""

from __future__ import annotations

import functools
from pathlib import Path

import anyio
import pytest

from core.demo.stage import perform, specs_of
from core.demo.tools import KERNEL_VARIABLE
from core.errors import ToolsMissing

pytestmark = pytest.mark.anyio


async def test_replay_serves_what_its_sandboxes_name(short_folder: Path) -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await tasks.start(functools.partial(perform, short_folder, "replay"))
            for spec in specs_of(short_folder, "replay"):
                assert Path(spec.console.removeprefix("unix:")).is_socket()
            tasks.cancel_scope.cancel()


async def test_real_guest_without_its_kernel_is_explained_at_the_start(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KERNEL_VARIABLE, str(short_folder / "none"))
    with pytest.raises(ToolsMissing, match="a kernel"):
        await perform(short_folder, "qemu")
    assert [spec.id for spec in specs_of(short_folder, "qemu")] == ["guest"]
    assert list(short_folder.iterdir()) == []
