"""Marks that a viewer has entered while capture runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.capture.places import Places
from core.clock import now
from core.errors import CommandRefused
from core.recording import EventKind, Events, enter_mark
from core.recording.marks import MAX_NOTE_CHARS

from .conftest import Chardev, facts_when, recorded, running_capture

pytestmark = pytest.mark.anyio


def marks(folder: Path) -> Events:
    events = Events(folder)
    while events.refresh():
        pass
    return events


async def test_a_mark_is_in_the_ledger_when_it_is_answered_and_gone_when_taken_away(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"one\ntwo\n")
        facts = await facts_when(client, lambda each: each.generation != "")
        await recorded(facts, 8)
        await client.mark("vm1", facts.generation, 4, "n" * 1000 + "\x1b[2J")
        folder = Path(facts.recordings) / facts.generation
        events = marks(folder)
        (mark,) = events.forward(0, kinds=frozenset({EventKind.MARK}))
        (entry,) = events.entries([mark])
        assert entry is not None
        assert (mark.offset, entry.facts["note"]) == (4, "n" * MAX_NOTE_CHARS)

        await chardev.write(b"three\n")
        await recorded(facts, 14)
        await client.unmark("vm1", facts.generation, mark.place)
        assert not list(marks(folder).forward(0, kinds=frozenset({EventKind.MARK})))
        with pytest.raises(CommandRefused, match="not there"):
            await client.mark("vm1", facts.generation, 15, "")
        with pytest.raises(CommandRefused, match="no such mark"):
            await client.unmark("vm1", facts.generation, 10**9)
        for generation in ("", "..", "../vm1", facts.generation + "x", "x" * 1000, "\0"):
            with pytest.raises(CommandRefused, match="no generation"):
                await client.mark("vm1", generation, 0, "")
        with pytest.raises(CommandRefused, match="No sandbox"):
            await client.mark("vm2", facts.generation, 0, "")
    # Capture is gone, and what it recorded can be marked all the same.
    enter_mark(folder, 0, "later", now())
    assert [event.offset for event in marks(folder).forward(0, kinds=frozenset({EventKind.MARK}))]
