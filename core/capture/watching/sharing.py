"""Who else reads a terminal that is being read: every reader takes bytes from the others."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from core.capture.watching.asking import Asking
from core.endpoints import ConsoleUrl
from core.endpoints.holders import Holding, Kind, judge
from core.settings import Auto

LOOK_S = 3.0
"""How often is looked; it takes some milliseconds of a thread's."""


async def watch_readers(
    url: ConsoleUrl,
    asking: Asking,
    readers: str,
    on_readers: Callable[[str], None],
    on_note: Callable[[str], None],
) -> None:
    """Tell of other readers that come and go, until cancelled.

    Args:
        url: of a terminal that we read.
        asking: knows who has which console.
        readers: who does already, as `names_of` has it.
        on_readers: called with who reads it beside us now, empty for nobody.
        on_note: called with what to know of the bytes, which may be the same as before.
    """
    while True:
        await anyio.sleep(LOOK_S)
        try:
            holding = await asking.look(url)
        except OSError:
            # No descriptor left to look with; another time.
            continue
        if holding.kind is not Kind.TERMINAL:
            # Gone, or another console: its end is told in another way.
            continue
        if names_of(holding) != readers:
            readers = names_of(holding)
            on_readers(readers)
        on_note(judge(holding, Auto.SAFE).note)


def names_of(holding: Holding) -> str:
    """Who has a console, in words; empty for nobody. Hostile."""
    return ", ".join(map(str, holding.holders))
