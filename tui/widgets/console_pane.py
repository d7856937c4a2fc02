"""One sandbox's console on the screen.

The pane reads the recording, never the console: it can be paused, hidden or slow
without a byte lost. It scrolls by itself, so that no size of it ever depends on how
much there is to show and a flood causes no layout. What a frame costs depends on
the rows that are in sight, not on what arrived.
"""

from __future__ import annotations

from typing import ClassVar

from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from core.console import Position, SafeStr, TranscriptRow
from core.sandboxes.model import SandboxFacts
from tui.actions import keymap_of
from tui.actions.model import Where
from tui.finding.filter_words import remedy
from tui.opened.viewing import Gutter, Viewing
from tui.opened.viewings import Viewings
from tui.pane.facts import FrameFacts, frame_facts, tail_note
from tui.pane.frame import bottom_edge, top_edge
from tui.pane.marks import UNMARKED, PaneMarks
from tui.pane.paint import Paint
from tui.pane.rows import RowPainter, Setting
from tui.pane.view import Line, Note
from tui.states import why_empty
from tui.widgets.console_touch import ConsoleTouch

_DATE_RETRIES = 30
"""Beats for which a row's missing date is looked for again."""


class ConsolePane(ConsoleTouch, can_focus=True):
    """The console of one sandbox; it shows nothing until `show` is called.

    Whoever mounts it calls `beat` at the rate at which it shall be painted.
    """

    ALLOW_SELECT = False
    WHERE: ClassVar[Where] = Where.PANE

    class FollowChanged(Message):
        """The pane follows its guest from now on, or does not any more."""

    is_selected: var[bool] = var(False, toggle_class="-selected")
    """Whether its sandbox is the one selected in the list."""
    marks: var[PaneMarks] = var(UNMARKED)
    """What the border says of the pane among the others."""

    def __init__(self, viewings: Viewings | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._owns_viewings = viewings is None
        self._viewings = Viewings() if viewings is None else viewings
        self._facts: SandboxFacts | None = None
        self._number = 0
        self._viewing: Viewing | None = None
        self._rows: RowPainter | None = None
        self._lines: tuple[Line, ...] = ()
        self._edge_facts: tuple[FrameFacts, int, Paint] | None = None
        self._now = 0.0
        self._second = -1
        self._retries = 0

    # What it shows

    @property
    def facts(self) -> SandboxFacts | None:
        """The sandbox it shows, None when it shows none."""
        return self._facts

    @property
    def number(self) -> int:
        """The key it is shown under, 0 for none."""
        return self._number

    @property
    def following(self) -> bool:
        """Whether the last row stays in sight as the guest writes."""
        return self._viewing is None or self._viewing.view.is_following

    @property
    def unseen(self) -> int:
        """Lines that arrived since the view was paused, or since the pane had the focus."""
        return 0 if self._viewing is None else self._viewing.counter.lines

    def show(self, facts: SandboxFacts, number: int, now: float | None = None) -> None:
        """Show this sandbox.

        Args:
            facts: the sandbox as it is now.
            number: the key it is shown under, 0 for none.
            now: seconds since the epoch, UTC; None: as at the last beat.
        """
        if now is not None:
            self._now = now
        is_other = self._facts is None or self._facts.id != facts.id
        self._facts, self._number = facts, number
        viewing = self._viewings.of(facts)
        if viewing is not self._viewing:
            self._let_go()
            self._viewing = viewing
            is_other = True
            if viewing is not None:
                viewing.poll_all(self._now, facts.generation)
        tail = tail_note(facts)
        if is_other:
            self._rows = None
            self._retries = _DATE_RETRIES
        has_same_rows = viewing is not None and viewing.view.tail == tail
        if viewing is not None:
            viewing.view.tail = tail
        if is_other or not has_same_rows or viewing is None or viewing.is_empty:
            self._repaint()
        else:
            # New rows wait for the next beat, whose cost is bounded.
            self._reframe()

    def clear(self) -> None:
        """Show no sandbox."""
        self._let_go()
        self._facts = self._viewing = None
        self._rows = self._edge_facts = None
        self._repaint()

    def _let_go(self) -> None:
        """Leave nothing of this pane in the viewing, which outlives it."""
        if self._viewing is not None and self._rows is not None:
            view = self._viewing.view
            if view.wrap is self._rows.wrap:
                view.wrap = None

    def beat(self, now: float) -> None:
        """Look for new output and paint it, if there is any.

        Args:
            now: seconds since the epoch, UTC.
        """
        self._now = now
        if self._facts is None:
            return
        self.drag_on()
        has_news = False
        viewing = self._viewing
        if viewing is not None:
            has_news = viewing.poll(now, self._facts.generation)
            if self.has_focus and viewing.view.is_following:
                viewing.saw_all()
            elif viewing.count():
                has_news = True
        if not self.display:
            return
        if viewing is not None and viewing.poll_events(now):
            has_news = True
        if has_news:
            self._retries = _DATE_RETRIES
        elif self._rows is not None and self._rows.is_unfinished:
            has_news = True
        elif self._retries > 0 and self._rows is not None and self._rows.has_undated:
            self._retries -= 1
            has_news = True
        if has_news or int(now) != self._second:
            self._second = int(now)
            self._repaint()

    # How it is moved

    def scroll_rows(self, n: int) -> None:
        """Scroll by `n` rows, down when positive; in visual mode, move the end by them."""
        if not self.move_end(n):
            self.scroll_view(n)

    def scroll_view(self, n: int) -> None:
        """Scroll by `n` rows whatever is selected; reaching the end follows again."""
        if self._viewing is not None:
            was_following = self.following
            self._viewing.view.scroll(n, self._height)
            self._moved(was_following)

    def go_home(self) -> None:
        """Go to the first row there is."""
        if self._viewing is not None and not self.move_end_home():
            was_following = self.following
            self._viewing.view.go_home(self._height)
            self._moved(was_following)

    def go_end(self) -> None:
        """Go to the last row and follow; in visual mode, move the end there."""
        if not self.move_end_last():
            self.follow()

    def follow(self) -> None:
        """Keep the last row in sight from now on."""
        if self._viewing is not None:
            self._viewing.view.follow()
            self._viewing.cursor.at = None
            self._viewing.saw_all()
            self._moved(was_following=True)

    @property
    def viewing(self) -> Viewing | None:
        """The open recording of its sandbox, None while there is none."""
        return self._viewing

    @property
    def height(self) -> int:
        """Rows between the borders."""
        return self._height

    @property
    def shown_lines(self) -> tuple[Line, ...]:
        """The lines between the borders as they were painted last."""
        return self._lines

    @property
    def painter(self) -> RowPainter | None:
        """What made the rows in sight, None before there were any."""
        return self._rows

    def go_to(self, at: Position, char: int = 0) -> None:
        """Hold the row at `at` in sight, and make it the one that keys are about.

        Args:
            at: a row.
            char: which character of it shall be in sight where it is wrapped.
        """
        if self._viewing is not None:
            was_following = self.following
            self._viewing.view.go_to(at, self._height, char)
            self._viewing.cursor.at = at
            self.carry_end(at)
            self._moved(was_following)

    @property
    def current(self) -> TranscriptRow | None:
        """The row that keys are about: the cursor's if in sight, else the last or first one."""
        if self._viewing is None:
            return None
        lines = self._viewing.lines(self._height)
        rows = [line for line in lines if not isinstance(line, Note) and line.row is not None]
        at = self._viewing.cursor.at
        there = [row for row in rows if row.position == at] or rows[-1 if self.following else 0 :]
        return there[0] if there else None

    def repaint(self) -> None:
        """Show what was changed in the viewing."""
        self._repaint()

    def scroll_columns(self, n: int) -> None:
        """Scroll by `n` cells, right when positive; where characters are selected, move the end."""
        if not self.move_end_chars(1 if n > 0 else -1):
            self.scroll_sideways(n)

    def scroll_sideways(self, n: int) -> None:
        """Scroll by `n` cells whatever is selected; wrapped lines have no sides."""
        if self._viewing is not None and not self._viewing.is_wrapped:
            limit = 0
            if self._rows is not None:
                limit = self._rows.longest(self._viewing.lines(self._height)) - 1
            self._viewing.view.scroll_columns(n, limit)
            self._moved(was_following=self.following)

    # How it is painted

    @property
    def _height(self) -> int:
        return max(0, self.size.height - 2)

    def allow_focus(self) -> bool:
        """Only a pane in sight that shows a sandbox takes the focus."""
        return self.display and self._facts is not None

    def on_resize(self) -> None:
        """Paint for the new size."""
        self._repaint()

    def on_focus(self) -> None:
        """What is in sight counts as seen from now on."""
        if self._viewing is not None and self._viewing.view.is_following:
            self._viewing.saw_all()

    def on_unmount(self) -> None:
        """Give the descriptors back."""
        self._let_go()
        if self._owns_viewings:
            self._viewings.close()

    def _moved(self, was_following: bool) -> None:
        if self._viewing is not None and was_following != self.following:
            self._viewing.saw_all()
            self.post_message(self.FollowChanged())
        self._repaint()

    def _repaint(self) -> None:
        """Make all strips that are not made yet, and show them."""
        if self.is_attached and self.size.height > 0:
            self._show_strips(self._all_strips())

    def watch_marks(self) -> None:
        """Say it."""
        self._reframe()

    def _reframe(self) -> None:
        """Say what is said on the borders anew, and leave the rows."""
        painter = self._rows
        is_current = len(self._strips) == self.size.height and self.has_paint
        if painter is None or painter.setting.width != self.size.width or not is_current:
            self._repaint()
        else:
            self._show_strips(self._framed(self._strips[1:-1]))

    def _all_strips(self) -> list[Strip]:
        width, height = self.size
        paint = self.paint
        if width < 4 or height < 2 or self._facts is None:
            return [Strip.blank(width, paint.plain)] * height
        painter = self._painter(paint)
        viewing = self._viewing
        self._lines = ()
        if viewing is None or viewing.is_empty:
            rows = painter.message(self._why_empty(), height - 2)
        else:
            self._lines = viewing.lines(height - 2)
            rows = painter.strips(self._lines, viewing)
            if why := viewing.filtering.why_empty(remedy(keymap_of(self.app))):
                rows = painter.message(why, height - 2)
            rows += [painter.blank] * (height - 2 - len(rows))
        return self._framed(rows)

    def _painter(self, paint: Paint) -> RowPainter:
        """What makes the rows; another one when all rows look different from now on."""
        viewing, width = self._viewing, self.size.width
        setting = Setting(width, 0, Gutter.OFF)
        if viewing is not None:
            is_wrapped = viewing.is_wrapped
            column = 0 if is_wrapped else viewing.view.column
            setting = Setting(width, column, viewing.gutter, viewing.look, is_wrapped)
        painter = self._rows
        if painter is None or painter.setting != setting or painter.paint is not paint:
            texts = None if painter is None else painter.texts
            painter = self._rows = RowPainter(setting, paint, texts)
        if viewing is not None:
            viewing.view.wrap = painter.wrap
        return painter

    def _frame(self) -> FrameFacts:
        assert self._facts is not None
        facts, lines = self._facts, self._lines
        return frame_facts(facts, self._number, self._viewing, lines, self._now, self.marks)

    def _why_empty(self) -> SafeStr:
        assert self._facts is not None
        return why_empty(self._facts, self._now, keymap_of(self.app))

    def _framed(self, rows: list[Strip]) -> list[Strip]:
        """`rows` between the two borders; borders that say the same stay the same objects."""
        width, look = self.size.width, self.paint.look
        facts = self._frame()
        said = (facts, width, self.paint)
        if said == self._edge_facts and len(self._strips) >= 2:
            return [self._strips[0], *rows, self._strips[-1]]
        self._edge_facts = said
        top = Strip(top_edge(facts, width, look), width)
        return [top, *rows, Strip(bottom_edge(facts, width, look), width)]
