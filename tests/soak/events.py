"""What may happen to a capture and its consoles: drawn from a seed, one thing after another."""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator
from typing import NamedTuple


class Event(enum.StrEnum):
    """One thing that happens."""

    HANG_UP = "hang-up"
    RESTART = "restart"
    FREEZE = "freeze"
    GO_ON = "go-on"
    FLOOD = "flood"
    STOP = "stop"
    START = "start"
    DEBUG_OFF = "debug off"
    DEBUG_ON = "debug on"
    TAKE = "take"
    CONFIGURE = "configure"
    VIEWER_COMES = "viewer comes"
    VIEWER_GOES = "viewer goes"
    VIEWER_KILLED = "viewer killed"


OFTEN = (Event.START, Event.DEBUG_ON, Event.GO_ON) * 3
"""What brings consoles back; without it all would soon be silent."""


class Happening(NamedTuple):
    """What happens, to which of the consoles, and when the next thing does."""

    event: Event
    console: int
    pause_s: float
    draw: int
    """Whatever else has to be chosen."""


def happenings(seed: int, consoles: int) -> Iterator[Happening]:
    """What happens, for ever; always the same for the same seed."""
    rng = random.Random(f"soak:{seed}")
    while True:
        yield Happening(
            rng.choice([*Event, *OFTEN]),
            rng.randrange(consoles),
            rng.choice((0.0, 0.05, 0.2, 0.5)),
            rng.getrandbits(16),
        )
