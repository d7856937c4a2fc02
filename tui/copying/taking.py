"""The text of a selection, as it is shown: what the clipboard and files get.

Pure: it reads a transcript and nothing else. All that comes out was made safe, a piece
of a line at a time, so that a selection of any size can be taken in small steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from core.console import Position, SafeStr, Script, Transcript, TranscriptRow, safe_text
from tui import amounts
from tui.copying.selection import Selection
from tui.pane.row_texts import RowLook

_ROWS_AT_ONCE = 64

_COUNTED_BYTES = 1024 * 1024
"""Lines are counted in a selection of up to this many bytes, some milliseconds. Of a
longer one it is said how long it is."""

Cut = Callable[[Position, str], "tuple[int, int] | None"]
"""Which characters of a row's text are wanted."""


class Taken(NamedTuple):
    """Text that was taken."""

    text: str
    """Lines, with a newline between them and none at the end."""
    lines: int
    is_cut: bool = False
    """Whether there was more than was allowed."""


class Stretch(NamedTuple):
    """Some rows in a row."""

    first: Position
    last: Position
    """The last row's begin."""


def everything(at: Position, text: str) -> tuple[int, int]:
    """Whole rows."""
    return 0, len(text)


def pieces(
    transcript: Transcript,
    stretch: Stretch,
    cut: Cut,
    *,
    look: RowLook,
    rows: Script | None = None,
    notes: bool = True,
) -> Iterator[str]:
    """The text of these rows, in pieces; a row that goes on with a line goes on with its text.

    Args:
        transcript: where they are; what it raises passes through.
        stretch: the first row and the last.
        cut: which of their characters.
        look: how much of themselves they show.
        rows: those of them that are shown; None: all.
        notes: say in lines of ours, `-- like this --`, what is missing and where a guest
            began anew.
    """
    expected = stretch.first
    is_begun = is_after_note = False
    for row in _rows(transcript if rows is None else rows, stretch):
        note = _note(row, expected, transcript) if notes else ""
        expected = row.end
        if note:
            yield f"{_newline(is_begun)}-- {note} --"
            is_begun = is_after_note = True
        if row.row is None:
            continue
        text = look.of(row.row.data).text
        wanted = cut(row.position, text)
        if wanted is None:
            continue
        is_new = is_after_note or not row.row.continued
        yield _newline(is_begun and is_new) + text[wanted[0] : wanted[1]]
        is_begun, is_after_note = True, False


def take(found: Iterable[str], limit_bytes: int) -> Taken:
    """The first of these pieces, whole lines as far as there are any.

    Args:
        found: from `pieces`.
        limit_bytes: the most, in UTF-8.
    """
    taken: list[str] = []
    room = limit_bytes
    for piece in found:
        size = len(piece.encode())
        if size > room:
            return _cut("".join(taken), piece, room)
        taken.append(piece)
        room -= size
    text = "".join(taken)
    return Taken(text, text.count("\n") + bool(taken))


def said(selection: Selection, transcript: Transcript, matches: int | None = None) -> SafeStr:
    """How much is selected, such as `12 lines`, and whether all of it is still there.

    Args:
        selection: what is selected.
        transcript: where; what it raises passes through.
        matches: how many of its rows match, where a filter hides the others.
    """
    first, last = selection.first, selection.last
    size = transcript.bytes_between(first, last)
    is_huge = size > _COUNTED_BYTES
    amount = (
        amounts.size(size) if is_huge else lines_said(1 + transcript.lines_between(first, last))
    )
    if matches is not None:
        amount = safe_text(f"{matches:,} match{'' if matches == 1 else 'es'}")
    left = transcript.forward(first, 1)
    if not left or left[0].position > last:
        return safe_text("all dropped")
    if left[0].position > first:
        return safe_text(f"{amount}, older dropped")
    return amount


def lines_said(count: int) -> SafeStr:
    """`1 line`, `1,204 lines`."""
    return safe_text(f"{count:,} line{'' if count == 1 else 's'}")


def _rows(script: Script, stretch: Stretch) -> Iterator[TranscriptRow]:
    at = stretch.first
    while rows := script.forward(at, _ROWS_AT_ONCE):
        for row in rows:
            if row.position > stretch.last:
                return
            yield row
        at = rows[-1].end


def _note(row: TranscriptRow, expected: Position, transcript: Transcript) -> str:
    """What a line of ours says before this row; empty when there is nothing to say."""
    if row.row is None:
        return row.seam
    if row.position.generation != expected.generation:
        return ""
    dropped = row.position.offset - max(0, expected.offset)
    if dropped > 0:
        # What a filter hides is still there.
        dropped -= transcript.bytes_between(expected, row.position)
    return f"{amounts.size(dropped)} dropped" if dropped > 0 else ""


def _newline(is_wanted: bool) -> str:
    return "\n" if is_wanted else ""


def _cut(text: str, next_piece: str, room: int) -> Taken:
    if not next_piece.startswith("\n"):
        # The line that it goes on with is no whole one; alone, a part is better than nothing.
        head, newline, _ = text.rpartition("\n")
        start = next_piece.encode()[:room].decode("utf-8", "ignore")
        text = head if newline else text + start
    return Taken(text, text.count("\n") + 1, is_cut=True)
