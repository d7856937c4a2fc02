"""A demo of either kind: embedded guests (`replay`), or a real one (`qemu`)."""

from __future__ import annotations

from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from core.demo.demo import demo_specs, qemu_console, qemu_specs, run_guests
from core.demo.qemu import run_qemu_guest
from core.sandboxes.model import SandboxSpec

QEMU = "qemu"


async def perform(
    folder: Path, kind: str, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Run the guests in `folder` until cancelled.

    Raises:
        ToolsMissing: something a real guest takes is not installed.
        DemoError: a guest could not be started.
    """
    if kind == QEMU:
        await run_qemu_guest(qemu_console(folder), task_status=task_status)
    else:
        await run_guests(folder, task_status=task_status)


def specs_of(folder: Path, kind: str) -> tuple[SandboxSpec, ...]:
    """The sandboxes of the guests that `perform` runs there."""
    return tuple(qemu_specs(folder) if kind == QEMU else demo_specs(folder))
