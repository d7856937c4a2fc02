"""What capture and the scanner say to each other: JSON lines over the scanner's stdin and stdout.

    capture ▶ {"type":"patterns","alerts":[…]}
            ▶ {"type":"follow","key":"vm1/000001-…","folder":"…","start":0}
            ▶ {"type":"grown","sizes":{"vm1/000001-…":4711}}
            ▶ {"type":"finish","key":"vm1/000001-…","size":5000}
            ▶ {"type":"ask"}
    scanner ◀ {"type":"found","key":"vm1/000001-…","alert":{…},"resume":0}
            ◀ {"type":"behind","lags":{"vm1/000001-…":289}}
            ◀ {"type":"finished","key":"vm1/000001-…"}
            ◀ {"type":"answer"}

Sizes are levels, not steps: one that is never told is made up for by the next.
"""

from __future__ import annotations

import msgspec

from core.sandboxes.model import AlertFacts
from core.settings import AlertPattern


class Patterns(msgspec.Struct, frozen=True, tag="patterns"):
    """A user's own patterns, from now on."""

    alerts: tuple[AlertPattern, ...]


class Follow(msgspec.Struct, frozen=True, tag="follow"):
    """Scan a generation from an offset on, and go on with it."""

    key: str
    folder: str
    start: int


class Grown(msgspec.Struct, frozen=True, tag="grown"):
    """How much some generations hold by now."""

    sizes: dict[str, int]


class Finish(msgspec.Struct, frozen=True, tag="finish"):
    """A generation grows no more: scan it to its end and forget it."""

    key: str
    size: int


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Whether the scanner still obeys; all that was said before was taken in then."""


class Found(msgspec.Struct, frozen=True, tag="found"):
    """An alert."""

    key: str
    alert: AlertFacts
    resume: int
    """Where to begin again after this: what lies before was told."""


class Behind(msgspec.Struct, frozen=True, tag="behind"):
    """How many bytes of some generations are not scanned yet."""

    lags: dict[str, int]


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """A generation was scanned to its end."""

    key: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The scanner obeys."""


ToScanner = Patterns | Follow | Grown | Finish | Ask
FromScanner = Found | Behind | Finished | Answer


class Lines:
    """Bytes from a pipe, cut into lines."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        self._rest += data
        whole, newline, rest = self._rest.rpartition(b"\n")
        if not newline:
            return []
        lines = bytes(whole).split(b"\n")
        self._rest = rest
        return lines
