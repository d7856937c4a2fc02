"""Real guests whose console is a terminal or a log."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from core.demo.initramfs import build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess
from core.demo.tools import Tools
from core.endpoints import Console, FileEndpoint, PtyEndpoint
from tests.guests.client import connect_soon, until
from tests.guests.qemu import PROMPT

pytestmark = [pytest.mark.qemu, pytest.mark.anyio]

BODY = 'n=0; while [ $n -lt 2000 ]; do n=$((n+1)); echo "line $n of the guest"; done'
LAST_LINE = b"line 2000 of the guest\r\n"

Boot = Callable[[str], tuple[QemuProcess, Path]]


@pytest.fixture
def boot(qemu_tools: Tools, short_folder: Path) -> Iterator[Boot]:
    """Starts a guest that stands still, with a chardev of one's own; gives it and its monitor."""
    with contextlib.ExitStack() as running:

        def boot(chardev: str) -> tuple[QemuProcess, Path]:
            setup = GuestSetup(
                tools=qemu_tools,
                initramfs=build_initramfs(qemu_tools, short_folder / "i.cpio", body=BODY),
                console=short_folder / "unused.sock",
                qmp=short_folder / "q.qmp",
                paused=True,
            )
            argv = [chardev if word.startswith("socket,id=con") else word for word in setup.argv()]
            process = QemuProcess(argv, log=short_folder / "qemu.log")
            running.enter_context(process)
            return process, short_folder / "q.qmp"

        yield boot


def ask(monitor: Path, command: str) -> object:
    """What QEMU's monitor answers."""
    with connect_soon(monitor) as client, client.makefile("rw") as lines:
        lines.readline()
        for word in ("qmp_capabilities", command):
            lines.write(json.dumps({"execute": word}) + "\n")
            lines.flush()
            while "return" not in (answer := json.loads(lines.readline())):
                assert "error" not in answer, answer
    return answer["return"]


async def read_some(console: Console) -> bytes:
    """What one read gives, once there is something; empty at the end."""
    while True:
        try:
            return console.read_nowait()
        except BlockingIOError:
            await anyio.wait_readable(console.fileno())


async def read_until(console: Console, mark: bytes) -> bytes:
    """What the guest prints up to a read that holds the end of `mark`."""
    heard = bytearray()
    with anyio.fail_after(50):
        while mark not in heard:
            data = await read_some(console)
            assert data, heard[-2000:]
            heard += data
    return bytes(heard)


async def read_to_stop(console: Console, monitor: Path, log: Path) -> bytes:
    """What the guest prints until its shell is ready and it is held still, by its log too."""
    heard = await read_until(console, PROMPT)
    ask(monitor, "stop")
    with anyio.fail_after(30):
        while not log.read_bytes().endswith(heard):
            heard += await read_some(console)
    return heard


async def test_guest_on_a_terminal_is_read_like_its_log_says(
    boot: Boot, short_folder: Path
) -> None:
    log = short_folder / "con.log"
    process, monitor = boot(f"pty,id=con,logfile={log}")
    chardevs = ask(monitor, "query-chardev")
    assert isinstance(chardevs, list)
    (name,) = [one["filename"] for one in chardevs if one["label"] == "con"]
    assert name.startswith("pty:/dev/pts/")
    endpoint = PtyEndpoint(name.removeprefix("pty:"), url=name)
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        ask(monitor, "cont")
        # QEMU looks once a second for a reader; what came before it looked is only in its log.
        heard = await read_to_stop(console, monitor, log)
        assert LAST_LINE in heard
        assert pin.is_current()
        process.end()
        assert await read_some(console) == b""
        assert not pin.is_current()


async def test_guests_log_is_followed_through_a_rotation_and_a_restart(
    boot: Boot, short_folder: Path
) -> None:
    log = short_folder / "con.log"
    process, monitor = boot(f"file,id=con,path={log}")
    until(log.exists)
    endpoint = FileEndpoint(str(log))
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        ask(monitor, "cont")
        heard = await read_until(console, b"line 100 of")
        # logrotate's `create`, and a QEMU that goes on in the file it opened.
        log.rename(short_folder / "con.log.1")
        log.touch()
        renamed = short_folder / "con.log.1"
        heard += await read_to_stop(console, monitor, renamed)
        assert LAST_LINE in heard
        assert heard == renamed.read_bytes()
        process.end()
        (short_folder / "q.qmp").unlink(missing_ok=True)

        process, monitor = boot(f"file,id=con,path={log}")
        ask(monitor, "cont")
        again = await read_to_stop(console, monitor, log)
        assert again == log.read_bytes()
        assert LAST_LINE in again
        first = pin.key
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        assert pin.key != first
        assert await read_until(console, again) == again
        process.end()
        (short_folder / "q.qmp").unlink(missing_ok=True)

        # A VMM that is started again cuts its log.
        process, monitor = boot(f"file,id=con,path={log}")
        assert await read_some(console) == b""
        assert os.fstat(pin.fileno()).st_ino == log.stat().st_ino
        with closing(endpoint.pin()) as fresh:
            assert fresh.key != pin.key
