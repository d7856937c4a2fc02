"""The demo's guests: five on real unix sockets, or one under QEMU."""

from __future__ import annotations

import functools
import time
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from core.demo import scripts
from core.demo.guest import DemoGuest
from core.demo.step import Script
from core.paths import make_folders
from core.proxy.types import ProxyType
from core.sandboxes.model import SandboxSpec

_FAMILIES = {
    "web-1": "qemu",
    "build-7": "qemu",
    "nginx-7c9": "kata",
    "fuzz-2": "qemu",
    "db-0": "qemu",
}
"""Each demo guest's id and what it plays."""

QEMU_ID = "guest"
"""The id of the one guest that QEMU runs."""


def demo_specs(folder: Path) -> list[SandboxSpec]:
    """The sandboxes of the guests that `run_guests(folder)` serves."""
    return [_spec(name, family, folder) for name, family in _FAMILIES.items()]


def qemu_specs(folder: Path) -> list[SandboxSpec]:
    """The sandbox of the guest that `run_qemu_guest(qemu_console(folder))` boots."""
    return [_spec(QEMU_ID, "qemu", folder)]


def qemu_console(folder: Path) -> Path:
    """Where the guest under QEMU has its console."""
    return _console(QEMU_ID, folder)


async def run_guests(
    folder: Path,
    *,
    pace: float = 1.0,
    wait: bool = False,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve every demo guest in `folder` until cancelled; then their sockets are gone.

    Args:
        folder: a private folder with a short path; made when it is not there.
        pace: what each delay is multiplied with; 0 plays without delays.
        wait: whether each guest says nothing before it has a client.
        task_status: told when every socket listens.

    Raises:
        DemoError: a socket could not be bound.
    """
    make_folders(folder)
    async with anyio.create_task_group() as tasks:
        for name, script in _scripts().items():
            guest = DemoGuest(_console(name, folder), script, pace=pace, wait=wait)
            await tasks.start(functools.partial(_run, guest))
        task_status.started()


async def _run(guest: DemoGuest, *, task_status: TaskStatus[None]) -> None:
    await guest.run(task_status=task_status)


def _scripts() -> dict[str, Script]:
    return {
        "web-1": scripts.web,
        "build-7": scripts.build,
        "nginx-7c9": lambda: scripts.kata(time.time()),
        "fuzz-2": scripts.crasher,
        "db-0": scripts.quiet,
    }


def _spec(name: str, family: str, folder: Path) -> SandboxSpec:
    is_kata = family == "kata"
    return SandboxSpec(
        id=name,
        console=f"unix:{_console(name, folder)}",
        family=family,
        proxy_type=ProxyType.KATA_BUILT_IN if is_kata else ProxyType.NO_PROXY,
        agent_url="vsock://7:1024" if is_kata else "",
    )


def _console(name: str, folder: Path) -> Path:
    return folder / f"{name}.sock"
