"""A stream that proves its own completeness: seeded pseudo random bytes of every value.

Any part of it can be made without what came before, so a reader that lost, doubled or
swapped bytes is told where. (Xen's console test suite proves losslessness this way.)
"""

from __future__ import annotations

import random
from collections.abc import Iterator

BLOCK_BYTES = 64 * 1024


def block(seed: int, number: int) -> bytes:
    """The stream's bytes from `number * BLOCK_BYTES` on."""
    return random.Random(f"{seed}:{number}").randbytes(BLOCK_BYTES)


def stream(seed: int, size: int) -> Iterator[bytes]:
    """The first `size` bytes."""
    for number in range(-(-size // BLOCK_BYTES)):
        yield block(seed, number)[: size - number * BLOCK_BYTES]


def first_difference(heard: bytes, seed: int) -> int | None:
    """Where `heard` departs from the stream's beginning; None where it is that beginning."""
    for number in range(-(-len(heard) // BLOCK_BYTES)):
        begin = number * BLOCK_BYTES
        part = heard[begin : begin + BLOCK_BYTES]
        right = block(seed, number)[: len(part)]
        if part != right:
            pairs = zip(part, right, strict=True)
            return begin + next(at for at, (got, want) in enumerate(pairs) if got != want)
    return None
