"""Alerts as the ledgers of a sandbox have them, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from core.recording.events import Events
from core.recording.history import Generation
from core.recording.ledger import LedgerEntry
from core.recording.shelf import Event, EventKind
from core.sandboxes.model import AlertFacts

Ledgers = Sequence[tuple[Generation, Events]]
"""The generations of a sandbox with what their ledgers tell, oldest first."""

_ALERT = frozenset({EventKind.ALERT})
_END = 1 << 62

_MAX_WALL = 250e9
"""The year 9892: no calendar goes much further."""


def alert_of(entry: LedgerEntry, generation: str) -> AlertFacts | None:
    """The alert that an entry tells of; None when the entry was not written by us.

    Args:
        entry: of kind `alert`; its facts may claim anything.
        generation: the name of the generation whose ledger it is from.
    """
    claimed = {**entry.facts, "wall": entry.facts.get("wall", entry.wall)}
    try:
        alert = msgspec.convert(claimed, AlertFacts)
    except msgspec.ValidationError:
        return None
    if not 0 <= alert.start <= alert.end or not 0 <= alert.wall <= _MAX_WALL:
        return None
    return msgspec.structs.replace(alert, generation=generation)


def alert_near(ledgers: Ledgers, sequence: int, offset: int) -> AlertFacts | None:
    """The last alert that begins at a place or before it, else the first one behind it.

    Raises:
        RecordingError: a ledger may not be read.
    """
    before = _backward(ledgers, sequence, offset + 1)
    return next(before, None) or next(_forward(ledgers, sequence, offset + 1), None)


def alert_beside(ledgers: Ledgers, alert: AlertFacts, step: int) -> AlertFacts | None:
    """The next alert with a `step` of 1, the one before with -1; None when there is none.

    Raises:
        RecordingError: a ledger may not be read.
    """
    places = [gen.sequence for gen, _ in ledgers if gen.name == alert.generation]
    if not places:
        return None
    if step > 0:
        return next(_forward(ledgers, places[0], alert.start + 1), None)
    return next(_backward(ledgers, places[0], alert.start), None)


def _forward(ledgers: Ledgers, sequence: int, offset: int) -> Iterator[AlertFacts]:
    for generation, events in ledgers:
        if generation.sequence >= sequence:
            start = offset if generation.sequence == sequence else 0
            yield from _alerts(generation, events, events.forward(start, 0, _ALERT))


def _backward(ledgers: Ledgers, sequence: int, offset: int) -> Iterator[AlertFacts]:
    for generation, events in reversed(ledgers):
        if generation.sequence <= sequence:
            end = offset if generation.sequence == sequence else _END
            # A place of 0: those that lie before `end`, whichever line of the ledger they are.
            yield from _alerts(generation, events, events.backward(end, 0, _ALERT))


def _alerts(generation: Generation, events: Events, found: Iterable[Event]) -> Iterator[AlertFacts]:
    for event in found:
        (entry,) = events.entries([event])
        alert = None if entry is None else alert_of(entry, generation.name)
        if alert is not None:
            yield alert
