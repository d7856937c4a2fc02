"""A parsed TOML document that knows where in the file each key stands."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.errors import ConfigError

_WORDS: Mapping[type, str] = {str: "a string in quotes", bool: "true or false"}


class Table(NamedTuple):
    """One table of a document."""

    values: Mapping[str, object]
    name: str
    """The header's key; empty for the top of the document."""
    start: int
    """The 0-based line of its header; -1 when it is not found."""
    end: int


class Document:
    """A config file's text, parsed; finds the line of what is wrong.

    Args:
        raw: the file's bytes.
        path: named in errors.

    Raises:
        ConfigError: it is no UTF-8 or no TOML.
    """

    def __init__(self, raw: bytes, path: str) -> None:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise ConfigError("is not UTF-8", path=path, line=line) from error
        try:
            self._values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(
                f"is not TOML: {error}", path=path, line=_line_of(str(error), text)
            ) from error
        self._lines = text.splitlines()
        self._path = path

    @property
    def top(self) -> Table:
        """The document's own keys and tables."""
        header = re.compile(r"\s*\[")
        ends = [i for i, line in enumerate(self._lines) if header.match(line)]
        return Table(self._values, "", -1, ends[0] if ends else len(self._lines))

    def table(self, name: str) -> Table | None:
        """The table with this header; None when there is none.

        Raises:
            ConfigError: the key is no table.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(self.top, name, "must be a table", f"Begin it with [{name}].")
        return self._found(name, value, rf"\s*\[\s*[\"']?{name}[\"']?\s*\]", 0)

    def tables(self, name: str) -> list[Table]:
        """The tables of an array of tables.

        Raises:
            ConfigError: the key is no array of tables.
        """
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
            raise self.error(
                self.top, name, "must be a list of tables", f"Begin each {name} with [[{name}]]."
            )
        header = rf"\s*\[\[\s*[\"']?{name}[\"']?\s*\]\]"
        return [self._found(name, each, header, number) for number, each in enumerate(values)]

    def tables_below(self, name: str) -> dict[str, Table]:
        """The tables with this header and a name of their own behind it, by that name.

        Raises:
            ConfigError: the key holds something else.
        """
        outer = self.table(name)
        if outer is None:
            return {}
        found = {}
        for key, value in outer.values.items():
            if not isinstance(value, dict):
                raise self.error(outer, key, "must be a table", f"Begin it with [{name}.{key}].")
            header = rf"\s*\[\s*{name}\s*\.\s*[\"']?{re.escape(key)}[\"']?\s*\]"
            found[key] = self._found(f"{name}.{key}", value, header, 0)
        return found

    def check(self, table: Table, kinds: Mapping[str, type]) -> None:
        """Refuse keys that are not known or hold something of another kind.

        Raises:
            ConfigError: there is one.
        """
        for key, value in table.values.items():
            if key not in kinds:
                raise self._unknown(table, key, list(kinds))
            kind = kinds[key]
            if kind in _WORDS and not isinstance(value, kind):
                raise self.error(table, key, f"must be {_WORDS[kind]}, not {kind_of(value)}")

    def error(self, table: Table, key: str, message: str, hint: str = "") -> ConfigError:
        """What is wrong with a key of a table; without a key, with the table."""
        dotted = ".".join(part for part in (table.name, key) if part)
        return ConfigError(
            message, path=self._path, line=self._line(table, key), key=dotted, hint=hint
        )

    def _unknown(self, table: Table, key: str, known: Sequence[str]) -> ConfigError:
        near = difflib.get_close_matches(key, known, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}"
        return self.error(table, key, "is no key guestwatch knows", hint)

    def _found(self, name: str, values: Mapping[str, object], header: str, number: int) -> Table:
        starts = [i for i, line in enumerate(self._lines) if re.match(header, line)]
        if number >= len(starts):
            return Table(values, name, -1, -1)
        start = starts[number]
        following = [
            i for i in range(start + 1, len(self._lines)) if re.match(r"\s*\[", self._lines[i])
        ]
        return Table(values, name, start, following[0] if following else len(self._lines))

    def _line(self, table: Table, key: str) -> int:
        """The 1-based line of a key; of its table's header when not found; 0 when unknown."""
        if table.name and table.start < 0:
            return 0
        if key:
            pattern = rf"\s*\[{{0,2}}\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]"
            last = table.end if table.name else len(self._lines)
            for index in range(table.start + 1, last):
                if re.match(pattern, self._lines[index]):
                    return index + 1
        return table.start + 1


class Section:
    """A table of which somebody else knows what may stand in it.

    Args:
        document: where it stands; None for a table that is not there.
        table: the table.
    """

    def __init__(self, document: Document | None = None, table: Table | None = None) -> None:
        self._document = document
        self._table = table

    @property
    def values(self) -> Mapping[str, object]:
        """Its keys and what they hold."""
        return {} if self._table is None else self._table.values

    def error(self, key: str, message: str, hint: str = "") -> ConfigError:
        """What is wrong with one of its keys; without a key, with the table."""
        if self._document is None or self._table is None:
            return ConfigError(message, path="config", key=key, hint=hint)
        return self._document.error(self._table, key, message, hint)


def _line_of(message: str, text: str) -> int:
    # tomllib tells the line only in its text before Python 3.14.
    found = re.search(r"at line (\d+)", message)
    if found:
        return int(found[1])
    return text.count("\n") + 1 if "end of document" in message else 0


def kind_of(value: object) -> str:
    """What a TOML value is, in words."""
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
