"""Tells what of a seeded stream a record lacks: where, and how much, to the byte."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from .seeded import BLOCK_BYTES, block
from .truth import Span, append, length

RESYNC_BYTES = 16
"""So many bytes that are right tell where the stream goes on. A shorter run between two
holes is told as foreign, except at the end."""

_MAX_STRIDE = 4096

Record: TypeAlias = bytes | bytearray | mmap.mmap


@dataclass(slots=True)
class Verdict:
    """What a record is, against what was said."""

    heard: int
    """The record's length."""
    said: int
    first_difference: int | None = None
    """Where the record first departs from the stream; its own length where only the end lacks."""
    missing: list[Span] = field(default_factory=list)
    """Offsets of the stream that the record does not have."""
    foreign: list[Span] = field(default_factory=list)
    """Offsets of the record that are none of the stream's."""
    repeated: list[Span] = field(default_factory=list)
    """Offsets of the stream that the record has once more than it should."""

    @property
    def is_whole(self) -> bool:
        """Whether the record is exactly what was said."""
        return self.first_difference is None

    @property
    def missing_bytes(self) -> int:
        """How many bytes are missing."""
        return length(self.missing)

    def __str__(self) -> str:
        if self.is_whole:
            return f"whole: {self.said} bytes"
        parts = [f"differs at {self.first_difference}"]
        for name, spans in (
            ("missing", self.missing),
            ("foreign", self.foreign),
            ("repeated", self.repeated),
        ):
            if spans:
                words = ", ".join(f"{begin}..{end}" for begin, end in spans)
                parts.append(f"{name} {length(spans)} bytes ({words})")
        return "; ".join(parts)


def verify(record: Path | str | bytes | bytearray, seed: int, said: int) -> Verdict:
    """Compare a record, or the file at a path, with the first `said` bytes of the stream.

    A hole is told as the last of the places where it can be: when the byte after it is
    the one it begins with, no reader can tell the two apart (`as_seen`).
    """
    if isinstance(record, bytes | bytearray):
        return _Comparison(record, seed, said).run()
    with Path(record).open("rb") as file:
        if not Path(record).stat().st_size:
            return _Comparison(b"", seed, said).run()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return _Comparison(mapped, seed, said).run()


def as_seen(hole: Span, seed: int, said: int) -> Span:
    """Where `verify` places a hole that was cut at `hole`."""
    begin, end = hole
    if begin == end:
        return hole
    stream = _Stream(seed, said)
    while end < said and stream.part(begin, 1) == stream.part(end, 1):
        begin, end = begin + 1, end + 1
    return begin, end


class _Stream:
    """The stream as a thing to look into; keeps the last few blocks."""

    def __init__(self, seed: int, said: int) -> None:
        self._seed = seed
        self.said = said
        self._blocks: dict[int, bytes] = {}

    def block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= 8:
                del self._blocks[next(iter(self._blocks))]
            whole = block(self._seed, number)
            self._blocks[number] = whole[: max(0, self.said - number * BLOCK_BYTES)]
        return self._blocks[number]

    def part(self, begin: int, size: int) -> bytes:
        """At most `size` bytes from `begin` on."""
        number, at = divmod(begin, BLOCK_BYTES)
        parts = bytearray()
        while len(parts) < size and number * BLOCK_BYTES < self.said:
            parts += self.block(number)[at : at + size - len(parts)]
            number, at = number + 1, 0
        return bytes(parts)

    def find(self, needle: bytes, begin: int, end: int) -> int | None:
        """The first place of `needle` that begins in the span."""
        while begin < min(end, self.said):
            stop = min(end, begin - begin % BLOCK_BYTES + BLOCK_BYTES)
            window = self.part(begin, stop - begin + len(needle) - 1)
            found = window.find(needle)
            if found >= 0:
                return begin + found
            begin = stop
        return None


class _Comparison:
    def __init__(self, record: Record, seed: int, said: int) -> None:
        self._record = record
        self._size = len(record)
        self._stream = _Stream(seed, said)
        self._verdict = Verdict(self._size, said)
        self._got = 0
        self._due = 0

    def run(self) -> Verdict:
        said = self._stream.said
        while True:
            self._agree()
            if self._got == self._size:
                break
            self._differs()
            self._resync()
        if self._due < said:
            self._differs()
            append(self._verdict.missing, self._due, said)
        return self._verdict

    def _differs(self) -> None:
        if self._verdict.first_difference is None:
            self._verdict.first_difference = self._got

    def _agree(self) -> None:
        """Pass over all that is right."""
        while self._got < self._size:
            want = self._stream.part(self._due, BLOCK_BYTES)
            got = bytes(self._record[self._got : self._got + len(want)])
            same = _same(got, want)
            self._got += same
            self._due += same
            if not same or same < len(got):
                return

    def _resync(self) -> None:
        """Find what the record goes on with."""
        begin, stride = self._got, 1
        at = begin
        while at < self._size:
            needle = bytes(self._record[at : at + RESYNC_BYTES])
            place = self._place(needle)
            if place is not None:
                self._go_on(begin, at, place)
                return
            at += stride
            stride = min(stride * 2, _MAX_STRIDE)
        append(self._verdict.foreign, begin, self._size)
        self._got = self._size

    def _place(self, needle: bytes) -> int | None:
        said = self._stream.said
        if len(needle) < RESYNC_BYTES:
            # Too few to tell a place by: they are the stream's end, or nothing.
            at = said - len(needle)
            is_end = at >= self._due and self._stream.part(at, len(needle)) == needle
            return at if is_end else None
        found = self._stream.find(needle, self._due, said)
        return self._stream.find(needle, 0, self._due) if found is None else found

    def _go_on(self, begin: int, at: int, place: int) -> None:
        """The record is right again from `at` on, where the stream is at `place`."""
        floor = self._due if place >= self._due else 0
        while (
            at > begin
            and place > floor
            and bytes(self._record[at - 1 : at]) == self._stream.part(place - 1, 1)
        ):
            at, place = at - 1, place - 1
        append(self._verdict.foreign, begin, at)
        self._got = at
        if place >= self._due:
            append(self._verdict.missing, self._due, place)
            self._due = place
            return
        self._pass_over_repeat(place)

    def _pass_over_repeat(self, place: int) -> None:
        begin = place
        while self._got < self._size and place < self._due:
            want = self._stream.part(place, min(BLOCK_BYTES, self._due - place))
            got = bytes(self._record[self._got : self._got + len(want)])
            same = _same(got, want)
            self._got += same
            place += same
            if same < len(want):
                break
        append(self._verdict.repeated, begin, place)


def _same(left: bytes, right: bytes) -> int:
    """How many bytes at the beginning are the same."""
    if left == right[: len(left)]:
        return len(left)
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
