"""Where a pane stands in a script: following its end, or held at a row.

Pure: no screen, no clock. A held view is anchored to the `Position` of its top
row, which never changes, so it stays put to the row while the guest floods. When
lines are wrapped, the anchor is a character of that row, so that it stays put in a pane
of another width as well. When the row's bytes are dropped from the recording, the view
falls on to the first row that is left, below a note that says so.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.console import Position, SafeStr, Script, TranscriptRow, row_at, safe_text
from tui.amounts import size
from tui.pane.wrapped import Wrap, WrappedRow, place_of, wrapped_row

_BATCH = 8
"""Lines that are read at once where each may fill the pane by itself."""


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


class Stand(NamedTuple):
    """Where a view stands."""

    top: Position | None
    """The held top row; None while it follows."""
    char: int = 0
    """Characters of that row above the view."""
    at_note: bool = False
    """Whether the note on dropped output is above it."""


class PaneView:
    """The scroll state of one pane. Heights are in rows, columns in cells."""

    def __init__(self, transcript: Script) -> None:
        self._transcript = transcript
        self._top: Position | None = None
        self._char = 0
        self._at_note = False
        self._anchor: tuple[Position, int] | None = None
        self._is_loose = False
        self.wrap: Wrap | None = None
        """How rows break; None: each takes one row of the pane."""
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

    @property
    def first(self) -> Position:
        """Where the first row is."""
        return self._transcript.first

    @property
    def stand(self) -> Stand:
        """Where the view stands, to come back to."""
        return Stand(self._top, self._char, self._at_note)

    @stand.setter
    def stand(self, stand: Stand) -> None:
        self._top, self._char, self._at_note = stand
        self._anchor, self._is_loose = None, False

    def hold(self, height: int) -> None:
        """Stay at what is in sight, also where that is the end."""
        if self._top is None:
            self._begin()
            (self._top, self._char), self._at_note = self._highest(height)

    def hold_at(self, at: Position, line: int) -> None:
        """Hold the row at `at` on that line of the view, or higher where less is above it."""
        self._begin()
        self._anchor, self._is_loose = None, False
        above = self._up(at, 0, line) if line > 0 else []
        self._top, self._char = place_of(above[0]) if above else (at, 0)
        self._at_note = False

    def read(self, script: Script, stand: Stand | None = None) -> None:
        """Show other rows of the same recording from now on.

        Without a `stand` to go to, a held view stays at the first row there is from its top
        row on. Until it is moved, further calls start from that top row again, and rows
        above fill the view while it is short; `settle` ends the latter.
        """
        self._transcript = script
        if stand is not None:
            self.stand = stand
        elif self._top is not None:
            self._anchor = self._anchor or (self._top, self._char)
            self._top, self._char = self._anchor
            self._at_note, self._is_loose = False, True

    def settle(self, height: int) -> None:
        """Hold the row that is on top now, whatever may fill the view better later."""
        if self._is_loose:
            rows = [line for line in self.window(height) if not isinstance(line, Note)]
            self._is_loose = False
            if rows and self._top is not None:
                self._top, self._char = place_of(rows[0])

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._top = self._anchor = None
        self._at_note = self._is_loose = False

    def window(self, height: int) -> tuple[Line, ...]:
        """The lines to show, at most `height`."""
        self._begin()
        return self._window(height)

    def scroll(self, rows: int, height: int) -> None:
        """Move by `rows`, down when positive; reaching the end follows."""
        self._begin()
        self._move_on(height)
        if rows < 0:
            self._scroll_up(-rows, height)
        elif rows > 0 and self._top is not None:
            self._scroll_down(rows, self._hold(self._top), height)

    def go_home(self, height: int) -> None:
        """Hold the first row there is, unless all rows fit in `height`."""
        self._begin()
        self._move_on(height)
        if self._top is None and self._fits(height):
            return
        self._top, self._char = self._transcript.first, 0
        self._at_note = self._dropped() is not None

    def go_to(self, at: Position, height: int, char: int = 0) -> None:
        """Hold the view where the row at `at` is in sight; without a move if it is already.

        A row that comes into sight stands a third of the way down: what led to it is above.

        Args:
            at: a row.
            height: of the pane.
            char: which character of the row shall be in sight where it is wrapped.
        """
        self._begin()
        self._move_on(height)
        for line in self._window(height):
            if isinstance(line, Note) or line.position != at:
                continue
            if not isinstance(line, WrappedRow) or line.begin <= char < line.stop:
                if self._top is None:
                    (self._top, self._char), self._at_note = self._highest(height)
                return
        char = self._start_of(at, char)
        above = self._up(at, char, height // 3)
        self._top, self._char = place_of(above[0]) if above else (at, char)
        self._at_note = False

    def line_at(self, at: Position) -> Position | None:
        """Where the first line is that stands at a place or behind it; None behind the last."""
        found = self._transcript.forward(at.above, 1)
        return found[0].position if found else None

    def show_above(self, at: Position) -> None:
        """Let lines of ours that stand right before the top row be in sight, if that is `at`."""
        if self._top == at and not self._char:
            self._top = at.above

    def scroll_columns(self, columns: int, limit: int) -> None:
        """Move sideways by `columns`, right when positive and no further than `limit`."""
        target = self.column + columns
        if columns > 0:
            target = max(self.column, min(target, limit))
        self.column = max(0, target)

    def _begin(self) -> None:
        if self.wrap is not None:
            self.wrap.begin()

    def _move_on(self, height: int) -> None:
        self.settle(height)
        self._anchor = None

    def _window(self, height: int) -> tuple[Line, ...]:
        if height <= 0:
            return ()
        if self._top is None:
            return self._last_lines(height)
        top = self._hold(self._top)
        lines: list[Line] = []
        note = self._dropped()
        if self._at_note and note is not None:
            lines.append(note)
        lines += self._down(top, self._char, height - len(lines))
        if self._is_loose:
            room = height - (self.tail is not None)
            lines[:0] = self._up(top, self._char, room - len(lines))
        if self.tail is not None and len(lines) < height:
            lines.append(self.tail)
        return tuple(lines)

    def _last_lines(self, height: int) -> tuple[Line, ...]:
        tail = () if self.tail is None else (self.tail,)
        room = height - len(tail)
        lines: list[Line] = []
        if room > 0:
            lines += self._up(self._transcript.last, 0, room)
        note = self._dropped()
        if note is not None and len(lines) < room:
            lines.insert(0, note)
        return (*lines, *tail)

    def _hold(self, top: Position) -> Position:
        first = self._transcript.first
        if top < first:
            self._top, self._char = first, 0
            self._at_note = self._dropped() is not None
            return first
        return top

    def _scroll_up(self, rows: int, height: int) -> None:
        (top, char), at_note = self._highest(height)
        if at_note:
            return
        above = self._up(top, char, rows)
        at_note = len(above) < rows and self._dropped() is not None
        if above or at_note:
            self._top, self._char = place_of(above[0]) if above else (top, char)
            self._at_note = at_note

    def _highest(self, height: int) -> tuple[tuple[Position, int], bool]:
        """The place on top now, and whether the note on dropped output is above it."""
        if self._top is not None:
            return (self._hold(self._top), self._char), self._at_note
        lines = self._last_lines(height)
        if not lines:
            return (self._transcript.last, 0), False
        match lines[0]:
            case Note(kind=NoteKind.DROPPED):
                return (self._transcript.first, 0), True
            case Note():
                return (self._transcript.last, 0), False
            case row:
                return place_of(row), False

    def _scroll_down(self, rows: int, top: Position, height: int) -> None:
        if self._at_note:
            self._at_note = False
            rows -= 1
        below = self._down(top, self._char, rows + 1)
        if len(below) <= rows:
            self.follow()
            return
        self._top, self._char = place_of(below[rows])
        room = height - (self.tail is not None)
        if len(self._down(self._top, self._char, room + 1)) <= room:
            self.follow()

    def _fits(self, height: int) -> bool:
        (top, char), at_note = self._highest(height)
        if self._dropped() is not None:
            return at_note
        return not char and not self._transcript.backward(top, 1)

    def _dropped(self) -> Note | None:
        gone = self._transcript.first.offset
        if gone <= 0:
            return None
        return Note(NoteKind.DROPPED, safe_text(f"{size(gone)} of earlier output dropped"))

    # Rows of the pane

    def _down(self, top: Position, char: int, count: int) -> Sequence[TranscriptRow]:
        """The `count` rows of the pane from a place on, fewer at the end."""
        if self.wrap is None:
            return self._transcript.forward(top, count)
        found: list[TranscriptRow] = []
        at = top
        while len(found) < count:
            lines = self._transcript.forward(at, min(count - len(found), _BATCH))
            if not lines:
                break
            for line in lines:
                skipped = char if line.position == top else 0
                found += self._pieces(line, skipped)
                if len(found) >= count:
                    break
            at = lines[-1].end
        return found[:count]

    def _up(self, top: Position, char: int, count: int) -> Sequence[TranscriptRow]:
        """The last `count` rows of the pane before a place, in order."""
        if self.wrap is None:
            return self._transcript.backward(top, count)
        found: list[TranscriptRow] = []
        if char > 0:
            above = [row for line in self._at(top) for row in self._pieces(line, 0, char)]
            found += reversed(above)
        at = top
        while len(found) < count:
            lines = self._transcript.backward(at, min(count - len(found), _BATCH))
            if not lines:
                break
            for line in reversed(lines):
                found += reversed(self._pieces(line))
                if len(found) >= count:
                    break
            at = lines[0].position
        return found[:count][::-1]

    def _pieces(
        self, line: TranscriptRow, char: int = 0, stop: int | None = None
    ) -> list[TranscriptRow]:
        """The rows of the pane of a line, from the one with `char` to the one before `stop`'s."""
        assert self.wrap is not None
        starts = self.wrap.starts(line)
        first = row_at(starts, char)
        last = len(starts) if stop is None else row_at(starts, stop)
        if len(starts) == 1:
            return [line][first:last]
        return [wrapped_row(line, starts, index) for index in range(first, last)]

    def _start_of(self, at: Position, char: int) -> int:
        """Where the row of the pane begins that holds a character."""
        if self.wrap is None or not char:
            return 0
        starts = [self.wrap.starts(line) for line in self._at(at)]
        return starts[0][row_at(starts[0], char)] if starts else 0

    def _at(self, at: Position) -> Iterator[TranscriptRow]:
        """The line at a position, if it is there."""
        return (line for line in self._transcript.forward(at, 1) if line.position == at)
