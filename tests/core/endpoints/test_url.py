"""Console URLs: what they mean, and what is said to those that mean nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints import (
    AnyEndpoint,
    ConsoleUrl,
    Endpoint,
    FileEndpoint,
    PtyEndpoint,
    Scheme,
    UnixEndpoint,
    endpoint_for,
    parse_console_url,
)
from core.errors import InvalidConsoleUrl, UnknownConsoleProto, UsageError

BASE = Path("/home/me")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("unix:/run/vm/console.sock", "/run/vm/console.sock"),
        ("unix:///run/vm/console.sock", "/run/vm/console.sock"),
        ("/run/vm/console.sock", "/run/vm/console.sock"),
        ("unix:console.sock", "console.sock"),
        ("unix://console.sock", "console.sock"),
        ("console.sock", "console.sock"),
        ("./a:b.sock", "./a:b.sock"),
        ("../a:b.sock", "../a:b.sock"),
        ("vms/a:b.sock", "vms/a:b.sock"),
        ("unix:pty:/dev/pts/1", "pty:/dev/pts/1"),
        ("unix:////two", "//two"),
        ("/a/./b//c/../d", "/a/./b//c/../d"),
        ("/a b\tc", "/a b\tc"),
        ("/a%20b?c=d#e", "/a%20b?c=d#e"),
        ("~/console.sock", "~/console.sock"),
        ("/NAME=URL", "/NAME=URL"),
        ("/\udcff", "/\udcff"),
    ],
)
def test_path_is_taken_as_it_stands(text: str, path: str) -> None:
    url = parse_console_url(text)
    assert (url.scheme, url.path, url.text, str(url)) == (Scheme.UNIX, path, text, text)
    assert url.is_bare == (not text.startswith("unix:"))


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("console.sock", "/home/me/console.sock"),
        ("./console.sock", "/home/me/console.sock"),
        ("../x.sock", "/home/me/../x.sock"),
        ("unix:console.sock", "unix:/home/me/console.sock"),
        ("unix://console.sock", "unix:///home/me/console.sock"),
        ("~/console.sock", "/home/me/~/console.sock"),
        ("unix:/run/console.sock", "unix:/run/console.sock"),
        ("unix:///run/console.sock", "unix:///run/console.sock"),
    ],
)
def test_relative_path_starts_from_the_base(text: str, absolute: str) -> None:
    url = parse_console_url(text, base=BASE)
    assert str(url) == absolute
    assert url.path.startswith("/")
    assert parse_console_url(str(url)) == url


def test_relative_path_from_the_root_has_one_slash() -> None:
    assert parse_console_url("a", base=Path("/")).path == "/a"


def test_urls_to_the_same_place_are_equal_however_they_are_written() -> None:
    assert parse_console_url("/a") == parse_console_url("unix:/a") == parse_console_url("unix:///a")
    assert parse_console_url("/a") != parse_console_url("/b")


@pytest.mark.parametrize(
    ("text", "proto"),
    [
        ("ftp:/dev/pts/3", "ftp"),
        ("UNIX:/a", "UNIX"),
        ("unix :/a", "unix "),
        (":/a", ""),
        ("a:b.sock", "a"),
        ("\x1b]0;owned\x07:/a", "\x1b]0;owned\x07"),
        ("[bold]:/a", "[bold]"),
        ("\u202egnp:/a", "\u202egnp"),
        ("x" * 10_000 + ":/a", "x" * 10_000),
    ],
)
def test_unknown_scheme_is_told_in_the_words_of_the_seed(text: str, proto: str) -> None:
    with pytest.raises(UnknownConsoleProto) as caught:
        parse_console_url(text)
    assert str(caught.value) == f"unknown console proto {proto}"
    assert "Known: unix, pty, hvsock, vsock, file, tcp, telnet, listen." in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "unix:", "unix://", "/a\0b", "/a\nb", "unix:/a\r", "/a\ud800"]
)
@pytest.mark.parametrize("base", [None, BASE])
def test_what_cannot_be_a_path_is_invalid(text: str, base: Path | None) -> None:
    with pytest.raises(InvalidConsoleUrl) as caught:
        parse_console_url(text, base=base)
    assert isinstance(caught.value, UsageError)
    assert "unix:/run/" in caught.value.hint


def test_endpoint_keeps_the_url_as_it_was_given() -> None:
    kinds: dict[str, type[Endpoint]] = {
        "unix:/a": UnixEndpoint,
        "unix:///a": UnixEndpoint,
        "pty:/a": PtyEndpoint,
        "file:///a": FileEndpoint,
        "/a": AnyEndpoint,
    }
    for url, kind in kinds.items():
        endpoint = endpoint_for(url)
        assert isinstance(endpoint, kind)
        assert (endpoint.url, endpoint.place) == (url, "/a")
    assert endpoint_for(parse_console_url("a", base=BASE)).url == "/home/me/a"


@pytest.mark.parametrize("slashes", ["", "//"])
@pytest.mark.parametrize(
    ("scheme", "rest", "address", "port"),
    [
        (Scheme.PTY, "/dev/pts/3", "/dev/pts/3", 0),
        (Scheme.FILE, "/var/log/a:b", "/var/log/a:b", 0),
        (Scheme.LISTEN, "/run/a", "/run/a", 0),
        (Scheme.HVSOCK, "/run/clh.sock:1026", "/run/clh.sock", 1026),
        (Scheme.HVSOCK, "/run/a:b:1", "/run/a:b", 1),
        (Scheme.VSOCK, "3:1026", "3", 1026),
        (Scheme.TCP, "localhost:4555", "localhost", 4555),
        (Scheme.TCP, ":4555", "127.0.0.1", 4555),
        (Scheme.TCP, "4555", "127.0.0.1", 4555),
        (Scheme.TELNET, "[::1]:65535", "::1", 65535),
        (Scheme.TELNET, "10.0.0.1:1", "10.0.0.1", 1),
    ],
)
def test_every_scheme_has_its_address(
    scheme: Scheme, rest: str, slashes: str, address: str, port: int
) -> None:
    text = f"{scheme}:{slashes}{rest}"
    url = parse_console_url(text, base=BASE)
    assert (url.scheme, url.address, url.port, url.text) == (scheme, address, port, text)
    assert url.is_local == (address != "10.0.0.1")
    assert not url.is_bare


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hvsock:/a", "names no port"),
        ("hvsock::1", "names no path"),
        ("hvsock:/a:x", "its port is no number"),
        ("hvsock:/a:4294967295", "its port is over"),
        ("vsock:3", "names no port"),
        ("vsock::3", "names no context id"),
        ("vsock:x:1", "its context id is no number"),
        ("vsock:３:1", "its context id is no number"),
        ("tcp:", "names no port"),
        ("tcp:a:0", "port 0"),
        ("tcp:a:65536", "its port is over"),
        ("tcp:a b:1", "neither a name nor an address"),
        ("tcp:[::x]:1", "no IPv6 address"),
        ("tcp:\x1b[2J:1", "neither a name nor an address"),
        ("pty:", "names no path"),
        ("file:/a\nb", "holds a newline"),
    ],
)
def test_what_is_no_address_is_told_with_how_to_write_it(text: str, words: str) -> None:
    with pytest.raises(InvalidConsoleUrl, match=words) as caught:
        parse_console_url(text)
    assert "Write it as in" in caught.value.hint


_TEXTS = st.text(max_size=60)
_PREFIXES = st.sampled_from([*(f"{scheme}:" for scheme in Scheme), "unix:", ""])


@given(_TEXTS | st.builds("{}{}".format, _PREFIXES, st.text(st.characters(), max_size=60)))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = parse_console_url(text, base=BASE)
    except (InvalidConsoleUrl, UnknownConsoleProto):
        return
    assert isinstance(url, ConsoleUrl)
    assert url.path.startswith("/") or not url.path
    assert not set(url.address) & set("\0\n\r")
    os.fsencode(url.path)
    if url.scheme is Scheme.UNIX:
        assert text.removeprefix("unix:").removeprefix("//").removeprefix("./") in url.text
    assert parse_console_url(url.text) == url
