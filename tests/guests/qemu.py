"""Real QEMU guests for tests. Take the fixtures in with
`from tests.guests.qemu import qemu_guest, qemu_tools, short_folder` in a conftest.

Where QEMU, a kernel or a static busybox is missing the test is skipped and says what to
install; with GUESTWATCH_REQUIRE_QEMU=1 it fails.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from core.demo.initramfs import ConsoleDevice, build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess
from core.demo.tools import Tools, find_tools
from core.errors import ToolsMissing
from tests.guests.client import connect_soon, until
from tests.guests.needed import lack

PROMPT = b"guest:/# "
"""The guest's shell is ready for a line."""

PANIC_LINE = b"echo c > /proc/sysrq-trigger\n"


@dataclass(frozen=True, slots=True)
class RealGuest:
    """A guest that QEMU runs."""

    process: QemuProcess
    setup: GuestSetup

    @property
    def console(self) -> Path:
        """The unix socket its console is on."""
        return self.setup.console

    def connect(self) -> contextlib.AbstractContextManager[socket.socket]:
        """A client of its console."""
        return connect_soon(self.console)

    def tell(self, command: str) -> None:
        """Have its monitor do something: `cont`, `quit`, `system_reset`.

        Raises:
            RuntimeError: the monitor refused.
        """
        assert self.setup.qmp is not None
        with connect_soon(self.setup.qmp) as monitor, monitor.makefile("rw") as lines:
            lines.readline()
            for word in ("qmp_capabilities", command):
                lines.write(json.dumps({"execute": word}) + "\n")
                lines.flush()
                while "return" not in (answer := json.loads(lines.readline())):
                    if "error" in answer:
                        raise RuntimeError(answer["error"]["desc"])


class BootGuest(Protocol):
    """Boots a guest; it is ended with the test."""

    def __call__(
        self,
        *,
        console: Path | None = None,
        device: ConsoleDevice = ConsoleDevice.SERIAL,
        body: str = "echo guest ready",
        programs: Mapping[str, str] | None = None,
        panic_s: int = -1,
        paused: bool = False,
    ) -> RealGuest:
        """A guest whose console socket is there.

        Args:
            console: where; a short path of its own when None. The same path again,
                after the guest there has ended, is the next generation.
            device: what its console is.
            body: shell lines that run before its shell.
            programs: scripts for its /bin.
            panic_s: seconds from a panic to QEMU's end; 0 never.
            paused: whether it stands still until `tell("cont")`.
        """


@pytest.fixture(scope="session")
def qemu_tools() -> Tools:
    """What real guests are booted with; without it the test is skipped, or fails if it must run."""
    try:
        return find_tools()
    except ToolsMissing as missing:
        lack(f"{missing}. {missing.hint}")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A private folder whose path leaves room for a socket's name (107 bytes in all)."""
    folder = Path(tempfile.mkdtemp(prefix="gw-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def qemu_guest(qemu_tools: Tools, short_folder: Path) -> Iterator[BootGuest]:
    """Boots real guests."""
    with contextlib.ExitStack() as running:
        count = 0

        def boot(
            *,
            console: Path | None = None,
            device: ConsoleDevice = ConsoleDevice.SERIAL,
            body: str = "echo guest ready",
            programs: Mapping[str, str] | None = None,
            panic_s: int = -1,
            paused: bool = False,
        ) -> RealGuest:
            nonlocal count
            count += 1
            place = short_folder / f"qemu-{count}"
            setup = GuestSetup(
                tools=qemu_tools,
                initramfs=build_initramfs(
                    qemu_tools,
                    place.with_suffix(".cpio"),
                    body=body,
                    console=device,
                    programs=programs,
                ),
                console=console or place.with_suffix(".sock"),
                device=device,
                panic_s=panic_s,
                qmp=place.with_suffix(".qmp"),
                paused=paused,
            )
            process = QemuProcess(setup.argv(), log=place.with_suffix(".log"))
            running.enter_context(process)
            until(lambda: setup.console.is_socket() or process.exit_code is not None)
            assert process.exit_code is None, process.last_words
            return RealGuest(process, setup)

        yield boot
