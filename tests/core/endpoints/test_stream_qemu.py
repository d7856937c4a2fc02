"""Real QEMUs: over TCP, over telnet, and dialing in."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import pytest

from core.demo.initramfs import build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess
from core.demo.tools import Tools
from core.endpoints import Console, Endpoint
from core.endpoints.inet_diag import listener_at
from core.endpoints.listen import ListenEndpoint, ListenPin
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.telnet import TelnetEndpoint
from core.errors import ConsoleAbsent, ConsoleBusy
from tests.core.endpoints.sites_stream import free_port
from tests.guests.client import until

pytestmark = [pytest.mark.anyio, pytest.mark.qemu]

BOOT_S = 50

Start = Callable[[str], QemuProcess]


@pytest.fixture
def stopped(qemu_binary: str, folder: Path) -> Iterator[Start]:
    """Starts QEMUs whose guest stands before its first instruction, each with a chardev."""
    with ExitStack() as running:

        def start(chardev: str) -> QemuProcess:
            argv = [
                *(qemu_binary, "-accel", "tcg", "-nodefaults", "-nographic", "-S", "-m", "32"),
                *("-chardev", f"socket,id=c,{chardev}", "-device", "isa-serial,chardev=c"),
            ]
            return running.enter_context(QemuProcess(argv, log=folder / "qemu.log"))

        yield start


@pytest.fixture
def booted(qemu_tools: Tools, folder: Path) -> Iterator[Callable[[str, str], QemuProcess]]:
    """Boots a guest that prints, with a chardev of one's own."""
    with ExitStack() as running:

        def boot(body: str, chardev: str) -> QemuProcess:
            # The kernel is not to speak in the middle of what the guest prints.
            body = f"echo 1 > /proc/sys/kernel/printk\n{body}"
            image = build_initramfs(qemu_tools, folder / "guest.cpio", body=body)
            argv = GuestSetup(
                tools=qemu_tools, initramfs=image, console=folder / "unused.sock"
            ).argv()
            argv[argv.index("-chardev") + 1] = f"socket,id=con,{chardev}"
            return running.enter_context(QemuProcess(argv, log=folder / "qemu.log"))

        yield boot


async def until_accepted(console: Console, expected: bool) -> None:
    with anyio.fail_after(10):
        while console.is_accepted() is not expected:
            await anyio.sleep(0.01)


async def read_until(console: Console, mark: bytes) -> bytes:
    """What the guest prints, up to a read that holds the end of `mark`."""
    heard = b""
    with anyio.fail_after(BOOT_S):
        while mark not in heard:
            try:
                piece = console.read_nowait()
            except BlockingIOError:
                await anyio.wait_readable(console.fileno())
                continue
            assert piece, heard
            heard += piece
    return heard


async def connect(endpoint: Endpoint, *, timeout_s: float = 2.0) -> Console:
    with closing(endpoint.pin()) as pin:
        return await endpoint.connect(pin, timeout_s=timeout_s)


@pytest.mark.parametrize("make", [TcpEndpoint, TelnetEndpoint])
async def test_real_qemu_serves_one_queues_two_and_refuses_the_next(
    stopped: Start, make: Callable[[str, int], TcpEndpoint]
) -> None:
    port = free_port()
    endpoint = make("127.0.0.1", port)
    chardev = f"host=127.0.0.1,port={port},server=on,wait=off"
    qemu = stopped(chardev + (",telnet=on" if make is TelnetEndpoint else ""))
    until(lambda: listener_at("127.0.0.1", port) is not None or qemu.exit_code is not None)
    with ExitStack() as held:
        first = held.enter_context(closing(await connect(endpoint)))
        await until_accepted(first, True)
        second = held.enter_context(closing(await connect(endpoint)))
        third = held.enter_context(closing(await connect(endpoint)))
        with pytest.raises(ConsoleBusy, match="stayed full"):
            await connect(endpoint, timeout_s=0.3)
        assert [c.is_accepted() for c in (first, second, third)] == [True, False, False]
        first.close()
        await until_accepted(second, True)
        assert third.is_accepted() is False


async def test_real_qemu_started_again_on_its_port_is_another_life(stopped: Start) -> None:
    port = free_port()
    endpoint = TcpEndpoint("127.0.0.1", port)
    keys = set()
    for _ in range(2):
        qemu = stopped(f"host=127.0.0.1,port={port},server=on,wait=off")
        until(lambda: listener_at("127.0.0.1", port) is not None)
        pin = endpoint.pin()
        keys.add(pin.key)
        console = await endpoint.connect(pin)
        assert pin.is_current()
        await until_accepted(console, True)
        qemu.end()
        with closing(console), anyio.fail_after(10):
            await anyio.wait_readable(console.fileno())
            assert console.read_nowait() == b""
        assert not pin.is_current()
    assert len(keys) == 2


