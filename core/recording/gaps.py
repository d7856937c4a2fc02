"""Gaps: times in which a guest may have printed what no recording holds.

A gap is a ledger entry of kind `gap`, entered where the bytes that followed it
begin. It says from when to when nobody could hear the guest, why, and how that is
known. `lost_bytes` is there when the loss is known to the byte.

A log keeps what was printed while nobody read it: a gap that it was read on after has
`lost_bytes` 0, and only the times of those bytes are not known. A log that was cut has
ended: what comes then is another generation, whose first gap is of cause RESTARTED and
says that it was cut. Where a log cannot be read on (cut or removed while nobody looked, or
rotated away before it was read) a gap of cause LOSSY stands before the next byte.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from core.recording.ledger import Fact, LedgerEntry

GAP = "gap"
"""The kind of a gap's ledger entry."""


class Cause(enum.StrEnum):
    """Why nobody heard the guest."""

    NOT_ATTACHED = "not attached"
    """The proxy was stopped, debug was off, or nobody said yes: the evidence tells which."""
    NO_CAPTURE = "no capture ran"
    HELD = "held by another client"
    WAITING = "waiting behind another client"
    TAKEN_OVER = "taken over"
    """Another client threw us off."""
    RESTARTED = "VM restarted"
    """Between the end of one generation and the first byte of the next."""
    CLOSED = "console closed"
    """The same life closed its console and opened it again."""
    FAILED = "console failed"
    LOSSY = "source lossy by design"
    """The source itself dropped bytes: a cut log file, a pty that others read as well."""
    QUOTA = "quota"
    """Recorded, and dropped again to make room; `lost_bytes` says how much."""
    DISK = "disk"
    """Full or too slow for too long; `lost_bytes` says how much."""
    UNKNOWN = "unknown"
    """A ledger from elsewhere, or of a later version."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap."""

    cause: Cause
    start: float
    """When the guest was last heard for certain: seconds since the epoch, UTC."""
    end: float
    """From when on it was heard again."""
    evidence: str = ""
    """How that is known; hostile when the recording came from elsewhere."""
    lost_bytes: int | None = None
    """How many bytes are gone; None when nobody can know."""

    @property
    def seconds(self) -> float:
        """How long it lasted; never negative, whatever the wall clock did."""
        return max(0.0, self.end - self.start)

    def facts(self) -> dict[str, Fact]:
        """As a ledger entry's facts."""
        facts: dict[str, Fact] = {
            "cause": str(self.cause),
            "start": round(self.start, 6),
            "end": round(self.end, 6),
            "evidence": self.evidence,
        }
        if self.lost_bytes is not None:
            facts["lost_bytes"] = self.lost_bytes
        return facts

    @classmethod
    def of(cls, entry: LedgerEntry) -> Gap | None:
        """The gap that a ledger entry tells of; None when it is of another kind. Never raises."""
        if entry.kind != GAP:
            return None
        facts = entry.facts
        cause = facts.get("cause")
        lost = facts.get("lost_bytes")
        return cls(
            Cause(cause) if cause in tuple(Cause) else Cause.UNKNOWN,
            _moment(facts.get("start"), entry.wall),
            _moment(facts.get("end"), entry.wall),
            str(facts.get("evidence", "")),
            lost if isinstance(lost, int) and not isinstance(lost, bool) and lost >= 0 else None,
        )


def _moment(value: Fact | None, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return float(value) if 0 <= value < 1e11 else default
