"""What of a console can be saved, and how it is called. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from core.console import SafeStr


class Choice(NamedTuple):
    """Something that can be saved."""

    words: SafeStr
    """What it is, as the prompt says it."""
    pieces: Callable[[], Iterable[bytes]]
    """Makes it, in pieces; it may be long."""


class Choices:
    """What may be saved, one of it chosen at a time.

    Args:
        choices: at least one; the first is chosen.
    """

    def __init__(self, choices: list[Choice]) -> None:
        self._choices = choices
        self._at = 0

    def __len__(self) -> int:
        return len(self._choices)

    @property
    def chosen(self) -> Choice:
        """The one that is chosen."""
        return self._choices[self._at]

    def turn(self, step: int) -> None:
        """Choose another one, round and round."""
        self._at = (self._at + step) % len(self._choices)


def file_name(what: str, wall: float, suffix: str) -> str:
    """`vm1-20261124-120431.txt`: whose it is and when it was saved, by the local clock."""
    return f"{what}-{datetime.fromtimestamp(wall):%Y%m%d-%H%M%S}{suffix}"


def as_lines(found: Iterable[str]) -> Iterator[bytes]:
    """Pieces of text as a file holds them: in UTF-8, with a newline at the end."""
    for piece in found:
        yield piece.encode()
    yield b"\n"
