"""What stands between a guest's lines in an export: gaps, dropped bytes, a new generation."""

from __future__ import annotations

from dataclasses import dataclass

from core.amounts import duration, size
from core.console.model import SafeStr
from core.console.safe import safe_text
from core.recording.account import Account, Stretch
from core.recording.gaps import Gap

_EVIDENCE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told before the byte at `offset`."""

    offset: int
    words: SafeStr
    """Such as `gap 3 s: VM restarted`."""
    wall: float
    """When the guest was heard again; when the generation began."""
    gap: Gap | None = None


def gap_notices(account: Account, generation: int) -> list[Notice]:
    """The gaps of one generation, in order. What was before anything was attached is none."""
    return [
        Notice(stretch.first, gap_words(stretch.gap), stretch.end, stretch.gap)
        for number, stretch in enumerate(account.stretches)
        if stretch.gap is not None
        and stretch.generation == generation
        and _is_told(number, stretch)
    ]


def _is_told(number: int, stretch: Stretch) -> bool:
    return number > 0 or stretch.is_entered


def gap_words(gap: Gap) -> SafeStr:
    """A gap in one line."""
    words = f"gap {duration(gap.seconds)}: {gap.cause}"
    if gap.lost_bytes is not None:
        words += f", {size(gap.lost_bytes)} lost"
    if gap.evidence:
        words += f": {safe_text(gap.evidence, limit=_EVIDENCE_LENGTH)}"
    return safe_text(words)


def dropped_notice(offset: int, count: int, wall: float) -> Notice:
    """Bytes before `offset` that are not there any more."""
    return Notice(offset, safe_text(f"{size(count)} before this were dropped"), wall)


def generation_notice(sequence: int, wall: float) -> Notice:
    """Where a generation begins."""
    return Notice(0, safe_text(f"generation {sequence}"), wall)
