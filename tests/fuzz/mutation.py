"""Bytes and texts that are nearly right: valid ones, damaged in a way that has been seen."""

from __future__ import annotations

import random
from collections.abc import Sequence

ODD = (
    b"\x00", b"\xff", b"\r\n", b"\n", b"\x1b[", b"\xff\xfa", b"\xc3\x28", b"\xed\xa0\x80",
    b'"', b"\\", b"{", b"}", b"[[", b"=", b":", b"//", b"-1", b"0", b"1e999", b"NaN",
    b"9" * 20, b"9" * 400, b"null", b"true", b"\\ud800", b"%s", b"../", b"4294967296",
)  # fmt: skip
"""What parsers trip over."""

MAX_DAMAGES = 4


def mutated(rng: random.Random, data: bytes) -> bytes:
    """`data` after a few damages; sometimes whole, sometimes nothing like it."""
    found = bytearray(data)
    for _ in range(rng.randint(0, MAX_DAMAGES)):
        at = rng.randrange(len(found) + 1)
        match rng.randrange(7):
            case 0 if found:
                found[at % len(found)] ^= 1 << rng.randrange(8)
            case 1:
                del found[at : at + rng.choice((1, 2, 7, 100))]
            case 2:
                found[at:at] = rng.randbytes(rng.choice((1, 2, 7, 100)))
            case 3:
                found[at:at] = rng.choice(ODD)
            case 4:
                del found[at:]
            case 5:
                other = rng.randrange(len(found) + 1)
                found[at:at] = found[other : other + rng.choice((1, 8, 64))]
            case _:
                size = rng.choice((1, 2, 4, 8))
                found[at : at + size] = rng.choice((b"\x00", b"\xff", b"9")) * size
    return bytes(found)


def mutated_text(rng: random.Random, text: str) -> str:
    """A text after the same; what is no UTF-8 then is a lone surrogate, as in an argument."""
    return mutated(rng, text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def mutated_one(rng: random.Random, valid: Sequence[bytes]) -> bytes:
    """One of some valid inputs, damaged; now and then pure noise."""
    if rng.randrange(20) == 0:
        return rng.randbytes(rng.randrange(200))
    return mutated(rng, rng.choice(valid))


def in_pieces(rng: random.Random, data: bytes) -> list[bytes]:
    """`data` in pieces, as a socket may give it."""
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(5)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
