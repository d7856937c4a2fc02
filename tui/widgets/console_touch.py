"""What a hand does in a console: the wheel scrolls it, a drag or visual mode selects.

A press alone selects nothing, so that a click that only wants the focus never pauses a
guest. The first move holds the view: what is selected stands still under the pointer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events

from core.console import Position, SafeStr, TranscriptRow
from core.errors import RecordingError
from tui.copying.selection import Grain, Piece, Selection, char_at, row_away
from tui.opened.viewing import Viewing
from tui.pane.view import Line, Note
from tui.pane.wrapped import WrappedRow, begin_of
from tui.widgets.reading_pane import ReadingPane

WHEEL_ROWS = 3

MAX_DRAG_ROWS = 6
"""Rows that a pointer outside of the pane scrolls in one beat; the further away, the more."""

_FIRST, _LAST = -1_000_000, 1_000_000
"""More rows than any key moves by: to the first one and to the last one."""


class ConsoleTouch(ReadingPane):
    """A console that is scrolled by the wheel and selected in by the mouse and by keys."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pressed: Piece | None = None
        """Where the button went down; None while it is up."""
        self._clicked: Piece | None = None
        """What was pressed last without a drag."""
        self._first_clicked: Piece | None = None
        """What the first of several clicks hit; rows may have moved since."""
        self._pointer = (0, 0)
        self._is_dragging = False

    # What the console has to give.

    @property
    def shown_lines(self) -> Sequence[Line]:
        """The lines between the borders as they were painted last."""
        raise NotImplementedError

    def scroll_view(self, rows: int) -> None:
        """Scroll by rows whatever is selected; reaching the end follows again."""
        raise NotImplementedError

    def scroll_sideways(self, n: int) -> None:
        """Scroll by cells whatever is selected."""
        raise NotImplementedError

    @property
    def guest_rows(self) -> list[TranscriptRow]:
        """The guest's own rows among those lines."""
        return _guest_rows(self.shown_lines)

    # Visual mode.

    @property
    def selection(self) -> Selection | None:
        """What is selected in it; None when nothing is."""
        viewing = self.viewing
        return viewing.selection if viewing is not None and viewing.selection else None

    def begin_visual(self, row: TranscriptRow, grain: Grain) -> None:
        """Select from this row on; keys that move in the console move the other end."""
        viewing = self.viewing
        if viewing is None:
            return
        text = self._text(row, viewing)
        piece = Piece.row(row.position, text)
        if grain is Grain.CHARACTERS:
            piece = Piece.character(row.position, text, char_at(text, viewing.view.column))
        viewing.selection.begin(piece, grain, is_visual=True)
        self._show_end(viewing, piece)

    def clear_selection(self) -> bool:
        """Select nothing; whether anything was selected."""
        viewing = self.viewing
        if viewing is None or not viewing.selection:
            return False
        viewing.selection.clear()
        self.repaint()
        return True

    def move_end(self, rows: int) -> bool:
        """In visual mode, move the end by rows; whether this is visual mode."""
        viewing = self.viewing
        head = None if viewing is None else _visual_head(viewing)
        if viewing is None or head is None:
            return False
        with contextlib.suppress(RecordingError):
            row = row_away(viewing.filtering.rows, head.at, rows)
            if row is not None:
                self._extend_to(row, head.start, viewing, rows)
        return True

    def move_end_home(self) -> bool:
        """In visual mode, move the end to the first row; whether this is visual mode."""
        return self.move_end(_FIRST)

    def move_end_last(self) -> bool:
        """In visual mode, move the end to the last row; whether this is visual mode."""
        return self.move_end(_LAST)

    def move_end_chars(self, n: int) -> bool:
        """Move the end by characters; whether this is a visual mode that knows any."""
        viewing = self.viewing
        head = None if viewing is None else _visual_head(viewing)
        if viewing is None or head is None or viewing.selection.grain is Grain.ROWS:
            return False
        char = max(0, min(head.start + n, len(head.text) - 1))
        piece = Piece.character(head.at, head.text, char)
        viewing.selection.extend(piece)
        self._show_end(viewing, piece)
        return True

    def carry_end(self, at: Position) -> None:
        """In visual mode, let a jump to the row at `at` carry the end along."""
        viewing = self.viewing
        head = None if viewing is None else _visual_head(viewing)
        if viewing is None or head is None or head.at == at:
            return
        with contextlib.suppress(RecordingError):
            for row in _guest_rows(viewing.transcript.forward(at.bare, 1)):
                piece = self._piece(row, head.start, viewing)
                viewing.selection.extend(piece)

    def change_grain(self, grain: Grain) -> bool:
        """In visual mode, select in this grain, or nothing if it is the one there is.

        Returns whether this is visual mode.
        """
        viewing = self.viewing
        if viewing is None or not viewing.selection.is_visual:
            return False
        if viewing.selection.grain is grain:
            return self.clear_selection()
        viewing.selection.change_grain(grain)
        self.repaint()
        return True

    def swap_ends(self) -> bool:
        """In visual mode, let the other end move; whether this is visual mode."""
        viewing = self.viewing
        if viewing is None or not viewing.selection.is_visual:
            return False
        viewing.selection.swap_ends()
        head = viewing.selection.head
        if head is not None:
            self._show_end(viewing, head)
        return True

    def _extend_to(self, row: TranscriptRow, char: int, viewing: Viewing, rows: int) -> None:
        piece = self._piece(row, char, viewing)
        viewing.selection.extend(piece)
        in_sight = [line.position for line in _guest_rows(viewing.lines(self.height))]
        if piece.at not in in_sight:
            # Further away, the end is gone to instead.
            viewing.view.scroll(max(-self.height, min(rows, self.height)), self.height)
        self._show_end(viewing, piece)

    def _show_end(self, viewing: Viewing, piece: Piece) -> None:
        """Bring the end into sight, and hold the view there."""
        viewing.cursor.at = piece.at
        viewing.view.go_to(piece.at, self.height, piece.start)
        painter, is_wrapped = self.painter, viewing.is_wrapped
        if viewing.selection.grain is Grain.CHARACTERS and painter is not None and not is_wrapped:
            cell = cell_len(piece.text[: piece.start])
            view, room = viewing.view, max(1, painter.setting.text_width - 1)
            if not view.column <= cell < view.column + room:
                view.scroll_columns(cell - room // 2 - view.column, cell)
        self.repaint()

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A drag may begin here."""
        if event.button != 1:
            return
        viewing = self.viewing
        self._pressed = self._piece_under(event.x, event.y)
        self._is_dragging = False
        if viewing is None or self._pressed is None:
            return
        self.capture_mouse()
        if event.shift and viewing.selection:
            viewing.selection.extend(self._pressed)
            self._is_dragging = True
            self.repaint()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the end along."""
        viewing = self.viewing
        pressed = self._pressed
        if pressed is None or viewing is None:
            return
        self._pointer = (event.x, event.y)
        piece = self._piece_under(event.x, event.y)
        if piece is None or (piece == pressed and not self._is_dragging):
            return
        if not self._is_dragging:
            self._is_dragging = True
            viewing.selection.begin(pressed, Grain.CHARACTERS)
            if viewing.view.is_following:
                viewing.view.go_to(pressed.at, self.height)
        viewing.selection.extend(piece)
        self.repaint()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The drag is over; what it selected stays."""
        if self._pressed is not None:
            self.release_mouse()
            self._clicked = self._clicked if self._is_dragging else self._pressed
            self._pressed = None

    def on_click(self, event: events.Click) -> None:
        """Once: the row that keys are about. Twice: a word. Three times: a line."""
        viewing = self.viewing
        if viewing is None or self._is_dragging or event.button != 1:
            self._is_dragging = False
            return
        if event.chain > 1 and self._first_clicked is not None:
            event.stop()
            self._select_click(self._first_clicked, event.chain, viewing)
            return
        self._first_clicked = self._clicked
        viewing.selection.clear()
        viewing.cursor.at = None if self._clicked is None else self._clicked.at
        self.repaint()

    def _select_click(self, piece: Piece, chain: int, viewing: Viewing) -> None:
        if chain == 2:
            word = Piece.word(piece.at, piece.text, piece.start)
            viewing.selection.begin(word, Grain.CHARACTERS)
        else:
            viewing.selection.begin(Piece.row(piece.at, piece.text), Grain.ROWS)
        viewing.view.go_to(piece.at, self.height)
        self.repaint()

    def drag_on(self) -> None:
        """While a drag is held above or below the pane, scroll and select on; once a beat."""
        if self._pressed is None or not self._is_dragging:
            return
        x, y = self._pointer
        beyond = min(0, y - 1) + max(0, y - self.height)
        if beyond:
            self.scroll_view(max(-MAX_DRAG_ROWS, min(MAX_DRAG_ROWS, beyond)))
            viewing, piece = self.viewing, self._piece_under(x, y)
            if viewing is not None and piece is not None:
                viewing.selection.extend(piece)
                if viewing.view.is_following:
                    viewing.view.go_to(piece.at, self.height)
                self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls rows, with shift columns."""
        event.stop()
        self._wheel(1, sideways=event.shift or event.ctrl)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls rows, with shift columns."""
        event.stop()
        self._wheel(-1, sideways=event.shift or event.ctrl)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """A wheel that goes sideways scrolls columns."""
        event.stop()
        self._wheel(1, sideways=True)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """A wheel that goes sideways scrolls columns."""
        event.stop()
        self._wheel(-1, sideways=True)

    def _wheel(self, direction: int, *, sideways: bool) -> None:
        if sideways:
            self.scroll_sideways(direction * 2 * WHEEL_ROWS)
        else:
            self.scroll_view(direction * WHEEL_ROWS)

    # From the screen to the recording.

    def _piece_under(self, x: int, y: int) -> Piece | None:
        """The character in a cell of the pane, borders included; the nearest row's."""
        viewing, painter = self.viewing, self.painter
        lines = list(self.shown_lines)
        if viewing is None or painter is None or not lines:
            return None
        wanted = max(0, min(y - 1, len(lines) - 1))
        rows = [
            (abs(index - wanted), line)
            for index, line in enumerate(lines)
            if not isinstance(line, Note) and line.row is not None
        ]
        if not rows:
            return None
        _, row = min(rows, key=lambda found: found[0])
        text, begin = self._text(row, viewing), begin_of(row)
        cell = painter.setting.column + x - painter.setting.text_left
        char = begin + char_at(text[begin : _end_of(row)], cell)
        return Piece.character(row.position, text, char)

    def _piece(self, row: TranscriptRow, char: int, viewing: Viewing) -> Piece:
        text = self._text(row, viewing)
        if viewing.selection.grain is Grain.ROWS:
            return Piece.row(row.position, text)
        return Piece.character(row.position, text, min(char, max(0, len(text) - 1)))

    def _text(self, row: TranscriptRow, viewing: Viewing) -> SafeStr:
        assert row.row is not None
        known = self.painter and self.painter.texts.known(row, viewing.look)
        return (known or viewing.look.of(row.row.data)).text


def _visual_head(viewing: Viewing) -> Piece | None:
    return viewing.selection.head if viewing.selection.is_visual else None


def _end_of(row: TranscriptRow) -> int | None:
    return row.stop if isinstance(row, WrappedRow) else None


def _guest_rows(lines: Sequence[Line]) -> list[TranscriptRow]:
    return [line for line in lines if not isinstance(line, Note) and line.row is not None]
