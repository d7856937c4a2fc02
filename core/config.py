"""The config file: which sandboxes to watch.

    [[sandbox]]
    name = "db-0"                       # an id: letters, digits, . _ -
    console = "unix:/run/vm/db-0.sock"
    proxy = "noProxy"                   # noopProxy, noProxy, kataProxy, kataBuiltInProxy
    proxy_path = "/usr/libexec/kata-proxy"
    agent_url = "vsock://3:1024"
    family = "qemu"
    debug = true                        # watch the console
    start = true                        # when the sandbox appears

Everything wrong in it is told with file, line and key, and the nearest key that is
known.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError, ConsoleError, InvalidSandboxId, UnknownProxyType, UsageError
from core.proxy.types import ProxyType
from core.sandboxes.ids import check_sandbox_id
from core.sandboxes.model import SandboxSpec
from core.sandboxes.named import sandbox_spec

_KINDS: Mapping[str, type] = {
    "name": str,
    "console": str,
    "proxy": str,
    "proxy_path": str,
    "agent_url": str,
    "family": str,
    "debug": bool,
    "start": bool,
}
"""The keys of a sandbox and what each must be."""

_WORDS: Mapping[type, str] = {str: "a string in quotes", bool: "true or false"}

MAX_CONFIG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """What the config file asks for."""

    sandboxes: tuple[SandboxSpec, ...] = ()


def load_config(path: Path, *, must_exist: bool = False) -> Config:
    """The config at `path`; an empty one when there is none.

    Args:
        path: the file.
        must_exist: whether its absence is an error, as when it was named.

    Raises:
        ConfigError: it cannot be read, is no TOML, or asks for something unknown.
    """
    try:
        with path.open("rb") as file:
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


def parse_config(raw: bytes, path: str) -> Config:
    """The config in `raw`; `path` is named in errors.

    Raises:
        ConfigError: it is no TOML, or asks for something unknown.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8", path=path, line=line) from error
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"is not TOML: {error}", path=path, line=_line_of(str(error), text)
        ) from error
    return _Reader(text, path).read(document)


def _line_of(message: str, text: str) -> int:
    # tomllib tells the line only in its text before Python 3.14.
    found = re.search(r"at line (\d+)", message)
    if found:
        return int(found[1])
    return text.count("\n") + 1 if "end of document" in message else 0


class _Reader:
    """Turns a parsed document into specs, and finds the line of what is wrong."""

    def __init__(self, text: str, path: str) -> None:
        self._lines = text.splitlines()
        self._path = path

    def read(self, document: Mapping[str, object]) -> Config:
        for key in document:
            if key != "sandbox":
                raise self._unknown(key, ["sandbox"], self._find(key, 0, len(self._lines)))
        tables = document.get("sandbox", [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise self._error(
                "sandbox",
                self._find("sandbox", 0, len(self._lines)),
                "must be a list of tables",
                "Begin each sandbox with [[sandbox]].",
            )
        specs: dict[str, SandboxSpec] = {}
        for number, table in enumerate(tables):
            spec = self._sandbox(number, table)
            if spec.id in specs:
                line = self._line("name", number)
                raise self._error(
                    "sandbox.name", line, f"{spec.id} is named twice", "Give one another name."
                )
            specs[spec.id] = spec
        return Config(tuple(specs.values()))

    def _sandbox(self, number: int, table: Mapping[str, object]) -> SandboxSpec:
        for key, value in table.items():
            if key not in _KINDS:
                raise self._unknown(f"sandbox.{key}", list(_KINDS), self._line(key, number))
            if not isinstance(value, _KINDS[key]):
                raise self._error(
                    f"sandbox.{key}",
                    self._line(key, number),
                    f"must be {_WORDS[_KINDS[key]]}, not {_kind_of(value)}",
                )
        name = table.get("name")
        if not isinstance(name, str):
            raise self._error("sandbox.name", self._line("", number), "is missing")
        try:
            return _spec_of(table, name)
        except InvalidSandboxId as error:
            raise self._wrong("name", number, error) from error
        except UnknownProxyType as error:
            raise self._error(
                "sandbox.proxy", self._line("proxy", number), str(error), error.hint
            ) from error
        except (UsageError, ConsoleError) as error:
            raise self._wrong("console", number, error) from error

    def _wrong(self, key: str, number: int, error: UsageError | ConsoleError) -> ConfigError:
        return self._error(f"sandbox.{key}", self._line(key, number), str(error), error.hint)

    def _unknown(self, key: str, known: list[str], line: int) -> ConfigError:
        near = difflib.get_close_matches(key.rpartition(".")[2], known, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}"
        return self._error(key, line, "is no key guestwatch knows", hint)

    def _error(self, key: str, line: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError(message, path=self._path, line=line, key=key, hint=hint)

    def _line(self, key: str, number: int) -> int:
        """The line of `key` in the sandbox of this number; of its header when not found."""
        headers = [
            index
            for index, line in enumerate(self._lines)
            if re.match(r"\s*\[\[\s*[\"']?sandbox[\"']?\s*\]\]", line)
        ]
        if number >= len(headers):
            return 0
        start = headers[number]
        end = headers[number + 1] if number + 1 < len(headers) else len(self._lines)
        return self._find(key, start, end) if key else start + 1

    def _find(self, key: str, start: int, end: int) -> int:
        pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=\].]")
        for index in range(start, end):
            if pattern.match(self._lines[index]):
                return index + 1
        return start + 1


def _spec_of(table: Mapping[str, object], name: str) -> SandboxSpec:
    def text(key: str) -> str:
        value = table.get(key, "")
        return value if isinstance(value, str) else ""

    return sandbox_spec(
        check_sandbox_id(name),
        text("console"),
        proxy_type=ProxyType.parse(text("proxy")) if "proxy" in table else None,
        proxy_path=text("proxy_path"),
        agent_url=text("agent_url"),
        family=text("family"),
        debug=table.get("debug", True) is True,
        start=table.get("start", True) is True,
    )


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
    return "a date or time"
