"""A sandbox's account: its whole life as stretches that were heard and gaps between them.

What a recording promises is shown by it: the bytes captured plus the gaps explain the
whole life of the sandbox. Stretches follow each other without a hole; what no ledger
explains is a gap of unknown cause, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.recording.gaps import Gap


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a sandbox's life: heard, or a gap."""

    generation: int
    """The sequence number of the generation it belongs to, of a gap that of the one it was
    entered in; 0 before the first one."""
    start: float
    """Seconds since the epoch, UTC, as the clock showed then."""
    end: float
    """As the clock showed: where it was set back, before `start`."""
    first: int
    """The offset of the first byte that was heard; of a gap, where it lies."""
    last: int
    """The offset behind the last one; of a gap the same as `first`."""
    gap: Gap | None = None
    """Why nothing was heard; None: it was."""
    is_entered: bool = False
    """Of a gap: whether the ledger has it, or it follows from what the ledger has."""

    @property
    def seconds(self) -> float:
        """How long it lasted; never negative, whatever the wall clock did."""
        return max(0.0, self.end - self.start)

    @property
    def bytes(self) -> int:
        """How many bytes were heard."""
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Account:
    """The life of one sandbox, from the first to the last thing its ledgers know."""

    stretches: tuple[Stretch, ...]
    """In order of generation and offset. Each begins where the one before ends."""
    dropped: tuple[Gap, ...]
    """What was captured and dropped again to make room: gaps of cause quota."""
    generations: int
    """How many there are on disk."""
    captured_bytes: int
    """All that was ever recorded, as far as is known."""
    disk_bytes: int
    """How many of those can still be read."""
    alerts: int
    repairs: int
    skipped_lines: int
    """Lines in ledgers that are no entries."""
    is_attached: bool
    """Whether the last that is known is that the console was attached to."""
    troubles: tuple[str, ...]
    """What could not be read, in words; hostile."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Those in its life, oldest first."""
        return tuple(stretch.gap for stretch in self.stretches if stretch.gap is not None)

    @property
    def heard_seconds(self) -> float:
        """How long the console was attached to."""
        return sum(stretch.seconds for stretch in self.stretches if stretch.gap is None)

    @property
    def gap_seconds(self) -> float:
        """How long it was not."""
        return sum(gap.seconds for gap in self.gaps)

    @property
    def lost_bytes(self) -> int:
        """How many bytes are known never to have reached the disk."""
        return sum(gap.lost_bytes or 0 for gap in self.gaps)

    @property
    def gaps_of_unknown_loss(self) -> int:
        """In how many gaps nobody can know what was lost."""
        return sum(gap.lost_bytes is None for gap in self.gaps)
