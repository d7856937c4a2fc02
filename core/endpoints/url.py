"""Console URLs: what they may look like.

    unix:PATH     a socket that the VMM serves      hvsock:PATH:PORT  a VMM's hybrid vsock
    listen:PATH   a socket that the VMM dials       vsock:CID:PORT    a guest's vsock
    pty:PATH      a terminal device                 tcp:HOST:PORT     QEMU's -serial tcp:
    file:PATH     a log that the VMM writes         telnet:HOST:PORT  QEMU's -serial telnet:

Each also with `//` behind the colon. A bare PATH is a unix socket, a terminal or a
log: what is there decides, when it is looked at. What stands before the first colon
is the scheme, unless a slash comes earlier: `./vm:1.sock` is a path. Paths are taken
as they stand: `%20`, `?`, `#` and `~` are ordinary characters in them. A HOST that
is left out is this machine's loopback address.
"""

from __future__ import annotations

import enum
import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InvalidConsoleUrl, UnknownConsoleProto


class Scheme(enum.StrEnum):
    """How a console is reached."""

    UNIX = "unix"
    PTY = "pty"
    HVSOCK = "hvsock"
    VSOCK = "vsock"
    FILE = "file"
    TCP = "tcp"
    TELNET = "telnet"
    LISTEN = "listen"


PATHS = frozenset({Scheme.UNIX, Scheme.PTY, Scheme.FILE, Scheme.LISTEN})
"""Schemes whose address is a path alone."""

INET = frozenset({Scheme.TCP, Scheme.TELNET})
"""Schemes whose address is a host and a port."""

LOOPBACK = "127.0.0.1"

_FORMS = {
    Scheme.UNIX: "unix:/run/vm1/console.sock",
    Scheme.PTY: "pty:/dev/pts/3",
    Scheme.HVSOCK: "hvsock:/run/vm1/clh.sock:1026",
    Scheme.VSOCK: "vsock:3:1026",
    Scheme.FILE: "file:/var/log/vm1.log",
    Scheme.TCP: "tcp:127.0.0.1:4555",
    Scheme.TELNET: "telnet:127.0.0.1:4555",
    Scheme.LISTEN: "listen:/run/vm1/dialed.sock",
}

_FORBIDDEN = {"\0": "a NUL", "\n": "a newline", "\r": "a carriage return"}

_MAX_PORT = 65535
_MAX_VSOCK = 2**32 - 2
"""VMADDR_PORT_ANY and VMADDR_CID_ANY are 2^32 - 1. Source: linux/vm_sockets.h."""

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class ConsoleUrl:
    """The address of a console. Two are equal when they lead to the same place.

    Attributes:
        scheme: how the console is reached.
        address: a path, a host, or a vsock context id as decimal digits.
        port: of a vsock or of the host; 0 where a path says it all.
        text: the URL as it was given; a relative path in it is made absolute when
            a base was given.
        is_bare: a path without a scheme: what is there decides how it is reached.
    """

    scheme: Scheme
    address: str
    port: int = 0
    text: str = field(compare=False, default="")
    is_bare: bool = field(compare=False, default=False)

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> str:
        """The file system's name in it; empty where there is none."""
        return self.address if self.scheme in PATHS or self.scheme is Scheme.HVSOCK else ""

    @property
    def is_local(self) -> bool:
        """Whether nothing that is said on it can leave this machine."""
        if self.scheme not in INET:
            return True
        if self.address == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False


def parse_console_url(text: str, *, base: Path | None = None) -> ConsoleUrl:
    """The console that `text` names.

    Args:
        text: from a person; hostile text does no harm here.
        base: what a relative path starts from; without it the path stays relative.

    Raises:
        UnknownConsoleProto: its scheme has no endpoint.
        InvalidConsoleUrl: it names no console; the message says what is wrong with it.
    """
    scheme, rest = _split(text)
    prefix = text[: len(text) - len(rest)]
    if scheme in PATHS:
        return _at_path(scheme, prefix, rest, 0, text, base)
    head, colon, port_text = rest.rpartition(":")
    if not colon:
        head, port_text = rest, ""
    if scheme is Scheme.HVSOCK:
        port = _number(scheme, "port", port_text, _MAX_VSOCK)
        return _at_path(scheme, prefix, head, port, text, base)
    if scheme is Scheme.VSOCK:
        cid = _number(scheme, "context id", head, _MAX_VSOCK)
        return ConsoleUrl(scheme, str(cid), _number(scheme, "port", port_text, _MAX_VSOCK), text)
    if not colon and head.isascii() and head.isdigit():
        head, port_text = "", head
    port = _number(scheme, "port", port_text, _MAX_PORT)
    if port == 0:
        raise _invalid(scheme, "port 0 names no listener")
    return ConsoleUrl(scheme, _host(scheme, head), port, text)


def _at_path(
    scheme: Scheme, prefix: str, path: str, port: int, text: str, base: Path | None
) -> ConsoleUrl:
    _check_path(scheme, path)
    is_bare = not prefix
    if base is not None and not path.startswith("/"):
        # Joined as text: pathlib would tidy up what the kernel is to see verbatim.
        absolute = f"{str(base).rstrip('/')}/{path.removeprefix('./')}"
        text = prefix + absolute + text[len(prefix) + len(path) :]
        path = absolute
    return ConsoleUrl(scheme, path, port, text, is_bare)


def _split(text: str) -> tuple[Scheme, str]:
    """Scheme and address; a text without a scheme is a path."""
    name, colon, rest = text.partition(":")
    if not colon or "/" in name:
        return Scheme.UNIX, text
    if name not in tuple(Scheme):
        known = ", ".join(Scheme)
        raise UnknownConsoleProto(
            f"unknown console proto {name}",
            path=rest,
            hint=f"Known: {known}. A path with a colon starts with / or ./",
        )
    return Scheme(name), rest.removeprefix("//")


def _check_path(scheme: Scheme, path: str) -> None:
    if not path:
        raise _invalid(scheme, "it names no path")
    for character, name in _FORBIDDEN.items():
        if character in path:
            raise _invalid(scheme, f"its path holds {name}: {path}")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        raise _invalid(scheme, "its path holds half a character (a lone surrogate)") from error


def _number(scheme: Scheme, what: str, text: str, most: int) -> int:
    if not text:
        raise _invalid(scheme, f"it names no {what}")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise _invalid(scheme, f"its {what} is no number up to {most}: {text}")
    if int(text) > most:
        raise _invalid(scheme, f"its {what} is over {most}: {text}")
    return int(text)


def _host(scheme: Scheme, text: str) -> str:
    if not text:
        return LOOPBACK
    if text.startswith("[") and text.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError as error:
            raise _invalid(scheme, f"its host is no IPv6 address: {text}") from error
    if not _HOST.fullmatch(text):
        raise _invalid(
            scheme, f"its host is neither a name nor an address: {text}", "An IPv6 one: [::1]"
        )
    return text


def _invalid(scheme: Scheme, what: str, hint: str = "") -> InvalidConsoleUrl:
    return InvalidConsoleUrl(
        f"This is no console URL: {what}",
        hint=f"Write it as in {_FORMS[scheme]}. {hint}".strip(),
    )
