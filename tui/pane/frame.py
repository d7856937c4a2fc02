"""A pane's border, which carries facts: whose console, its state, where the view stands.

What does not fit goes in an order: the words first, so that in the narrowest pane
the name and the sign of the state are still there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle

from core.console import SafeStr, safe_text
from core.console.filtered import GAP_LOOK
from tui import amounts
from tui.finding.filtering import FilterFacts
from tui.grid.badges import Kind
from tui.pane.facts import FrameFacts

Look = Callable[[str], RichStyle]
"""Gives the style of a part by its name."""

_MIN_FILL = 2
"""Border that stays in sight between what is left and what is right."""

_MIN_NAME = 4

_LOOKS = {"accent": "paused"}
"""What a badge's tone is called here, where it has another name."""

INTERLEAVED_GLYPH = "≡"

PINNED = safe_text("┴ pinned")
CHOSEN = safe_text(f"{INTERLEAVED_GLYPH} chosen")


class Piece(NamedTuple):
    """A word on a border."""

    text: SafeStr
    look: str


def top_edge(facts: FrameFacts, width: int, look: Look) -> list[Segment]:
    """The top border: whose console this is, and its state."""
    number = [Piece(safe_text(str(facts.number)), "number")] if facts.number else []
    named = [*number, Piece(facts.name, "name")]
    signs = ((PINNED, facts.marks.is_pinned), (CHOSEN, facts.marks.is_chosen))
    pin = [Piece(sign, "quiet") for sign, is_so in signs if is_so]
    family = [Piece(facts.family, "quiet")] if facts.family else []
    glyph = Piece(safe_text(facts.glyph), facts.tone)
    badges, sign = _news(facts)
    news = [*badges, sign]
    mode = _mode(facts)
    short, last = mode[-1:], [] if facts.is_following else [mode[-1:]]
    if facts.selected:
        word = safe_text(facts.selected.partition(" ")[0])
        short, last = mode[:1], [[Piece(word, "paused")]]
    ways = (
        ([named, family, pin], [*news, mode]),
        ([named, pin], [*news, mode]),
        ([named], [*news, mode]),
        ([named], [*news, short]),
        ([named], [*news, *last]),
        ([named], [*badges[:1], sign, *last]),
        ([named], [*(badges[:1] or [[glyph]]), *last]),
        ([named], [[glyph]]),
    )
    for left, right in ways:
        if _length(left) + _length(right) + _MIN_FILL <= width - 2:
            return _edge("╭", left, right, "╮", width, look)
    empty = Piece(safe_text(""), "name")
    room = width - 2 - _MIN_FILL - _length([[glyph]]) - _length([[*number, empty]])
    if room < _MIN_NAME:
        return _edge("╭", [], [], "╮", width, look)
    cut = Piece(_cut(facts.name, room), "name")
    return _edge("╭", [[*number, cut]], [[glyph]], "╮", width, look)


def _news(facts: FrameFacts) -> tuple[list[list[Piece]], list[Piece]]:
    """What nobody saw yet, and the state's sign where that is not the same."""
    badges = [badge for badge in facts.marks.badges if badge.kind is not Kind.UNREAD]
    pieces = [[Piece(badge.label, _LOOKS.get(badge.tone, badge.tone))] for badge in badges]
    if any(badge.glyph == facts.glyph for badge in badges):
        return pieces, []
    return pieces, [Piece(safe_text(facts.glyph), facts.tone), Piece(facts.word, facts.tone)]


def _mode(facts: FrameFacts) -> list[Piece]:
    """Whether the view follows, and how much came since it does not; the last counts most."""
    count = amounts.unseen(facts.unseen)
    if facts.selected:
        held = [Piece(facts.selected, "paused")]
        return [*held, Piece(count, "paused")] if count and not facts.is_following else held
    if facts.marks.lock:
        return [Piece(facts.marks.lock, "paused")]
    if facts.is_following:
        return [Piece(safe_text("FOLLOW"), "quiet")] if facts.can_follow else []
    held = [Piece(safe_text("PAUSED"), "paused")]
    return [*held, Piece(count, "paused")] if count else held


