"""What a viewer and its search process say to each other, over the process's stdin and stdout.

    viewer ▶ Look(id, place, query, near) · Stop(id)
    search ◀ Found(id, …) · Gone(id, …) · Stand(id, …)

Each message is MessagePack behind its length: hits are bytes, and many.
"""

from __future__ import annotations

import struct

import msgspec

from core.search.query import Query
from core.search.sieve import Sieve

_LENGTH = struct.Struct("<I")


class Recordings(msgspec.Struct, frozen=True, tag="recordings"):
    """A sandbox's recordings."""

    folder: str
    only: str = ""
    """The name of the one generation that counts; empty for all."""


class Log(msgspec.Struct, frozen=True, tag="log"):
    """A log that some program writes."""

    path: str
    sequence: int = 1
    """The number of the generation that is at the path now."""


Place = Recordings | Log
"""Where to search."""


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Search, and go on with it as the place grows."""

    id: int
    place: Place
    query: Query
    near: tuple[int, int] | None = None
    """Generation and offset around which to begin; None for the end."""
    sieve: Sieve | None = None
    """Searched for in the place of the query."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """End a search."""

    id: int


class Found(msgspec.Struct, frozen=True, tag="found"):
    """In a stretch of a generation exactly these rows are found."""

    id: int
    generation: int
    begin: int
    end: int
    hits: bytes
    """As `core.search.hits.packed` makes them."""


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """What is left of a place, some of which was dropped."""

    id: int
    generations: tuple[int, ...]
    starts: dict[int, int]
    """Where what is left of some generations begins."""


class Stand(msgspec.Struct, frozen=True, tag="stand"):
    """How far a search is."""

    id: int
    scanned: int
    """Bytes."""
    total: int
    is_counting: bool
    trouble: str = ""
    """Why a part of the place cannot be searched; empty when all can."""
    rows: int = 0
    """Rows that were scanned; counted for a sieve alone."""


ToSearch = Look | Stop
FromSearch = Found | Gone | Stand

_encoder = msgspec.msgpack.Encoder()


def framed(message: ToSearch | FromSearch) -> bytes:
    """A message as it is sent."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


class Frames:
    """Bytes from a pipe, cut into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, not decoded yet."""
        rest = self._rest
        rest += data
        messages: list[bytes] = []
        at = 0
        while len(rest) - at >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(rest, at)
            end = at + _LENGTH.size + size
            if end > len(rest):
                break
            messages.append(bytes(rest[at + _LENGTH.size : end]))
            at = end
        del rest[:at]
        return messages
