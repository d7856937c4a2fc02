"""The lines of a pane as strips: border, date, guest text, border.

A strip is made once for a row and kept for as long as nothing that shows in it
changes, so that an unchanged row is the same object and is not painted again.

Of rows that there is no time to make, those are made first that a reader looks at first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.strip import Strip

from core.console import ConsoleLine, Position, SafeStr, TranscriptRow, part_of, safe_text
from tui.opened.viewing import Gutter, Viewing
from tui.pane.cursor import CURSOR
from tui.pane.frame import divider, wrapped
from tui.pane.lately import Lately
from tui.pane.overlay import BARE, Decor, Overlay, Span, combined
from tui.pane.paint import Paint
from tui.pane.row_dates import RowDates
from tui.pane.row_texts import RowKey, RowLook, RowTexts, RowWrap, row_key
from tui.pane.view import Line, Note, NoteKind
from tui.pane.wrapped import WrappedRow, begin_of

MIN_DATED_WIDTH = 50
"""A narrower pane shows no dates: the text needs the room."""

_DATE_CELLS = {Gutter.OFF: 1, Gutter.RELATIVE: 9, Gutter.LOCAL: 14, Gutter.UTC: 15}
_KEPT_ROWS = 256
"""Of rows that were not in sight lately, those before so many others are let go."""

_CONTINUED = "⋯"
"""Stands for the date of a row that is not the beginning of its line."""

_WRAPPED = "↳"
"""Stands there for what goes on from the row above because it is wrapped."""

_SENTENCES = 2000
"""Characters of a message; the rest would not fit on any screen."""

_NOTHING = ConsoleLine(safe_text(""), ())


_Key = tuple[RowKey, int, int] | Note
"""What a line shows: which row, and which of its characters."""


class Setting(NamedTuple):
    """All that changes how every row looks."""

    width: int
    column: int
    gutter: Gutter
    look: RowLook = RowLook()
    is_wrapped: bool = False

    @property
    def shown_gutter(self) -> Gutter:
        """The gutter there is room for."""
        return self.gutter if self.width >= MIN_DATED_WIDTH else Gutter.OFF

    @property
    def text_left(self) -> int:
        """Cells of border and date before the guest's text."""
        return 1 + _DATE_CELLS[self.shown_gutter]

    @property
    def text_width(self) -> int:
        """Cells of guest text in a row."""
        return max(0, self.width - 2 - _DATE_CELLS[self.shown_gutter])


class _Made(NamedTuple):
    """A line's strip as nothing lies over it."""

    strip: Strip
    label: str | None
    """What its gutter says; None for a line of ours, over which nothing ever lies."""


