"""The corpus: guests' texts, each with the alerts it must raise.

A file is a header of `#` lines, a line `---`, and the guest's bytes as they came:

    # where the text is from
    # alert: kind | part of its title | its lines | first line | last line
    ---

Lines count from 1. A file whose name begins with `near-` must raise nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.console.alerts import Alert

FOLDER = Path(__file__).parent / "corpus"


class Expected(NamedTuple):
    """An alert that a text must raise."""

    kind: str
    title: str
    lines: int
    start: int
    end: int

    def is_met_by(self, alert: Alert) -> bool:
        """Whether this is the one."""
        place = (alert.kind, alert.lines, alert.start, alert.end)
        return place == (self.kind, self.lines, self.start, self.end) and self.title in alert.title


@dataclass(frozen=True, slots=True)
class Text:
    """One file of the corpus."""

    name: str
    data: bytes
    expected: tuple[Expected, ...]


def load(path: Path) -> Text:
    """The text of a file."""
    header, _, data = path.read_bytes().partition(b"---\n")
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(min(len(data), starts[-1] + len(line) + 1))
    expected = []
    for note in header.decode().splitlines():
        if note.startswith("# alert: "):
            kind, title, own, first, last = note.removeprefix("# alert: ").split(" | ")
            expected.append(
                Expected(kind, title, int(own), starts[int(first) - 1], starts[int(last)])
            )
    return Text(path.stem, data, tuple(expected))


TEXTS = tuple(load(path) for path in sorted(FOLDER.glob("*.txt")))
