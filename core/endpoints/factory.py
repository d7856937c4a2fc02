"""From a console URL to the endpoint that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.endpoints.bare import AnyEndpoint
from core.endpoints.file import FileEndpoint
from core.endpoints.hvsock import HvsockEndpoint
from core.endpoints.listen import ListenEndpoint
from core.endpoints.protocol import Endpoint
from core.endpoints.pty import PtyEndpoint
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.telnet import TelnetEndpoint
from core.endpoints.unix import UnixEndpoint
from core.endpoints.url import ConsoleUrl, Scheme, parse_console_url
from core.endpoints.vsock import VsockEndpoint
from core.errors import UnknownConsoleProto


def endpoint_for(url: str | ConsoleUrl) -> Endpoint:
    """The endpoint that reaches `url`.

    Raises:
        UnknownConsoleProto: its scheme has no endpoint.
        InvalidConsoleUrl: it names no console.
    """
    parsed = parse_console_url(url) if isinstance(url, str) else url
    make = _MAKERS.get(parsed.scheme)
    if make is None:
        raise UnknownConsoleProto(f"unknown console proto {parsed.scheme}", path=parsed.path)
    return make(parsed)


def _unix(url: ConsoleUrl) -> Endpoint:
    if url.is_bare:
        return AnyEndpoint(url.path, url=url.text)
    return UnixEndpoint(url.path, url=url.text)


def _hvsock(url: ConsoleUrl) -> Endpoint:
    return HvsockEndpoint(url.path, url.port, url=url.text)


def _vsock(url: ConsoleUrl) -> Endpoint:
    return VsockEndpoint(int(url.address), url.port, url=url.text)


def _tcp(url: ConsoleUrl) -> Endpoint:
    return TcpEndpoint(url.address, url.port, url=url.text)


def _telnet(url: ConsoleUrl) -> Endpoint:
    return TelnetEndpoint(url.address, url.port, url=url.text)


def _listen(url: ConsoleUrl) -> Endpoint:
    return ListenEndpoint(url.path, url=url.text)


def _pty(url: ConsoleUrl) -> Endpoint:
    return PtyEndpoint(url.path, url=url.text)


def _file(url: ConsoleUrl) -> Endpoint:
    return FileEndpoint(url.path, url=url.text)


_MAKERS: Mapping[Scheme, Callable[[ConsoleUrl], Endpoint]] = {
    Scheme.UNIX: _unix,
    Scheme.HVSOCK: _hvsock,
    Scheme.VSOCK: _vsock,
    Scheme.TCP: _tcp,
    Scheme.TELNET: _telnet,
    Scheme.LISTEN: _listen,
    Scheme.PTY: _pty,
    Scheme.FILE: _file,
}
