"""The kit's QEMU-like guest as most tests want it: it waits for its client before it says
anything, and says the same to each. What it says is known to the byte.
"""

from __future__ import annotations

from pathlib import Path

from tests.guests.kit import Afterwards, Kind, QemuQueue, Speech
from tests.guests.kit.speech import pieces

__all__ = ["Afterwards", "GuestProcess", "Kind", "pieces"]


class GuestProcess(QemuQueue):
    """A guest of its own process; use it in a `with` block, which ends it.

    With size 0 and `AGAIN` it is a guest that hangs up at once, every time.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        size: int,
        *,
        seed: int = 0,
        afterwards: Afterwards = Afterwards.STAY,
    ) -> None:
        super().__init__(path, say=Speech(kind, size, seed), anew=True, afterwards=afterwards)
