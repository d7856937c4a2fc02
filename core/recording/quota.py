"""Which pieces of the recordings go when there are more than may be kept. Pure.

Theory of operation. A sandbox's pieces go oldest generation first, and inside it
oldest segment first; the segment that grows never goes. Over all sandboxes the piece
goes that was last written longest ago, though never before an older one of its
own sandbox: whoever prints most has the newest pieces, and the most of them, so that
a quiet sandbox's boot from a week ago goes before a loud one's last hour. What a
generation keeps beside its segments (ledger, meta data, index) is small and tells
what is missing; it goes only when no segment is left that could, or when a sandbox
has more than `MAX_GENERATIONS` of them.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.recording.layout import SEGMENT_BYTES

MAX_GENERATIONS = 1000
"""A VM in a reboot loop makes one every few seconds, and each takes a folder and five files."""

MIN_SEGMENT_BYTES = 64 * 1024
_SEGMENTS = 8
"""Whole segments go, so a small quota must hold several."""


class Piece(NamedTuple):
    """What goes or stays as a whole."""

    sandbox: str
    generation: str
    """The folder's name; in the order of their beginning."""
    start: int
    """The segment's first offset; `REST` for what a generation keeps beside its segments."""
    size: int
    written: float
    """When it was last written: seconds since the epoch."""
    is_needed: bool = False
    """It grows, or belongs to a generation that does and is no full segment."""


REST = -1


class Limits(NamedTuple):
    """How much may be kept; 0 is no limit."""

    console_bytes: int
    total_bytes: int


def segment_bytes(limits: Limits) -> int:
    """From what size on a segment is full, so that dropping one never means losing all."""
    least = min((limit for limit in limits if limit > 0), default=0)
    if least == 0 or least >= 4 * SEGMENT_BYTES:
        return SEGMENT_BYTES
    return max(MIN_SEGMENT_BYTES, least // _SEGMENTS)


def plan(pieces: Iterable[Piece], limits: Limits) -> list[Piece]:
    """What goes, in order. Afterwards no limit is passed, unless nothing is left that may go."""
    by_sandbox: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_sandbox[piece.sandbox].append(piece)
    gone: list[Piece] = []
    queues: list[list[Piece]] = []
    for own in by_sandbox.values():
        own.sort(key=_age)
        dropped, left = _within_sandbox(own, limits.console_bytes)
        gone += dropped
        queues.append(left)
    if limits.total_bytes:
        gone += _within_total(queues, limits.total_bytes)
    return gone


def _age(piece: Piece) -> tuple[str, int]:
    return piece.generation, piece.start


def _within_sandbox(own: Sequence[Piece], limit: int) -> tuple[list[Piece], list[Piece]]:
    """What goes of one sandbox, and what is left of it."""
    generations = sorted({piece.generation for piece in own})
    surplus = set(generations[: max(0, len(generations) - MAX_GENERATIONS)])
    surplus -= {piece.generation for piece in own if piece.is_needed}
    gone = [p for p in _in_turn(own) if p.generation in surplus]
    over = sum(piece.size for piece in own) - limit - sum(piece.size for piece in gone)
    if limit:
        chosen = set(gone)
        for piece in _in_turn(own):
            if over <= 0:
                break
            if piece not in chosen:
                gone.append(piece)
                over -= piece.size
    dropped = set(gone)
    return gone, [piece for piece in own if piece not in dropped]


def _in_turn(own: Sequence[Piece]) -> list[Piece]:
    """Those of a sandbox that may go, in the order in which they do: segments, then rests."""
    may = [piece for piece in own if not piece.is_needed]
    return [p for p in may if p.start != REST] + [p for p in may if p.start == REST]


def _within_total(queues: Sequence[Sequence[Piece]], limit: int) -> list[Piece]:
    over = sum(piece.size for own in queues for piece in own) - limit
    gone: list[Piece] = []
    turns = [_in_turn(own) for own in queues]
    # Segments of all sandboxes first, whatever rests are older.
    heap = [(turn[0].start == REST, turn[0].written, i, 0) for i, turn in enumerate(turns) if turn]
    heapq.heapify(heap)
    while over > 0 and heap:
        _, _, i, at = heapq.heappop(heap)
        piece = turns[i][at]
        gone.append(piece)
        over -= piece.size
        if at + 1 < len(turns[i]):
            following = turns[i][at + 1]
            heapq.heappush(heap, (following.start == REST, following.written, i, at + 1))
    return gone
