"""From a console URL to the endpoint that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.endpoints.protocol import Endpoint
from core.endpoints.unix import UnixEndpoint
from core.endpoints.url import ConsoleUrl, Scheme, parse_console_url
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
    return UnixEndpoint(url.path, url=url.text)


_MAKERS: Mapping[Scheme, Callable[[ConsoleUrl], Endpoint]] = {Scheme.UNIX: _unix}
