"""Sandboxes that a person names."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import (
    InvalidConsoleUrl,
    InvalidSandboxId,
    SandboxClash,
    UnknownConsoleProto,
    UsageError,
)
from core.proxy.types import ProxyType
from core.sandboxes.named import merge_specs, parse_named, sandbox_spec

BASE = Path("/base")


@pytest.mark.parametrize(
    ("text", "name", "console"),
    [
        ("vm1=unix:/run/c.sock", "vm1", "unix:/run/c.sock"),
        ("vm1=unix:///run/c.sock", "vm1", "unix:///run/c.sock"),
        ("vm1=/run/a=b.sock", "vm1", "/run/a=b.sock"),
        ("vm1=/run/%20 x.sock", "vm1", "/run/%20 x.sock"),
    ],
)
def test_a_name_and_a_url(text: str, name: str, console: str) -> None:
    spec = parse_named(text, base=BASE)
    assert (spec.id, spec.console) == (name, console)
    assert spec.start
    assert spec.debug


def test_a_relative_path_begins_where_it_was_typed() -> None:
    assert "/base/c.sock" in parse_named("vm1=./c.sock", base=BASE).console


@pytest.mark.parametrize("text", ["vm1", "vm1=", "/run/c.sock"])
def test_without_a_url_it_says_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_named(text, base=BASE)
    assert "NAME=URL" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a\x1b[31m", "é", "x" * 300, "a\n"])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(InvalidSandboxId):
        parse_named(f"{name}=/run/c.sock", base=BASE)


def test_an_unknown_scheme_is_told_in_the_known_words() -> None:
    with pytest.raises(UnknownConsoleProto, match=r"^unknown console proto gopher"):
        parse_named("vm1=gopher:/x", base=BASE)


def test_a_nul_in_a_path_is_refused() -> None:
    with pytest.raises(InvalidConsoleUrl):
        parse_named("vm1=/run/\0", base=BASE)


def test_the_proxy_follows_from_the_agent() -> None:
    assert sandbox_spec("a", "/c").proxy_type is ProxyType.NO_PROXY
    assert sandbox_spec("a", "/c", agent_url="vsock://3:1024").proxy_type is ProxyType.KATA_BUILT_IN


def test_the_same_name_twice_is_one_sandbox() -> None:
    spec = sandbox_spec("a", "/c")
    assert merge_specs((spec,), (spec,)) == (spec,)


def test_one_name_with_two_consoles_is_a_clash() -> None:
    with pytest.raises(SandboxClash, match="a is named twice"):
        merge_specs((sandbox_spec("a", "/c"),), (sandbox_spec("a", "/d"),))


def test_two_ways_to_write_one_console_are_no_clash() -> None:
    assert len(merge_specs((sandbox_spec("a", "/c"),), (sandbox_spec("a", "unix:///c"),))) == 1
