"""Console URLs: what they mean, and what is said to those that mean nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints import ConsoleUrl, UnixEndpoint, endpoint_for, parse_console_url
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
    assert (url.scheme, url.path, url.text, str(url)) == ("unix", path, text, text)


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
        ("pty:/dev/pts/3", "pty"),
        ("pty:///dev/pts/3", "pty"),
        ("tcp://host:1", "tcp"),
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
    assert "Known: unix." in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "unix:", "unix://", "/a\0b", "/a\nb", "unix:/a\r", "/a\ud800"]
)
@pytest.mark.parametrize("base", [None, BASE])
def test_what_cannot_be_a_path_is_invalid(text: str, base: Path | None) -> None:
    with pytest.raises(InvalidConsoleUrl) as caught:
        parse_console_url(text, base=base)
    assert isinstance(caught.value, UsageError)
    assert "unix:PATH" in caught.value.hint


def test_endpoint_keeps_the_url_as_it_was_given() -> None:
    for url in ("unix:/a", "unix:///a", "/a"):
        endpoint = endpoint_for(url)
        assert isinstance(endpoint, UnixEndpoint)
        assert endpoint.url == url
    assert endpoint_for(parse_console_url("a", base=BASE)).url == "/home/me/a"


@given(st.text(max_size=60) | st.builds("unix:{}".format, st.text(st.characters(), max_size=60)))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = parse_console_url(text, base=BASE)
    except (InvalidConsoleUrl, UnknownConsoleProto):
        return
    assert isinstance(url, ConsoleUrl)
    assert url.path.startswith("/")
    assert not set(url.path) & set("\0\n\r")
    os.fsencode(url.path)
    assert text.removeprefix("unix:").removeprefix("//").removeprefix("./") in url.text
    assert parse_console_url(url.text) == url
