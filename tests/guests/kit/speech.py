"""What a simulated guest says: known to the byte, and to the sender alone."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from . import flood, seeded


class Kind(enum.StrEnum):
    """What the guest says."""

    SEEDED = "seeded"
    """Bytes that only who knows the seed can compute; `verify` tells what is missing."""
    LINES = "lines"
    """Numbered lines of 64 bytes."""
    ENDLESS_LINE = "endless-line"
    """No newline, ever."""
    BROKEN_TEXT = "broken-text"
    """Every byte value, torn UTF-8, queries, titles: what no guest should print."""
    MID_ESCAPE = "mid-escape"
    """Lines, then the beginning of an escape sequence."""
    MID_UTF8 = "mid-utf8"
    """Lines, then two thirds of a character."""


TORN = {Kind.MID_ESCAPE: b"\x1b[31;", Kind.MID_UTF8: b"\xe2\x96"}
"""What the kinds that break off end with."""


@dataclass(frozen=True, slots=True)
class Speech:
    """`size` bytes of a kind."""

    kind: Kind
    size: int
    seed: int = 0

    def pieces(self, seed: int | None = None) -> Iterator[bytes]:
        """The bytes, exactly; with another seed when one is given."""
        return pieces(self.kind, self.size, self.seed if seed is None else seed)


SILENCE = Speech(Kind.LINES, 0)
"""A guest that says only what it is told to."""


def Seeded(seed: int, size: int) -> Speech:  # noqa: N802 (reads as what it gives)
    """A stream that proves its own completeness."""
    return Speech(Kind.SEEDED, size, seed)


def pieces(kind: Kind, size: int, seed: int = 0) -> Iterator[bytes]:
    """What a guest of this kind says, exactly."""
    match kind:
        case Kind.SEEDED:
            return seeded.stream(seed, size)
        case Kind.LINES:
            return flood.lines(size)
        case Kind.ENDLESS_LINE:
            return flood.endless_line(size)
        case Kind.BROKEN_TEXT:
            return flood.broken_text(size)
        case Kind.MID_ESCAPE | Kind.MID_UTF8:
            return flood.torn(size, TORN[kind])


def size_of(text: str) -> int:
    """The bytes that `10MB`, `64KiB` or `640` mean.

    Raises:
        ValueError: it means nothing.
    """
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
    word = text.strip().upper()
    for unit, factor in units.items():
        if word.endswith(unit):
            return int(float(word.removesuffix(unit)) * factor)
    return int(word.removesuffix("B"))
