"""A real guest under QEMU, with its console on a unix socket.

Emulated (TCG), so that it needs neither KVM nor root; a boot takes a few seconds.
QEMU runs in a session of its own, so that a terminal's Ctrl-C does not reach it, and
is always ended: by `end`, and by the kernel when the starting process dies first.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import anyio
import anyio.to_thread
from anyio.abc import TaskStatus

from core.demo.initramfs import ConsoleDevice, build_initramfs
from core.demo.tools import Tools, find_tools
from core.errors import DemoError

MEMORY_MB = 256
START_S = 10.0
"""QEMU binds its sockets within this, or does not start at all."""

_END_S = 2.0
"""How long QEMU may take to obey SIGTERM."""

_OFF_S = 2.0
"""How long the demo's guest stays off between two boots: long enough to be seen ended."""

_DEMO_BODY = """\
echo guest ready
(n=0; while sleep 2; do n=$((n+2)); echo "heartbeat $n s, load $(cat /proc/loadavg)"; done) &
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSetup:
    """One real guest, as QEMU is told to run it."""

    tools: Tools
    initramfs: Path
    console: Path
    """The unix socket its console is on."""
    device: ConsoleDevice = ConsoleDevice.SERIAL
    """What the initramfs was built for."""
    panic_s: int = -1
    """The kernel's `panic=`: seconds from a panic to QEMU's end, -1 at once, 0 never."""
    qmp: Path | None = None
    """A unix socket for QEMU's monitor, when one is wanted."""
    paused: bool = False
    """Whether the guest stands still until its monitor says `cont`."""

    def argv(self) -> list[str]:
        """QEMU's command line. The socket serves without waiting for a client (`wait=off`)."""
        kernel_line = f"console={self.device} panic={self.panic_s} rdinit=/init"
        argv = [
            *(str(self.tools.qemu), "-accel", "tcg", "-m", str(MEMORY_MB)),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-kernel", str(self.tools.kernel), "-initrd", str(self.initramfs)),
            *("-append", kernel_line),
            *("-chardev", f"socket,id=con,path={_quoted(self.console)},server=on,wait=off"),
        ]
        if self.device is ConsoleDevice.SERIAL:
            argv += ["-device", "isa-serial,chardev=con"]
        else:
            argv += ["-device", "virtio-serial-pci", "-device", "virtconsole,chardev=con"]
        if self.qmp is not None:
            argv += ["-qmp", f"unix:{_quoted(self.qmp)},server=on,wait=off"]
        if self.paused:
            argv.append("-S")
        return argv


class QemuProcess:
    """QEMU as a child process; use it in a `with` block, which ends it."""

    def __init__(self, argv: Sequence[str], *, log: Path) -> None:
        """Start it; what it says on stdout and stderr goes to `log`.

        Raises:
            DemoError: it could not be run.
        """
        # The kernel ends it when this thread dies, whatever way the program went.
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
        self.log = log
        try:
            with log.open("wb") as output:
                self._child = subprocess.Popen(
                    [*guard, *argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise DemoError(f"Cannot run {argv[0]}: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """QEMU's pid."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._child.poll()

    @property
    def last_words(self) -> str:
        """The last line it said on stderr. From outside: hostile until sanitised."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def wait(self, timeout_s: float) -> int:
        """What it ended with, once it has.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout_s`.
        """
        return self._child.wait(timeout_s)

    def end(self) -> None:
        """End it now, in a few seconds at most. Harmless when it has ended."""
        if self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()

    def __enter__(self) -> QemuProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


async def run_qemu_guest(
    console: Path, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Boot a real guest with its console at `console`, and again whenever it ends.

    Runs until cancelled. Its initramfs and QEMU's log go beside the socket.

    Raises:
        ToolsMissing: something it takes is not installed.
        DemoError: QEMU did not start.
    """
    tools = find_tools()
    initramfs = console.with_suffix(".cpio")
    await anyio.to_thread.run_sync(lambda: build_initramfs(tools, initramfs, body=_DEMO_BODY))
    argv = GuestSetup(tools=tools, initramfs=initramfs, console=console).argv()
    is_started = False
    while True:
        # QEMU would replace a socket left there, but it must not be taken for QEMU's.
        console.unlink(missing_ok=True)
        guest = QemuProcess(argv, log=console.with_suffix(".qemu.log"))
        try:
            await _until_listening(guest, console)
            if not is_started:
                is_started = True
                task_status.started()
            await _until_ended(guest)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(guest.end)
                console.unlink(missing_ok=True)
        await anyio.sleep(_OFF_S)


async def _until_listening(guest: QemuProcess, console: Path) -> None:
    with anyio.move_on_after(START_S):
        while guest.exit_code is None:
            if console.is_socket():
                return
            await anyio.sleep(0.01)
    raise DemoError(f"QEMU did not start: {guest.last_words or 'it made no socket'}")


async def _until_ended(guest: QemuProcess) -> None:
    descriptor = os.pidfd_open(guest.pid)
    try:
        await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)


def _quoted(path: Path) -> str:
    """A comma ends an option's value, two of them are one."""
    return str(path).replace(",", ",,")
