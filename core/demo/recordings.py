"""The recorded guests that come with the demo: bytes and when they came.

`data/README.md` tells what each is and how it was made. Timing files are
util-linux `script`'s: `O <seconds since the last record> <bytes>`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from core.demo.step import Say


@dataclass(frozen=True, slots=True)
class GuestRecording:
    """What a real guest said, at its pace."""

    name: str
    steps: tuple[Say, ...]

    @property
    def log(self) -> bytes:
        """Every byte of it."""
        return b"".join(step.data for step in self.steps)

    @property
    def duration_s(self) -> float:
        """Seconds from before its first byte to its last."""
        return sum(step.delay_s for step in self.steps)

    def until(self, mark: bytes) -> Iterator[Say]:
        """The beginning, up to and with the first `mark`.

        Raises:
            ValueError: there is no such mark.
        """
        left = self.log.index(mark) + len(mark)
        for step in self.steps:
            yield Say(step.delay_s, step.data[:left])
            left -= len(step.data)
            if left <= 0:
                return


@functools.cache
def load_recording(name: str) -> GuestRecording:
    """The recording `data/<name>.log`, dated by `data/<name>.timing`.

    Raises:
        FileNotFoundError: there is none of that name.
        ValueError: its timing does not account for each byte.
    """
    folder = resources.files("core.demo") / "data"
    log = (folder / f"{name}.log").read_bytes()
    timing = (folder / f"{name}.timing").read_text("ascii")
    return GuestRecording(name, tuple(dated(log, timing)))


def dated(log: bytes, timing: str) -> Iterator[Say]:
    """A log's bytes as its timing file dates them.

    Raises:
        ValueError: the timing does not account for each byte.
    """
    offset = 0
    for line in timing.splitlines():
        kind, delay, size = line.split()
        if kind != "O":
            raise ValueError(f"a timing record of an unknown kind: {kind}")
        end = offset + int(size)
        yield Say(float(delay), log[offset:end])
        offset = end
    if offset != len(log):
        raise ValueError(f"timing accounts for {offset} of {len(log)} bytes")
