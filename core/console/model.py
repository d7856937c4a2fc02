"""What a guest's bytes become on their way to a screen: safe text with style runs.

`SafeStr` is text that holds nothing a terminal would act on. Only `core.console`
makes one; every widget asks for one, so that mypy finds the guest text that went
around the sanitiser.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, NewType

SafeStr = NewType("SafeStr", str)
"""Printable text without control, bidi or invisible characters."""

Colour = int | tuple[int, int, int]
"""A palette entry 0 to 255, or red, green and blue 0 to 255 each."""


class Style(NamedTuple):
    """How a run of guest text looks: SGR attributes, nothing else."""

    fg: Colour | None = None
    bg: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN = Style()


class Level(enum.IntEnum):
    """How grave a line is, in the kernel's order: the lower, the graver."""

    EMERG = 0
    ALERT = 1
    CRIT = 2
    ERR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7

    @property
    def role(self) -> Role:
        """How a word of this level looks."""
        if self <= Level.ERR:
            return Role.ERROR
        if self is Level.WARNING:
            return Role.WARN
        return Role.DEBUG if self is Level.DEBUG else Role.INFO


class Role(enum.StrEnum):
    """What a run means, for a theme to colour. A guest's own colours go in `Style`."""

    TEXT = "text"
    STAMP = "stamp"
    """A kernel timestamp."""
    ALARM = "alarm"
    """The first line of a panic, oops or BUG."""
    DEBUG = "debug"
    INFO = "info"
    OK = "ok"
    """What systemd says of a step that went well."""
    WARN = "warn"
    ERROR = "error"
    SOURCE = "source"
    """The subsystem an agent line names."""
    FIELD = "field"
    """An agent line's further fields."""
    MARK = "mark"
    """A sign of ours between the guest's text, such as the one for a line cut short."""


class Run(NamedTuple):
    """`length` characters of one look."""

    length: int
    style: Style = PLAIN
    role: Role = Role.TEXT


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One line as it is shown: `runs` cover `text` exactly."""

    text: SafeStr
    runs: tuple[Run, ...]