def bottom_edge(facts: FrameFacts, width: int, look: Look) -> list[Segment]:
    """The bottom border: trouble with the recording, and where a held view stands."""
    found = [Piece(facts.found, "paused")] if facts.found else []
    place = [Piece(facts.place, "quiet")] if facts.place else []
    if facts.marks.lock_note:
        place = [Piece(facts.marks.lock_note, "paused")]
    column = [Piece(safe_text(f"col {facts.column + 1}"), "quiet")] if facts.column else []
    percent = [Piece(safe_text(f"{facts.percent}%"), "quiet")] if facts.percent >= 0 else []
    room = width - 2 - _MIN_FILL - 2 - _length([percent])
    if facts.trouble and room >= _MIN_NAME:
        trouble = Piece(_cut(facts.trouble, room), "failed")
        return _edge("╰", [[trouble]], [percent], "╯", width, look)
    modes = [Piece(facts.modes, "quiet")] if facts.modes else []
    chips = _chips(facts.filter, room)
    ways: tuple[tuple[list[list[Piece]], list[list[Piece]]], ...] = (
        ([found, *chips, place], [modes, column, percent]),
        ([found, *chips], [modes, column, percent]),
        ([found, *chips], [column, percent]),
        ([found, *chips], [percent]),
        ([found, *chips[-1:]], [percent]),
        ([found], [percent]),
        ([found], []),
        (chips[-1:], [percent]),
        ([], [column, percent]),
        ([], [percent]),
    )
    for left, right in ways:
        if _length(left) + _length(right) + _MIN_FILL <= width - 2:
            return _edge("╰", left, right, "╯", width, look)
    return _edge("╰", [], [], "╯", width, look)


def _chips(facts: FilterFacts | None, room: int) -> list[list[Piece]]:
    """What the pane is filtered by, as much of it as fits, and how many lines match."""
    if facts is None:
        return []
    count = [Piece(facts.count, "quiet")]
    chips = [Piece(chip, "paused") for chip in facts.chips]
    more = Piece(safe_text("…"), "paused")
    for shown in range(len(chips), 0, -1):
        pieces = chips[:shown] if shown == len(chips) else [*chips[:shown], more]
        if _length([pieces, count]) <= room:
            return [pieces, count]
    return [count]


def divider(text: SafeStr, look_name: str, width: int, look: Look) -> list[Segment]:
    """A line of ours across the pane: `── text ─────`."""
    style = look(look_name)
    rule = "┄" if look_name == GAP_LOOK else "─"
    label = f"{rule * 2} {_cut(text, width - 6)} " if width > 10 else ""
    return [Segment(label + rule * (width - cell_len(label)), style)]


def wrapped(text: SafeStr, width: int) -> list[SafeStr]:
    """`text` in lines of at most `width` cells and of about the same length.

    Lines end between words where that is possible.
    """
    lines = _wrapped(text, width)
    longest_word = max(map(cell_len, text.split()), default=0)
    while longest_word < width and len(narrower := _wrapped(text, width - 1)) == len(lines):
        lines, width = narrower, width - 1
    return [safe_text(line) for line in lines]


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in chop_cells(word, max(1, width)):
            longer = f"{line} {piece}" if line else piece
            if cell_len(longer) <= width:
                line = longer
            else:
                lines.append(line)
                line = piece
    return [line for line in (*lines, line) if line]


def _edge(
    begin: str,
    left: Sequence[Sequence[Piece]],
    right: Sequence[Sequence[Piece]],
    end: str,
    width: int,
    look: Look,
) -> list[Segment]:
    border = look("border")
    fill = max(0, width - 2 - _length(left) - _length(right))
    segments = [Segment(begin, border), *_groups(left, border, look)]
    segments += [Segment("─" * fill, border), *_groups(right, border, look)]
    return [*segments, Segment(end, border)]


def _groups(groups: Sequence[Sequence[Piece]], border: RichStyle, look: Look) -> list[Segment]:
    """` one two ─ three `: words of a group stand together, a dash between groups."""
    segments: list[Segment] = []
    for group in groups:
        if not group:
            continue
        segments.append(Segment("─ " if segments else " ", border))
        for piece in group:
            segments.append(Segment(piece.text, look(piece.look)))
            segments.append(Segment(" ", border))
    return segments


def _length(groups: Sequence[Sequence[Piece]]) -> int:
    lengths = [sum(cell_len(piece.text) + 1 for piece in group) + 1 for group in groups if group]
    return sum(lengths) + max(0, len(lengths) - 1)


def _cut(text: SafeStr, width: int) -> SafeStr:
    if cell_len(text) <= width:
        return text
    return safe_text(f"{set_cell_size(text, max(0, width - 1))}…")