async def test_bytes_that_a_real_guest_prints_over_telnet_come_unchanged(
    booted: Callable[[str, str], QemuProcess],
) -> None:
    """QEMU doubles no 255: behind its opening nothing may be taken for a command."""
    port = free_port()
    body = r"printf 'A\377B\377\377C\377\373\001D\377\372E\377\360F.'"
    booted(body, f"host=127.0.0.1,port={port},server=on,wait=off,telnet=on")
    until(lambda: listener_at("127.0.0.1", port) is not None)
    with closing(await connect(TelnetEndpoint("127.0.0.1", port))) as console:
        heard = await read_until(console, b"F.")
    assert b"A\xffB\xff\xffC\xff\xfb\x01D\xff\xfaE\xff\xf0F." in heard
    assert not heard.startswith(b"\xff")


async def test_real_guest_over_tcp_is_heard(booted: Callable[[str, str], QemuProcess]) -> None:
    port = free_port()
    booted("echo guest is ready", f"host=127.0.0.1,port={port},server=on,wait=off")
    until(lambda: listener_at("127.0.0.1", port) is not None)
    with closing(await connect(TcpEndpoint("127.0.0.1", port))) as console:
        await until_accepted(console, True)
        await read_until(console, b"guest is ready\r\n")


async def dialed(endpoint: ListenEndpoint) -> ListenPin:
    """A hold on the next QEMU that dials."""
    with anyio.fail_after(BOOT_S):
        while True:
            with contextlib.suppress(ConsoleAbsent):
                return endpoint.pin()
            await anyio.sleep(0.2)


async def test_real_guest_that_dials_is_heard_from_its_first_byte_and_again_after_a_restart(
    booted: Callable[[str, str], QemuProcess], folder: Path
) -> None:
    path = folder / "dialed.sock"
    keys = set()
    with closing(ListenEndpoint(str(path))) as endpoint:
        with pytest.raises(ConsoleAbsent):
            endpoint.pin()
        for life in range(2):
            # QEMU's own log of what the guest printed, whether or not anybody took it.
            # A byte that had to wait for a reader is in it once for every try.
            written = folder / f"written-{life}"
            chardev = f"path={path},server=off,reconnect=1,logfile={written}"
            qemu = booted("echo guest is ready", chardev)
            pin = await dialed(endpoint)
            keys.add(pin.key)
            with closing(await endpoint.connect(pin)) as console:
                assert console.peer_pid == qemu.pid != os.getpid()
                heard = await read_until(console, b"guest is ready\r\n")
                qemu.end()
                with contextlib.suppress(BlockingIOError):
                    heard += await _rest(console)
            assert heard.startswith(b"[    0.000000] Linux version")
            assert is_log_of(written.read_bytes(), heard)
    assert len(keys) == 2
    assert not path.exists()


def is_log_of(log: bytes, heard: bytes) -> bool:
    """Whether `log` holds what was heard, with nothing but repeated bytes in between."""
    at = 0
    for before, byte in zip(b"\0" + log, log, strict=False):
        if at < len(heard) and heard[at] == byte:
            at += 1
        elif byte != before:
            return False
    return at == len(heard)


async def _rest(console: Console) -> bytes:
    heard = b""
    with anyio.fail_after(10):
        while True:
            await anyio.wait_readable(console.fileno())
            piece = console.read_nowait()
            if not piece:
                return heard
            heard += piece


async def test_real_qemu_that_dials_a_taken_socket_is_served_when_the_other_left(
    stopped: Start, folder: Path
) -> None:
    path = folder / "dialed.sock"
    with closing(ListenEndpoint(str(path))) as endpoint:
        with pytest.raises(ConsoleAbsent):
            endpoint.pin()
        first = stopped(f"path={path},server=off,reconnect=1")
        with closing(await endpoint.connect(await dialed(endpoint))) as console:
            second = stopped(f"path={path},server=off,reconnect=1")
            # It dials, is hung up on, and dials again a second later: twice is enough.
            for _ in range(2):
                with anyio.fail_after(20):
                    await anyio.wait_readable(console.fileno())
                with pytest.raises(BlockingIOError):
                    console.read_nowait()
            assert second.exit_code is None
            assert console.peer_pid == first.pid
        first.end()
        with closing(await endpoint.connect(await dialed(endpoint))) as console:
            assert console.peer_pid == second.pid