class RowPainter:
    """Makes and keeps the strips of one sandbox on one setting."""

    def __init__(self, setting: Setting, paint: Paint, texts: RowTexts | None = None) -> None:
        """A painter without strips.

        Args:
            setting: what every row has in common.
            paint: the styles.
            texts: rows of the same sandbox that were made safe before.
        """
        self.setting = setting
        self.paint = paint
        self.texts = RowTexts() if texts is None else texts
        self.wrap = None
        """How rows break, None when they do not."""
        if setting.is_wrapped:
            self.wrap = RowWrap(self.texts, setting.look, setting.text_width)
        self._dates = RowDates(setting.shown_gutter)
        self._kept: Lately[_Key, _Made] = Lately(_KEPT_ROWS)
        self._versions: tuple[Hashable, ...] = ()
        self._decors: dict[_Key, Decor] = {}
        self._decorated: dict[tuple[_Key, str], tuple[Decor, Strip]] = {}
        self._pointer: tuple[_Key, Strip] | None = None
        self._side = Segment("│", paint.look("border"))
        self.blank = self._boxed([Segment(" " * (setting.width - 2), paint.plain)])
        """A row without text."""
        self.is_unfinished = False
        """Whether long rows still wait to be made."""
        self._message: tuple[SafeStr, int, list[Strip]] = (safe_text(""), 0, [])

    @property
    def has_undated(self) -> bool:
        """Whether a row's date was not on disk yet when its strip was made."""
        return self._dates.has_undated

    def strips(self, lines: Sequence[Line], viewing: Viewing) -> list[Strip]:
        """A strip for each line."""
        is_guessing = self.wrap is not None and self.wrap.is_guessing
        found = {line: made for line in lines if (made := self._kept.get(_key(line))) is not None}
        missing = [line for line in lines if line not in found]
        self._dates.look_up(missing, viewing)
        self.texts.begin()
        # Of a view that follows, the last rows are those that are read.
        for line in reversed(missing) if viewing.view.is_following else missing:
            found[line] = self._make(line)
        self.is_unfinished = is_guessing or self.texts.is_short_of_time
        strips = self._overlaid([(line, found[line]) for line in lines], viewing.overlays)
        return self._pointed_at(lines, strips, viewing.cursor.at)

    def _pointed_at(
        self, lines: Sequence[Line], strips: list[Strip], at: Position | None
    ) -> list[Strip]:
        """The strips, with a sign on a line of ours that keys are about."""
        for number, line in enumerate(lines):
            if isinstance(line, Note) or line.row is not None or line.position != at:
                continue
            key = _key(line)
            if self._pointer is None or self._pointer[0] != key:
                paint, width = self.paint, self.setting.width - 3
                shown = divider(line.seam, line.look or "divider", width, paint.look)
                sign = Segment(CURSOR, paint.look("paused"))
                self._pointer = key, self._boxed([sign, *shown])
            strips[number] = self._pointer[1]
        return strips

    def _overlaid(self, lines: list[tuple[Line, _Made]], overlays: list[Overlay]) -> list[Strip]:
        versions = tuple(overlay.version for overlay in overlays)
        if versions != self._versions or len(self._decors) >= _KEPT_ROWS:
            self._versions = versions
            self._decors.clear()
        if len(self._decorated) >= _KEPT_ROWS:
            self._decorated.clear()
        return [self._over(line, made, overlays) for line, made in lines]

    def _over(self, line: Line, made: _Made, overlays: list[Overlay]) -> Strip:
        if made.label is None or isinstance(line, Note):
            return made.strip
        text = self.texts.known(line, self.setting.look)
        if text is None:
            return made.strip
        key = _key(line)
        decor = self._decors.get(key)
        if decor is None:
            decor = self._decors[key] = combined(overlays, line, text)
        if decor == BARE:
            return made.strip
        known = self._decorated.get((key, made.label))
        if known is None or known[0] != decor:
            strip = self._text(made.label, line, text, decor)
            known = self._decorated[key, made.label] = decor, strip
        return known[1]

    def longest(self, lines: Sequence[Line]) -> int:
        """Cells of the longest of these lines, among those that were made."""
        rows = [line for line in lines if not isinstance(line, Note)]
        texts = [self.texts.known(row, self.setting.look) for row in rows]
        return max((cell_len(text.text) for text in texts if text is not None), default=0)

    def message(self, text: SafeStr, height: int) -> list[Strip]:
        """`text` in the middle of `height` rows, its first sentence apart and brighter."""
        if self._message[:2] != (text, height):
            self._message = (text, height, self._make_message(text, height))
        return self._message[2]

    def _make_message(self, text: SafeStr, height: int) -> list[Strip]:
        inner = self.setting.width - 2
        head, stop, rest = text.partition(". ")
        room = max(1, min(inner - 4, 64))
        lines = [
            (line, self.paint.plain)
            for line in wrapped(safe_text(head + stop.strip(), limit=_SENTENCES), room)
        ]
        if rest:
            quiet = self.paint.look("quiet")
            lines += [(safe_text(""), quiet)]
            lines += [(line, quiet) for line in wrapped(safe_text(rest, limit=_SENTENCES), room)]
        lines = lines[:height]
        above = (height - len(lines)) // 2
        strips = [self.blank] * above
        strips += [self._centred(line, style, inner) for line, style in lines]
        return strips + [self.blank] * (height - len(strips))

    def _make(self, line: Line) -> _Made:
        if isinstance(line, Note):
            tone = "failed" if line.kind is NoteKind.FAILED else "divider"
            made = _Made(self._divider(line.text, tone), None)
        elif line.row is None:
            made = _Made(self._divider(line.seam, line.look or "divider"), None)
        else:
            text = self.texts.get(line, self.setting.look)
            if text is None:
                return _Made(self._text(_CONTINUED, line, _NOTHING), _CONTINUED)
            label = self._label(line)
            made = _Made(self._text(label or "", line, text), label or "")
            if label is None:
                return made
        return self._kept.put(_key(line), made)

    def _label(self, line: TranscriptRow) -> str | None:
        """What the gutter says beside a row; None while its date is not on disk yet."""
        if begin_of(line):
            return _WRAPPED
        if line.row is not None and line.row.continued:
            return _CONTINUED
        return self._dates.of(line.position)

    def _divider(self, text: SafeStr, look: str) -> Strip:
        return self._boxed(divider(text, look, self.setting.width - 2, self.paint.look))

    def _text(
        self, date: str, line: TranscriptRow, text: ConsoleLine, decor: Decor = BARE
    ) -> Strip:
        if isinstance(line, WrappedRow):
            text, decor = part_of(text, line.begin, line.stop), _decor_of(line, decor)
        setting, paint = self.setting, self.paint
        cells = _DATE_CELLS[setting.shown_gutter]
        label = f"{date:>{cells - 1}} " if cells > 1 else date or " "
        shown = paint.segments(text, setting.column, setting.text_width, decor.spans)
        gutter = paint.look("gutter")
        if not decor.sign:
            return self._boxed([Segment(label, gutter), *shown])
        sign = Segment(decor.sign, paint.look(decor.sign_look))
        return self._boxed([Segment(label[:-1], gutter), sign, *shown])

    def _centred(self, text: SafeStr, style: RichStyle, inner: int) -> Strip:
        strip = Strip([Segment(text, style)]) if text else Strip([], 0)
        left = (inner - strip.cell_length) // 2
        right = inner - strip.cell_length - left
        plain = self.paint.plain
        return self._boxed([Segment(" " * left, plain), *strip, Segment(" " * right, plain)])

    def _boxed(self, segments: list[Segment]) -> Strip:
        return Strip([self._side, *segments, self._side], self.setting.width)


def _key(line: Line) -> _Key:
    if isinstance(line, Note):
        return line
    if isinstance(line, WrappedRow):
        return row_key(line), line.begin, line.stop
    return row_key(line), 0, 0


def _decor_of(piece: WrappedRow, decor: Decor) -> Decor:
    """What of all that lies over a row lies over a piece of it; its sign is on the first."""
    spans = tuple(
        Span(max(0, span.start - piece.begin), span.end - piece.begin, span.look)
        for span in decor.spans
        if piece.begin < span.end and span.start < piece.stop
    )
    return decor._replace(spans=spans, sign="" if piece.begin else decor.sign)
