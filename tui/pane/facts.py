"""What a pane says of its sandbox besides the guest's own text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.console import Position, SafeStr, TranscriptRow, safe_text
from core.errors import RecordingError
from core.sandboxes.model import ConsoleState, SandboxFacts
from tui.copying.taking import said
from tui.finding.filtering import FilterFacts
from tui.opened.viewing import Viewing
from tui.pane.marks import UNMARKED, PaneMarks
from tui.pane.view import Line, Note, NoteKind
from tui.states import sign_of

_NOTHING = safe_text("")


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What a pane's border says."""

    number: int
    """Its key, 0 for none."""
    name: SafeStr
    family: SafeStr
    glyph: str
    word: SafeStr
    tone: str
    is_following: bool
    can_follow: bool
    """Whether there may be more to come below what is there."""
    unseen: int
    """Lines that came since the view was held."""
    place: SafeStr
    """Where the view stands in time; empty while following."""
    percent: int
    """How far down the view stands; -1 while following."""
    column: int
    modes: SafeStr
    """How its rows look, where it is not as usual."""
    trouble: SafeStr
    """Why the recording is not whole; empty when it is."""
    marks: PaneMarks = UNMARKED
    found: SafeStr = _NOTHING
    """What is searched for, and how much of it was found; empty while nothing is."""
    filter: FilterFacts | None = None
    """What it is filtered by; None when it shows every line."""
    selected: SafeStr = _NOTHING
    """How much is selected, and how; empty when nothing is."""


def frame_facts(
    facts: SandboxFacts,
    number: int,
    viewing: Viewing | None,
    lines: tuple[Line, ...],
    now: float,
    marks: PaneMarks = UNMARKED,
) -> FrameFacts:
    """What the border of a pane says that shows `lines`.

    Args:
        facts: what capture told last.
        number: the pane's key, 0 for none.
        viewing: the open recording, None while there is none.
        lines: what stands between the borders.
        now: seconds since the epoch, UTC.
        marks: what is known of the pane among the others.
    """
    sign = sign_of(facts, now)
    trouble = facts.recording_trouble
    percent, column, place, modes = -1, 0, safe_text(""), safe_text("")
    is_following, can_follow, unseen = True, False, 0
    found = _NOTHING
    if viewing is not None:
        trouble = trouble or viewing.trouble or viewing.filtering.trouble
        modes = _modes(viewing)
        column = 0 if viewing.is_wrapped else viewing.view.column
        found = _NOTHING if viewing.search is None else viewing.search.said
        place = viewing.errand or _place(viewing, lines)
        is_following = viewing.view.is_following
        can_follow = viewing.view.tail is None and not viewing.is_empty
        if not is_following:
            unseen = viewing.counter.lines
            ends = [line.end for line in lines if not isinstance(line, Note)]
            percent = viewing.percent(ends[-1]) if ends else 100
    return FrameFacts(
        number=number,
        name=safe_text(facts.name),
        family=safe_text(facts.family or facts.spec.family, limit=32),
        glyph=sign.glyph,
        word=sign.word,
        tone=sign.tone,
        is_following=is_following,
        can_follow=can_follow,
        unseen=unseen,
        place=place,
        percent=percent,
        column=column,
        modes=modes,
        trouble=safe_text(trouble),
        marks=marks,
        found=found,
        filter=None if viewing is None else viewing.filtering.facts,
        selected=_NOTHING if viewing is None else _selected(viewing),
    )


def tail_note(facts: SandboxFacts) -> Note | None:
    """The last line under a console that is over."""
    console = facts.console
    if console.state not in (ConsoleState.ENDED, ConsoleState.FAILED):
        return None
    kind = NoteKind.ENDED if console.state is ConsoleState.ENDED else NoteKind.FAILED
    when = f" {datetime.fromtimestamp(console.since):%H:%M:%S}" if console.since > 0 else ""
    reason = f" · {console.reason}" if console.reason else ""
    return Note(kind, safe_text(f"{kind.value}{when}{reason}"))


def _at_hand(rows: Sequence[TranscriptRow], cursor: Position | None) -> Position:
    """The row that was gone to while it is in sight, else the first one."""
    return cursor if any(row.position == cursor for row in rows) and cursor else rows[0].position


def _modes(viewing: Viewing) -> SafeStr:
    look = viewing.look
    words = {
        "wrap": viewing.is_wrapped,
        "raw": look.is_raw,
        "fields": look.has_fields and not look.is_raw,
        "plain": look.is_plain,
    }
    return safe_text(" · ".join(word for word, is_on in words.items() if is_on))


def selected_words(viewing: Viewing) -> SafeStr:
    """How much is selected, which there has to be something. What is read may raise."""
    selection = viewing.selection
    matches = viewing.filtering.matches_between(selection.first, selection.last)
    return said(selection, viewing.transcript, matches)


def _selected(viewing: Viewing) -> SafeStr:
    """`VISUAL 12 lines` while keys move its end, else `SELECTED 12 lines`."""
    if not viewing.selection:
        return _NOTHING
    word = "VISUAL" if viewing.selection.is_visual else "SELECTED"
    try:
        return safe_text(f"{word} {selected_words(viewing)}")
    except RecordingError:
        return safe_text(word)


def _place(viewing: Viewing, lines: tuple[Line, ...]) -> SafeStr:
    """Which boot is in sight, and which line it is, and of when, that a held view is about."""
    rows = [line for line in lines if not isinstance(line, Note) and line.row is not None]
    if not rows:
        return safe_text("")
    is_following = viewing.view.is_following
    at = rows[-1].position if is_following else _at_hand(rows, viewing.cursor.at)
    parts = [f"boot {at.generation}"] if viewing.generations > 1 else []
    if not is_following:
        number = viewing.line_number(at)
        if number is not None:
            parts.append(f"line {number:,}")
        instant = viewing.instant(at)
        if instant is not None:
            parts.append(f"{datetime.fromtimestamp(instant.wall):%H:%M:%S}")
    return safe_text(" · ".join(parts))
