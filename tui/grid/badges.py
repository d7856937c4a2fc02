"""What happened in a sandbox since somebody last looked at it: alerts, hits, silence, lines.

Pure: facts go in, badges come out; no widget and no clock. Each badge is a glyph, a word and
a number, never a colour alone.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.console import Position, SafeStr, safe_text
from core.recording.layout import parse_generation
from core.sandboxes.model import AlertFacts, ConsoleState, SandboxFacts
from tui import amounts
from tui.states import ALERT_GLYPH, LIVE_S, SILENT_GLYPH, duration, silent_for

SILENCE_S = 30.0
"""A guest that was live is silent when it printed nothing for so long."""


class Kind(enum.IntEnum):
    """What a badge tells, the gravest first."""

    ALERT = 0
    MATCH = 1
    SILENCE = 2
    UNREAD = 3


class Badge(NamedTuple):
    """One thing nobody has seen yet."""

    kind: Kind
    glyph: str
    """One character, one column wide; empty where the text says enough."""
    text: SafeStr
    tone: str
    """The name of a look, as signs of states have."""

    @property
    def label(self) -> SafeStr:
        """Glyph and text."""
        return safe_text(f"{self.glyph} {self.text}") if self.glyph else self.text


Badges = tuple[Badge, ...]
"""A sandbox's, the gravest first."""


class Counts(NamedTuple):
    """What is counted for a sandbox elsewhere, since it was last seen."""

    unread: int = 0
    """Lines."""
    matches: int = 0
    """Hits of the sandbox's own search behind what was seen."""


NOTHING = Counts()


@dataclass(slots=True)
class _Known:
    """What is remembered of one sandbox."""

    generation: str = ""
    alerts: int = 0
    """How many there were in that generation when it was last looked at."""
    missed: int = 0
    """Alerts that nobody saw, of all generations."""
    last: AlertFacts | None = None
    """The one that capture told of last."""
    latest: AlertFacts | None = None
    """The gravest of those that nobody saw, the newest of several."""
    was_live: bool = False
    """Whether it was heard since silence was last seen."""
    silent_s: float = 0.0
    """For how long it has been silent, and nobody saw that; 0 for not at all."""
    counts: Counts = NOTHING
    matches_seen: int = 0
    """How many of the counted hits somebody went to."""


class BadgeBook:
    """The badges of all sandboxes."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def take(self, facts: SandboxFacts, counts: Counts, now: float) -> None:
        """Take what capture told last, and what was counted.

        Args:
            facts: the sandbox as it is now.
            counts: since it was last seen.
            now: seconds since the epoch, UTC.
        """
        known = self._known.setdefault(facts.id, _Known())
        known.counts = counts
        known.matches_seen = min(known.matches_seen, counts.matches)
        self._take_alerts(known, facts)
        if facts.console.state is not ConsoleState.CONNECTED:
            known.was_live, known.silent_s = False, 0.0
            return
        silent_s = silent_for(facts, now)
        if silent_s <= LIVE_S and facts.traffic.last_byte_at > 0:
            known.was_live = True
        known.silent_s = silent_s if known.was_live and silent_s >= SILENCE_S else 0.0

    def keep(self, sandbox_ids: Iterable[str]) -> None:
        """Forget all other sandboxes."""
        self._known = {each: self._known[each] for each in sandbox_ids if each in self._known}

    def saw(self, sandbox_id: str, *kinds: Kind) -> None:
        """Somebody saw these of a sandbox; without any, all of them."""
        known = self._known.get(sandbox_id)
        if known is None:
            return
        seen = kinds or tuple(Kind)
        if Kind.ALERT in seen:
            known.missed, known.latest = 0, None
        if Kind.SILENCE in seen and known.silent_s:
            known.was_live, known.silent_s = False, 0.0
        if Kind.MATCH in seen:
            known.matches_seen = known.counts.matches
        if Kind.UNREAD in seen:
            known.counts = known.counts._replace(unread=0)

    def of(self, sandbox_id: str) -> Badges:
        """What nobody has seen of a sandbox yet, the gravest first."""
        known = self._known.get(sandbox_id)
        if known is None:
            return ()
        found = []
        if known.missed:
            found.append(Badge(Kind.ALERT, ALERT_GLYPH, _alerts(known), "failed"))
        if matches := known.counts.matches - known.matches_seen:
            found.append(Badge(Kind.MATCH, "/", _hits(matches), "accent"))
        if known.silent_s:
            text = safe_text(f"new silence {duration(known.silent_s)}")
            found.append(Badge(Kind.SILENCE, SILENT_GLYPH, text, "silent"))
        if unread := amounts.unseen(known.counts.unread):
            found.append(Badge(Kind.UNREAD, "", unread, "accent"))
        return tuple(found)

    def unread(self, sandbox_id: str) -> int:
        """How many lines of a sandbox nobody saw."""
        known = self._known.get(sandbox_id)
        return 0 if known is None else known.counts.unread

    def alert_of(self, sandbox_id: str) -> AlertFacts | None:
        """The alert that a badge tells of; None without one, and where capture told of none."""
        known = self._known.get(sandbox_id)
        return None if known is None else known.latest

    def _take_alerts(self, known: _Known, facts: SandboxFacts) -> None:
        scan = facts.scan
        if facts.generation != known.generation:
            # Those of the life before are missed all the same.
            known.generation, known.alerts = facts.generation, 0
        fresh = max(0, scan.alerts - known.alerts)
        known.alerts = scan.alerts
        known.missed += fresh
        if fresh and scan.last is not None and scan.last != known.last:
            known.latest = scan.last
        known.last = scan.last


def place_of(alert: AlertFacts) -> Position | None:
    """Where an alert's first line is; None when capture's word for its generation is none."""
    generation = parse_generation(alert.generation)
    return None if generation is None else Position(generation.sequence, max(0, alert.start))


def next_badge(
    order: Sequence[str],
    badges: Mapping[str, Badges] | Callable[[str], Badges],
    here: str | None,
) -> tuple[str, Badge] | None:
    """Where to go next: the gravest badge, of several the first one behind `here`.

    Args:
        order: all sandboxes.
        badges: those of each.
        here: the sandbox that has the focus. What is unread there does not count: it is where
            a person already is.
    """
    of = badges if callable(badges) else lambda each: badges.get(each, ())
    at = order.index(here) + 1 if here in order else 0
    turned = [*order[at:], *order[:at]]
    best: tuple[str, Badge] | None = None
    for sandbox_id in turned:
        for badge in of(sandbox_id):
            is_here = sandbox_id == here and badge.kind is Kind.UNREAD
            if not is_here and (best is None or badge.kind < best[1].kind):
                best = sandbox_id, badge
    return best


def _alerts(known: _Known) -> SafeStr:
    if known.missed == 1 and known.latest is not None:
        return safe_text(f"new {known.latest.kind.replace('-', ' ')}", limit=28)
    return safe_text(f"{known.missed} new alert{'s' if known.missed > 1 else ''}")


def _hits(count: int) -> SafeStr:
    return safe_text(f"{count:,} new hit{'s' if count > 1 else ''}")
