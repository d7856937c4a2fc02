"""The truth that a simulated guest tells of itself: what it said, to whom, what was lost.

Offsets count what the guest said in one life, from 0. All spans are half open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Span: TypeAlias = tuple[int, int]
"""From a first offset to the one after the last."""


def append(spans: list[Span], begin: int, end: int) -> None:
    """Add a span at the end, joined to the last one where they touch."""
    if begin == end:
        return
    if spans and spans[-1][1] == begin:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((begin, end))


def length(spans: list[Span]) -> int:
    """How many bytes the spans hold."""
    return sum(end - begin for begin, end in spans)


@dataclass(slots=True)
class Visit:
    """One client's time with the guest."""

    number: int
    """Clients are counted from 1 over all lives, in the order they were served."""
    delivered: list[Span] = field(default_factory=list)
    """What its socket took: of a client that left, it may not have read the last of it."""
    typed: bytearray = field(default_factory=bytearray)
    """What it typed and the guest received."""
    breaks: int = 0
    """Serial breaks it sent, where the protocol has them."""
    ended: str = ""
    """Who ended it: `client`, `guest`, `newcomer`; empty while it lasts."""


@dataclass(slots=True)
class Life:
    """From the guest's start to its end."""

    number: int
    seed: int
    said: int = 0
    """How many bytes the guest printed."""
    dropped: list[Span] = field(default_factory=list)
    """What it printed and no client can ever get."""
    visits: list[Visit] = field(default_factory=list)

    @property
    def delivered(self) -> list[Span]:
        """What went to clients, in order."""
        spans: list[Span] = []
        for visit in self.visits:
            for begin, end in visit.delivered:
                append(spans, begin, end)
        return spans

    @property
    def is_served(self) -> bool:
        """Whether a client is there."""
        return any(not visit.ended for visit in self.visits)


@dataclass(slots=True)
class Truth:
    """All lives of a guest."""

    lives: list[Life] = field(default_factory=list)
    turned_away: int = 0
    """Clients that were accepted and dropped without a byte."""
    is_all_said: bool = False
    """Whether the present life has no more to say of itself."""

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {
            "turned_away": self.turned_away,
            "is_all_said": self.is_all_said,
            "lives": [
                {
                    "life": life.number,
                    "seed": life.seed,
                    "said": life.said,
                    "dropped_bytes": length(life.dropped),
                    "delivered_bytes": length(life.delivered),
                    "dropped": life.dropped,
                    "visits": [
                        {
                            "client": visit.number,
                            "delivered": visit.delivered,
                            "typed": visit.typed.hex(),
                            "breaks": visit.breaks,
                            "ended": visit.ended,
                        }
                        for visit in life.visits
                    ],
                }
                for life in self.lives
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Truth:
        """What `to_json` was made of."""
        return cls(
            [
                Life(
                    life["life"],
                    life["seed"],
                    life["said"],
                    [(begin, end) for begin, end in life["dropped"]],
                    [
                        Visit(
                            visit["client"],
                            [(begin, end) for begin, end in visit["delivered"]],
                            bytearray.fromhex(visit["typed"]),
                            visit["breaks"],
                            visit["ended"],
                        )
                        for visit in life["visits"]
                    ],
                )
                for life in data["lives"]
            ],
            data["turned_away"],
            data["is_all_said"],
        )
