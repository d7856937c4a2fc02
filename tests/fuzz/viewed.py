"""What `guestwatch view` is given: places as they are typed, logs that others write."""

from __future__ import annotations

import os
import random
from pathlib import Path

from core.console import rows_backward, safe_text
from core.console.line_numbers import LineNumbers
from core.console.place import AtMoment, Place, parse_place
from core.errors import UsageError
from core.plain_log import PlainLog
from tests.fuzz.mutation import mutated_text
from tests.fuzz.target import Target, parser

PLACES = (
    "123", "45%", "99.5 %", "12:04", "9:04:31.25", "2026-11-23", "2026-11-23 12:04:31",
    "2026-11-23T12:04:31.5+01:30", "2026-11-23 12:04Z", "+29.5", "@4711", "0x1f00",
)  # fmt: skip

STEPS = 12
PIECES = (b"line\n", b"\n", b"\r\n", b"x" * 70, b"\x00" * 40, b"\xff\x1b[2J", b"y" * 9000)


def a_place(rng: random.Random) -> str:
    return mutated_text(rng, rng.choice(PLACES))


def check_place(text: str) -> None:
    try:
        place = parse_place(text)
    except UsageError as error:
        safe_text(str(error)), safe_text(error.hint)
        return
    assert isinstance(place, Place)
    if isinstance(place, AtMoment):
        assert place.when.timestamp() > 0


def some_bytes(rng: random.Random) -> bytes:
    return b"".join(rng.choices(PIECES, k=rng.randrange(5)))


def happen(rng: random.Random, path: Path) -> None:
    """Something that happens to logs."""
    match rng.randrange(7):
        case 0:
            path.unlink(missing_ok=True)
        case 1:
            path.write_bytes(some_bytes(rng))
        case 2:
            fresh = path.with_suffix(".new")
            fresh.write_bytes(some_bytes(rng))
            fresh.rename(path)
        case 3 if path.exists():
            os.truncate(path, rng.randrange(path.stat().st_size + 100))
        case _:
            with path.open("ab") as writer:
                writer.write(some_bytes(rng))


def fuzz_log(rng: random.Random, folder: Path) -> None:
    """Whatever happens to a log, what is in it now is what is shown."""
    path = folder / "console.log"
    path.write_bytes(some_bytes(rng))
    log = PlainLog(path, clock=lambda: 0.0)
    numbers = LineNumbers(log.lives[-1], block_bytes=rng.choice((7, 64, 4096)))
    for _ in range(STEPS):
        happen(rng, path)
        if rng.random() < 0.5:
            log.lives[-1].refresh()
        lives = len(log.lives)
        log.look()
        life = log.lives[-1]
        if len(log.lives) > lives:
            numbers = LineNumbers(life, block_bytes=rng.choice((7, 64, 4096)))
        rows_backward(life, life.end, 30)
        while numbers.count_on():
            pass
        if path.exists():
            present = path.read_bytes()
            assert (life.start, life.read(0, life.end + 1)) == (0, present)
        assert all(each.start <= each.end for each in log.lives)
    log.close()


TARGETS: tuple[Target, ...] = (
    parser("place", a_place, check_place),
    Target("plain-log", fuzz_log, cost=20),
)
