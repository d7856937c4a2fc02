"""Where a pane stands in a transcript: following its end, or held at a row.

Pure: no screen, no clock. A held view is anchored to the `Position` of its top
row, which never changes, so it stays put to the row while the guest floods. When
that row's bytes are dropped from the recording, the view falls on to the first row
that is left, below a note that says so.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from core.console import Position, SafeStr, Script, TranscriptRow, safe_text
from tui.amounts import size


class NoteKind(enum.Enum):
    """What a line of ours says."""

    DROPPED = "dropped"
    """Older output is gone; above the first row."""
    ENDED = "ended"
    """The console ended; below the last row."""
    FAILED = "failed"
    """The console failed; below the last row."""


class Note(NamedTuple):
    """A line of ours above or below the guest's."""

    kind: NoteKind
    text: SafeStr


Line = TranscriptRow | Note
"""What one row of a pane shows."""


class PaneView:
    """The scroll state of one pane. Heights are in rows, columns in cells."""

    def __init__(self, transcript: Script) -> None:
        self._transcript = transcript
        self._top: Position | None = None
        self._at_note = False
        self.column = 0
        """The first cell of each line that is shown; new output never changes it."""
        self.tail: Note | None = None
        """The note below the last row."""

    @property
    def is_following(self) -> bool:
        """Whether the last row stays in sight as the guest writes."""
        return self._top is None

    @property
    def top(self) -> Position | None:
        """The held top row, None while following."""
        return self._top

    @property
    def last(self) -> Position:
        """Behind the last row there is."""
        return self._transcript.last

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._top = None
        self._at_note = False

    def window(self, height: int) -> tuple[Line, ...]:
        """The lines to show, at most `height`."""
        if height <= 0:
            return ()
        if self._top is None:
            return self._last_lines(height)
        top = self._hold(self._top)
        lines: list[Line] = []
        note = self._dropped()
        if self._at_note and note is not None:
            lines.append(note)
        lines += self._transcript.forward(top, height - len(lines))
        if self.tail is not None and len(lines) < height:
            lines.append(self.tail)
        return tuple(lines)

    def scroll(self, rows: int, height: int) -> None:
        """Move by `rows`, down when positive; reaching the end follows."""
        if rows < 0:
            self._scroll_up(-rows, height)
        elif rows > 0 and self._top is not None:
            self._scroll_down(rows, self._hold(self._top), height)

    def go_home(self, height: int) -> None:
        """Hold the first row there is, unless all rows fit in `height`."""
        if self._top is None and self._fits(height):
            return
        self._top = self._transcript.first
        self._at_note = self._dropped() is not None

    def go_to(self, at: Position, height: int) -> None:
        """Hold the view where the row at `at` is in sight; without a move if it is already.

        A row that comes into sight stands a third of the way down: what led to it is above.
        """
        lines = self.window(height)
        in_sight = [line.position for line in lines if not isinstance(line, Note)]
        if at in in_sight:
            if self._top is None:
                self._top, self._at_note = self._highest(height)
            return
        above = self._transcript.backward(at, height // 3)
        self._top = above[0].position if above else at
        self._at_note = False

    def line_at(self, at: Position) -> Position | None:
        """Where the first line is that stands at a place or behind it; None behind the last."""
        found = self._transcript.forward(at.above, 1)
        return found[0].position if found else None

    def show_above(self, at: Position) -> None:
        """Let lines of ours that stand right before the top row be in sight, if that is `at`."""
        if self._top == at:
            self._top = at.above

    def scroll_columns(self, columns: int, limit: int) -> None:
        """Move sideways by `columns`, right when positive and no further than `limit`."""
        target = self.column + columns
        if columns > 0:
            target = max(self.column, min(target, limit))
        self.column = max(0, target)

    def _last_lines(self, height: int) -> tuple[Line, ...]:
        tail = () if self.tail is None else (self.tail,)
        room = height - len(tail)
        lines: list[Line] = []
        if room > 0:
            lines += self._transcript.backward(self._transcript.last, room)
        note = self._dropped()
        if note is not None and len(lines) < room:
            lines.insert(0, note)
        return (*lines, *tail)

    def _hold(self, top: Position) -> Position:
        first = self._transcript.first
        if top < first:
            self._top = first
            self._at_note = self._dropped() is not None
            return first
        return top

    def _scroll_up(self, rows: int, height: int) -> None:
        top, at_note = self._highest(height)
        if at_note:
            return
        above = self._transcript.backward(top, rows)
        at_note = len(above) < rows and self._dropped() is not None
        if above or at_note:
            self._top = above[0].position if above else top
            self._at_note = at_note

    def _highest(self, height: int) -> tuple[Position, bool]:
        """The row on top now, and whether the note on dropped output is above it."""
        if self._top is not None:
            return self._hold(self._top), self._at_note
        lines = self._last_lines(height)
        if not lines:
            return self._transcript.last, False
        match lines[0]:
            case Note(kind=NoteKind.DROPPED):
                return self._transcript.first, True
            case Note():
                return self._transcript.last, False
            case row:
                return row.position, False

    def _scroll_down(self, rows: int, top: Position, height: int) -> None:
        if self._at_note:
            self._at_note = False
            rows -= 1
        below = self._transcript.forward(top, rows + 1)
        if len(below) <= rows:
            self.follow()
            return
        self._top = below[rows].position
        room = height - (self.tail is not None)
        if len(self._transcript.forward(self._top, room + 1)) <= room:
            self.follow()

    def _fits(self, height: int) -> bool:
        top, at_note = self._highest(height)
        if self._dropped() is not None:
            return at_note
        return top <= self._transcript.first

    def _dropped(self) -> Note | None:
        gone = self._transcript.first.offset
        if gone <= 0:
            return None
        return Note(NoteKind.DROPPED, safe_text(f"{size(gone)} of earlier output dropped"))
