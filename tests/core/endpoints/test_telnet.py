"""Telnet consoles: what negotiation eats is no byte of the guest's, and we say nothing."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import anyio
import pytest

from core.endpoints import Console
from core.endpoints.iac import QEMU_OPENING
from core.endpoints.telnet import TelnetEndpoint
from core.errors import ConsoleBroken
from tests.core.endpoints.sites_stream import listen_tcp

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def conversation() -> AsyncIterator[tuple[Console, socket.socket]]:
    """A console, and the server's end of it."""
    with closing(listen_tcp("127.0.0.1")) as listener:
        endpoint = TelnetEndpoint("127.0.0.1", listener.getsockname()[1])
        with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
            server, _ = listener.accept()
            with server:
                server.setblocking(False)
                yield console, server


async def say(console: Console, server: socket.socket, data: bytes) -> None:
    """Have `data` arrive."""
    server.send(data)
    with anyio.fail_after(10):
        await anyio.wait_readable(console.fileno())


async def test_negotiation_alone_is_silence_and_no_end_of_file() -> None:
    async with conversation() as (console, server):
        await say(console, server, QEMU_OPENING)
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        await say(console, server, b"login: ")
        assert console.read_nowait() == b"login: "


async def test_guests_first_bytes_in_the_segment_of_the_opening_are_read() -> None:
    async with conversation() as (console, server):
        await say(console, server, QEMU_OPENING + b"\xff\xff\xfb\x01raw")
        assert console.read_nowait() == b"\xff\xff\xfb\x01raw"


async def test_nothing_is_answered() -> None:
    async with conversation() as (console, server):
        await say(console, server, b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\xff\xfb\x01\xff\xf6hello")
        assert console.read_nowait() == b"hello"
        with pytest.raises(BlockingIOError):
            server.recv(1)


async def test_server_that_sends_nothing_but_commands_does_not_hold_the_reader() -> None:
    async with conversation() as (console, server):
        await say(console, server, b"\xff\xf1" * 5000)
        with pytest.raises(BlockingIOError):
            console.read_nowait(8)
        await say(console, server, b"guest")
        heard = b""
        for _ in range(1000):
            try:
                heard += console.read_nowait(8)
            except BlockingIOError:
                continue
        assert heard == b"guest"


async def test_end_of_file_gives_what_was_held_and_then_stays() -> None:
    async with conversation() as (console, server):
        await say(console, server, b"\xff\xfd\x18torn\xff")
        assert console.read_nowait() == b"torn"
        server.close()
        await anyio.wait_readable(console.fileno())
        assert console.read_nowait() == b"\xff"
        assert console.read_nowait() == b""
        assert console.read_nowait() == b""


async def test_reset_in_the_middle_of_an_opening_is_an_error_of_ours() -> None:
    async with conversation() as (console, server):
        await say(console, server, b"\xff\xfb")
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server.close()
        await anyio.wait_readable(console.fileno())
        with pytest.raises(ConsoleBroken):
            console.read_nowait()


async def test_server_that_negotiates_has_taken_us_up() -> None:
    async with conversation() as (console, server):
        await say(console, server, b"\xff\xfd\x18")
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        server.close()
        assert console.is_accepted() is True
