"""From a config file to what it asks for."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.config.document import Document, Section, Table
from core.console.alerts import check_pattern
from core.errors import (
    ConfigError,
    ConsoleError,
    InvalidAlertPattern,
    InvalidSandboxId,
    UnknownProxyType,
    UsageError,
)
from core.proxy.types import ProxyType
from core.sandboxes.ids import check_sandbox_id
from core.sandboxes.model import SandboxSpec
from core.sandboxes.named import sandbox_spec
from core.settings import SMALLEST_QUOTA_BYTES, AlertPattern, Auto, Settings, Severity

_TOP: Mapping[str, type] = {
    "auto": str,
    "theme": str,
    "quota": dict,
    "keys": dict,
    "themes": dict,
    "alert": list,
    "sandbox": list,
}
_QUOTA: Mapping[str, type] = {"console": object, "total": object}
_ALERT: Mapping[str, type] = {"name": str, "pattern": str, "severity": str}
_SANDBOX: Mapping[str, type] = {
    "name": str,
    "console": str,
    "proxy": str,
    "proxy_path": str,
    "agent_url": str,
    "family": str,
    "auto": str,
    "debug": bool,
    "start": bool,
}
"""The keys of each table and what each must be."""

_UNITS = {
    "": 1,
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_SIZE = re.compile(r"([0-9]{1,15})\s*([A-Za-z]*)")
_SIZE_HINT = 'Write it as "256 MB" or "8 GiB"; 0 is no limit.'

MAX_CONFIG_BYTES = 4 * 1024 * 1024

DEFAULTS = Settings()
NO_SECTION = Section()


@dataclass(frozen=True, slots=True)
class Config:
    """What the config file asks for."""

    sandboxes: tuple[SandboxSpec, ...] = ()
    settings: Settings = DEFAULTS
    auto: Auto = Auto.SAFE
    """For sandboxes that are named elsewhere, and those that say nothing of their own."""
    top: Section = NO_SECTION
    """Of which a viewer knows what `theme` may be."""
    keys: Section = NO_SECTION
    """Keys by action; only a viewer knows which actions there are."""
    themes: Mapping[str, Section] = field(default_factory=dict)
    """A person's own themes by name; only a viewer knows what is coloured."""


def load_config(path: Path, *, must_exist: bool = False) -> Config:
    """The config at `path`; an empty one when there is none.

    Args:
        path: the file.
        must_exist: whether its absence is an error, as when it was named.

    Raises:
        ConfigError: it cannot be read, others may write it, it is no TOML, or it asks for
            something unknown.
    """
    try:
        with path.open("rb") as file:
            _check_trusted(path, os.fstat(file.fileno()))
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        if not must_exist:
            return Config()
        raise ConfigError("there is no such file", path=str(path)) from None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", path=str(path), hint="Look at its owner and mode."
        ) from error
    if len(raw) > MAX_CONFIG_BYTES:
        raise ConfigError("is larger than 4 MiB", path=str(path))
    return parse_config(raw, str(path))


def _check_trusted(path: Path, found: os.stat_result) -> None:
    """Refuse a file that others may write: it names programs that are run as this user.

    Raises:
        ConfigError: it is neither this user's nor root's, or open to others.
    """
    ours = os.geteuid()
    if found.st_uid not in (0, ours):
        raise ConfigError(
            f"belongs to user {found.st_uid}, not to user {ours} or root",
            path=str(path),
            hint=f"Look at what is in it, then run chown {ours} {path}.",
        )
    # A terminal that a config is typed into is its group's to write to as well.
    writers = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if writers and not stat.S_ISCHR(found.st_mode):
        who = "everybody" if writers & stat.S_IWOTH else f"its group ({found.st_gid})"
        raise ConfigError(
            f"may be written by {who}",
            path=str(path),
            hint=f"Look at what is in it, then run chmod go-w {path}.",
        )


def parse_config(raw: bytes, path: str) -> Config:
    """The config in `raw`; `path` is named in errors.

    Raises:
        ConfigError: it is no TOML, or asks for something unknown.
    """
    document = Document(raw, path)
    top = document.top
    document.check(top, _TOP)
    auto = _auto(document, top, Auto.SAFE)
    console, total = _quotas(document)
    settings = Settings(quota_console=console, quota_total=total, alerts=_alerts(document))
    return Config(
        _sandboxes(document, auto),
        settings,
        auto,
        top=Section(document, top),
        keys=Section(document, document.table("keys")),
        themes={name: Section(document, t) for name, t in document.tables_below("themes").items()},
    )


