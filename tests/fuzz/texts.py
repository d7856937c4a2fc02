"""What people write: console URLs, names, the config."""

from __future__ import annotations

import random
from pathlib import Path

from core.config.reading import parse_config
from core.console import safe_text
from core.endpoints import parse_console_url
from core.errors import ConfigError, GuestwatchError, InvalidConsoleUrl, UnknownConsoleProto
from core.sandboxes.ids import check_sandbox_id, slug
from core.sandboxes.named import parse_named
from tests.fuzz.mutation import mutated_one, mutated_text
from tests.fuzz.target import Target, parser

URLS = (
    "unix:/run/vm1/console.sock", "unix:///run/vm1/console.sock", "/run/vm1/console.sock",
    "./vm:1.sock", "pty:/dev/pts/3", "hvsock:/run/vm1/clh.sock:1026", "vsock:3:1026",
    "file:/var/log/vm1.log", "tcp:127.0.0.1:4555", "tcp:[::1]:4555", "telnet::4555", "tcp:4555",
    "listen:/run/vm1/dialed.sock",
)  # fmt: skip

CONFIG = b"""
auto = "safe"
[quota]
console = "256 MB"
total = 8000000000
[[alert]]
name = "disk"
pattern = "I/O error|(remount|read)-only"
severity = "critical"
[[sandbox]]
name = "nginx-7c9"
console = "unix:/run/vm1/console.sock"
start = true
debug = false
[[sandbox]]
name = "db-0"
console = "tcp:127.0.0.1:4555"
"""

BASE = Path("/base")


def a_url(rng: random.Random) -> str:
    return mutated_text(rng, rng.choice(URLS))


def check_url(text: str) -> None:
    try:
        url = parse_console_url(text, base=BASE)
    except (InvalidConsoleUrl, UnknownConsoleProto) as error:
        safe_text(str(error)), safe_text(error.hint)
        return
    assert parse_console_url(url.text) == url
    assert "\0" not in url.address
    assert 0 <= url.port < 2**32


def a_name(rng: random.Random) -> str:
    return mutated_text(rng, f"vm-{rng.randrange(10)}={rng.choice(URLS)}")


def check_name(text: str) -> None:
    try:
        spec = parse_named(text, base=BASE)
    except GuestwatchError:
        return
    assert check_sandbox_id(spec.id) == spec.id
    assert text.startswith(spec.id + "=")


def a_found_name(rng: random.Random) -> str:
    return mutated_text(rng, "a name, found elsewhere")


def check_slug(text: str) -> None:
    assert check_sandbox_id(slug(text)) == slug(text)


def check_config(raw: bytes) -> None:
    try:
        config = parse_config(raw, "config.toml")
    except ConfigError:
        return
    for spec in config.sandboxes:
        assert check_sandbox_id(spec.id) == spec.id
    assert config.settings.quota_console >= 0


TARGETS: tuple[Target, ...] = (
    parser("url", a_url, check_url),
    parser("name", a_name, check_name),
    parser("slug", a_found_name, check_slug),
    parser("config", lambda rng: mutated_one(rng, [CONFIG]), check_config),
)
