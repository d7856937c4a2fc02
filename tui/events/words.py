"""What an event says on a line of its own: a glyph, a word, our time, and what is known.

Never a colour alone. The ledger's texts are hostile: here they become safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.amounts import duration, local, size
from core.console import SafeStr, safe_text
from core.recording import Cause, EventKind, Fact, Gap, LedgerEntry
from core.settings import Severity

MAX_TEXT = 400
"""Characters of one text of the ledger; no line is longer."""

SEAM = "┊"
"""What a seam is on a timeline."""


class Sign(NamedTuple):
    """How a sort of event looks."""

    glyph: str
    """One character, one column wide."""
    word: str
    look: str


SIGNS: Mapping[EventKind, Sign] = {
    EventKind.ATTACHED: Sign("●", "attached", "live"),
    EventKind.DETACHED: Sign("○", "detached", "off"),
    EventKind.ENDED: Sign("■", "ended", "ended"),
    EventKind.FAILED: Sign("✘", "failed", "failed"),
    EventKind.GAP: Sign("≠", "gap", "silent"),
    EventKind.PROXY_STARTED: Sign("►", "proxy started", "quiet"),
    EventKind.PROXY_STOPPED: Sign("□", "proxy stopped", "quiet"),
    EventKind.ALERT: Sign("▲", "alert", "failed"),
    EventKind.NOTICE: Sign("»", "note", "quiet"),
    EventKind.MARK: Sign("◆", "mark", "marked"),
}


class Words(NamedTuple):
    """A line of ours."""

    text: SafeStr
    look: str


def event_words(kind: EventKind, entry: LedgerEntry | None) -> Words:
    """The line of one event.

    Args:
        kind: what it is.
        entry: the ledger's; None when it cannot be read any more.
    """
    sign = SIGNS[kind]
    if entry is None:
        return Words(safe_text(f"{sign.glyph} {sign.word}"), sign.look)
    match kind:
        case EventKind.GAP:
            return Words(_line(sign.glyph, _gap(entry)), sign.look)
        case EventKind.ALERT | EventKind.NOTICE:
            is_critical = entry.facts.get("severity") == Severity.CRITICAL
            look = sign.look if is_critical or kind is EventKind.NOTICE else "silent"
            word = _text(entry, "kind").replace("-", " ") or sign.word
            moment = entry.facts.get("wall")
            wall = moment if isinstance(moment, int | float) and moment > 0 else entry.wall
            head = f"{word} {_clock(wall)}"
            return Words(_line(sign.glyph, head, _text(entry, "title")), look)
        case EventKind.ATTACHED:
            more = [_process(entry), _text(entry, "source"), _text(entry, "note")]
        case EventKind.PROXY_STARTED:
            debug = "debug on" if entry.facts.get("debug") else "debug off"
            more = [_text(entry, "type"), debug, _process(entry)]
        case EventKind.MARK:
            more = [_text(entry, "note")]
        case _:
            more = [_text(entry, "cause"), _text(entry, "detail")]
    return Words(_line(sign.glyph, f"{sign.word} {_clock(entry.wall)}", *more), sign.look)


def reopened_words(entry: LedgerEntry | None) -> SafeStr:
    """What a seam says of the gap before it, such as `gap 3 s`; empty when nothing is known."""
    gap = None if entry is None else Gap.of(entry)
    if gap is None:
        return safe_text("")
    return _joined(f"gap {duration(gap.seconds)}", _lost(gap), separator=", ")


def _gap(entry: LedgerEntry) -> str:
    gap = Gap.of(entry)
    if gap is None:
        return "gap"
    cause = "" if gap.cause is Cause.UNKNOWN else str(gap.cause)
    times = f"{_clock(gap.start)}–{_clock(gap.end)}" if gap.seconds >= 1 else _clock(gap.end)
    evidence = safe_text(gap.evidence, limit=MAX_TEXT)
    return _joined(f"gap {duration(gap.seconds)}", cause, _lost(gap), times, evidence)


def _lost(gap: Gap) -> str:
    return "" if gap.lost_bytes is None else f"{size(gap.lost_bytes)} lost"


def _process(entry: LedgerEntry) -> str:
    pid = entry.facts.get("pid")
    return f"pid {pid}" if type(pid) is int and pid > 0 else ""


def _text(entry: LedgerEntry, name: str) -> str:
    found: Fact | None = entry.facts.get(name)
    return safe_text(found, limit=MAX_TEXT) if isinstance(found, str) else ""


def _clock(wall: float) -> str:
    return f"{local(wall):%H:%M:%S}"


def _line(glyph: str, *parts: str) -> SafeStr:
    return safe_text(f"{glyph} {_joined(*parts)}", limit=2 * MAX_TEXT)


def _joined(*parts: str, separator: str = " · ") -> SafeStr:
    said = separator.join(part for part in parts if part)
    return safe_text(said, limit=2 * MAX_TEXT)