def _auto(document: Document, table: Table, default: Auto) -> Auto:
    word = table.values.get("auto", default)
    if word not in tuple(Auto):
        raise document.error(table, "auto", f"must be one of {', '.join(Auto)}, not {word}")
    return Auto(str(word))


def _quotas(document: Document) -> tuple[int, int]:
    table = document.table("quota")
    if table is None:
        return DEFAULTS.quota_console, DEFAULTS.quota_total
    document.check(table, _QUOTA)
    return (
        _size(document, table, "console", DEFAULTS.quota_console),
        _size(document, table, "total", DEFAULTS.quota_total),
    )


def _size(document: Document, table: Table, key: str, default: int) -> int:
    value = table.values.get(key, default)
    if isinstance(value, str):
        found = _SIZE.fullmatch(value.strip())
        if found is None or found[2] not in _UNITS:
            raise document.error(table, key, f"is no size: {value}", _SIZE_HINT)
        value = int(found[1]) * _UNITS[found[2]]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise document.error(table, key, f"is no size: {value}", _SIZE_HINT)
    if 0 < value < SMALLEST_QUOTA_BYTES:
        raise document.error(table, key, f"is too small: {value} bytes", "At least 1 MB.")
    return value


def _alerts(document: Document) -> tuple[AlertPattern, ...]:
    patterns: dict[str, AlertPattern] = {}
    for table in document.tables("alert"):
        document.check(table, _ALERT)
        for key in ("name", "pattern"):
            if not table.values.get(key):
                raise document.error(table, "", f"has no {key}")
        name, pattern = str(table.values["name"]), str(table.values["pattern"])
        try:
            check_pattern(pattern)
        except InvalidAlertPattern as error:
            raise document.error(table, "pattern", str(error), error.hint) from error
        severity = table.values.get("severity", Severity.WARNING)
        if severity not in tuple(Severity):
            known = ", ".join(Severity)
            raise document.error(table, "severity", f"must be one of {known}, not {severity}")
        if name in patterns:
            raise document.error(table, "name", f"{name} is named twice")
        patterns[name] = AlertPattern(name=name, pattern=pattern, severity=Severity(str(severity)))
    return tuple(patterns.values())


def _sandboxes(document: Document, auto: Auto) -> tuple[SandboxSpec, ...]:
    specs: dict[str, SandboxSpec] = {}
    for table in document.tables("sandbox"):
        document.check(table, _SANDBOX)
        spec = _sandbox(document, table, auto)
        if spec.id in specs:
            raise document.error(
                table, "name", f"{spec.id} is named twice", "Give one another name."
            )
        specs[spec.id] = spec
    return tuple(specs.values())


def _sandbox(document: Document, table: Table, auto: Auto) -> SandboxSpec:
    name = table.values.get("name")
    if not isinstance(name, str):
        raise document.error(table, "name", "is missing")

    def wrong(key: str, error: UsageError | ConsoleError | UnknownProxyType) -> ConfigError:
        return document.error(table, key, str(error), error.hint)

    try:
        return _spec_of(table.values, name, _auto(document, table, auto))
    except ConfigError:
        raise
    except InvalidSandboxId as error:
        raise wrong("name", error) from error
    except UnknownProxyType as error:
        raise wrong("proxy", error) from error
    except (UsageError, ConsoleError) as error:
        raise wrong("console", error) from error


def _spec_of(table: Mapping[str, object], name: str, auto: Auto) -> SandboxSpec:
    def text(key: str) -> str:
        return str(table.get(key, ""))

    return sandbox_spec(
        check_sandbox_id(name),
        text("console"),
        proxy_type=ProxyType.parse(text("proxy")) if "proxy" in table else None,
        proxy_path=text("proxy_path"),
        agent_url=text("agent_url"),
        family=text("family"),
        auto=auto,
        debug=table.get("debug", True) is True,
        start=table.get("start", True) is True,
    )
