"""Connects to capture's control socket, and makes sure that it is capture which answers."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import anyio
import msgspec
from anyio.abc import UNIXSocketStream

from core import wire
from core.endpoints.unix import UnixEndpoint
from core.errors import CaptureSkew, CaptureUnreachable, ConsoleError

DIAL_S = 2.0

GREET_S = 15.0
"""A capture that does not greet for this long is taken for gone."""

_NO_GREETING = (
    TimeoutError,
    anyio.EndOfStream,
    anyio.BrokenResourceError,
    ValueError,
    RecursionError,
)


async def dial(path: Path) -> socket.socket:
    """A connection to the socket at `path`, made with the care that consoles get.

    A full queue is waited for without spinning, no link is followed, a path may be
    longer than an address has room for, and the peer is this user or root.

    Raises:
        CaptureUnreachable: nobody answers there, or somebody else.
    """
    try:
        pin = UnixEndpoint(str(path)).pin()
        try:
            if pin.found.st_uid not in (0, os.geteuid()):
                raise CaptureUnreachable(
                    f"{path} belongs to user {pin.found.st_uid}",
                    hint="It is not your capture's. Remove it, or name another folder.",
                )
            connection = await UnixEndpoint(str(path)).connect(pin, timeout_s=DIAL_S)
        finally:
            pin.close()
    except ConsoleError as error:
        raise CaptureUnreachable(
            f"No capture answers: {error}", hint="Start guestwatch."
        ) from error
    try:
        return socket.socket(fileno=os.dup(connection.fileno()))
    finally:
        connection.close()


async def check_greeting(stream: UNIXSocketStream, path: Path) -> None:
    """Read the greeting, and nothing that follows it.

    Raises:
        CaptureUnreachable: it is none of capture's.
        CaptureSkew: it is one of another version's.
    """
    # Byte by byte, so that nothing that follows is swallowed.
    line = b""
    try:
        with anyio.fail_after(GREET_S):
            while not line.endswith(b"\n") and len(line) < 1024:
                line += await stream.receive(1)
        greeting = msgspec.json.decode(line, type=wire.Greeting)
    except _NO_GREETING as error:
        raise CaptureUnreachable(
            f"What answers on {path} is no capture", hint="Remove that socket and start again."
        ) from error
    if greeting.guestwatch.protocol != wire.PROTOCOL:
        raise CaptureSkew(
            f"Capture (process {greeting.guestwatch.pid}) is of version"
            f" {greeting.guestwatch.version}, which speaks protocol"
            f" {greeting.guestwatch.protocol}; this version speaks {wire.PROTOCOL}",
            hint=f"End it with kill {greeting.guestwatch.pid}, which loses nothing that was"
            " recorded, and start guestwatch again.",
        )
