"""Console URLs: what they may look like and which endpoint each leads to.

A URL is `unix:PATH`, `unix://PATH` or a bare PATH. What stands before the first
colon is the scheme, unless a slash comes earlier: `./vm:1.sock` is a path. The path
is taken as it stands: `%20`, `?`, `#` and `~` are ordinary characters in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.endpoints.protocol import Endpoint
from core.endpoints.unix import UnixEndpoint
from core.errors import InvalidConsoleUrl, UnknownConsoleProto

_FORMS = "Write unix:PATH, unix://PATH or just PATH, as in unix:/run/vm1/console.sock."

_FORBIDDEN = {"\0": "a NUL", "\n": "a newline", "\r": "a carriage return"}


@dataclass(frozen=True, slots=True)
class ConsoleUrl:
    """The address of a console. Two are equal when they lead to the same place.

    Attributes:
        scheme: how the console is reached: `unix`.
        path: where it is.
        text: the URL as it was given; a relative path in it is made absolute when
            a base was given.
    """

    scheme: str
    path: str
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


def parse_console_url(text: str, *, base: Path | None = None) -> ConsoleUrl:
    """The console that `text` names.

    Args:
        text: from a person; hostile text does no harm here.
        base: what a relative path starts from; without it the path stays relative.

    Raises:
        UnknownConsoleProto: its scheme has no endpoint.
        InvalidConsoleUrl: its path is empty or cannot be a path.
    """
    scheme, path = _split(text)
    if not path:
        raise InvalidConsoleUrl("The console URL names no path", hint=_FORMS)
    for character, name in _FORBIDDEN.items():
        if character in path:
            raise InvalidConsoleUrl(f"The console's path holds {name}: {path}", hint=_FORMS)
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        raise InvalidConsoleUrl(
            "The console's path holds half a character (a lone surrogate)", hint=_FORMS
        ) from error
    if base is not None and not path.startswith("/"):
        # Joined as text: pathlib would tidy up what the kernel is to see verbatim.
        absolute = f"{str(base).rstrip('/')}/{path.removeprefix('./')}"
        text = text[: len(text) - len(path)] + absolute
        path = absolute
    return ConsoleUrl(scheme, path, text)


def _split(text: str) -> tuple[str, str]:
    """Scheme and path; a text without a scheme is a path of `unix`."""
    scheme, colon, rest = text.partition(":")
    if not colon or "/" in scheme:
        return "unix", text
    if scheme not in _ENDPOINTS:
        known = ", ".join(_ENDPOINTS)
        raise UnknownConsoleProto(
            f"unknown console proto {scheme}",
            path=rest,
            hint=f"Known: {known}. {_FORMS} A path with a colon starts with / or ./",
        )
    return scheme, rest.removeprefix("//")


def endpoint_for(url: str | ConsoleUrl) -> Endpoint:
    """The endpoint that reaches `url`.

    Raises:
        UnknownConsoleProto: its scheme has no endpoint.
        InvalidConsoleUrl: it names no console.
    """
    parsed = parse_console_url(url) if isinstance(url, str) else url
    return _ENDPOINTS[parsed.scheme](parsed)


def _unix(url: ConsoleUrl) -> Endpoint:
    return UnixEndpoint(url.path, url=url.text)


_ENDPOINTS: dict[str, Callable[[ConsoleUrl], Endpoint]] = {"unix": _unix}
"""An endpoint a scheme. `_split` accepts these schemes and no others."""
