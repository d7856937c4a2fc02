"""Several consoles in one pane, by when their rows came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.strip import Strip

from core.console import Position, SafeStr, safe_text
from core.console.interleaved import LAST, Interleaved, InterleavedRow, Place
from core.sandboxes.model import SandboxFacts
from tui.actions.model import Where
from tui.grid.dated import DatedViewing
from tui.grid.interleaved_rows import InterleavedPainter, Setting
from tui.grid.interleaved_view import InterleavedView
from tui.opened.viewing import Viewing
from tui.opened.viewings import Viewings
from tui.pane.facts import FrameFacts
from tui.pane.frame import INTERLEAVED_GLYPH, bottom_edge, top_edge
from tui.pane.paint import Paint
from tui.widgets.console_look import ConsoleLook

_WHEEL_ROWS = 3
_RETRIES = 30
"""Beats for which rows without a date are looked at again."""

_NOTHING_YET = safe_text("None of these consoles has printed anything yet")


class InterleavedPane(ConsoleLook, can_focus=True):
    """It shows nothing until `show` is called; whoever mounts it calls `beat`.

    Args:
        viewings: those of all sandboxes.
    """

    ALLOW_SELECT = False
    WHERE: ClassVar[Where] = Where.PANE

    def __init__(self, viewings: Viewings) -> None:
        super().__init__()
        self.ids: Sequence[str] | None = None
        """Whose consoles are wanted; None for none, which hides the pane."""
        self.chosen: tuple[str, ...] = ()
        """The sandboxes that a person chose for it, in that order."""
        self._viewings = viewings
        self._numbers: dict[str, int] = {}
        self._facts: list[SandboxFacts] = []
        self._consoles: dict[int, DatedViewing] = {}
        self._view = InterleavedView(Interleaved({}))
        self._painter: InterleavedPainter | None = None
        self._rows: list[InterleavedRow] = []
        self._strips: list[Strip] = []
        self._said: tuple[FrameFacts, int, Paint] | None = None
        self._edges = (Strip.blank(0), Strip.blank(0))
        self._retries = 0
        self._is_raw = False

    @property
    def following(self) -> bool:
        """Whether the last row stays in sight."""
        return self._view.is_following

    @property
    def current(self) -> tuple[str, Position] | None:
        """The row that keys are about, the last one of a view that follows, else the first.

        Its sandbox's id, and its place there.
        """
        place = self._current
        found = [
            each for each, number in self._numbers.items() if place and number == place.console
        ]
        return (found[0], place.at) if place is not None and found else None

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be in sight, in the place of all panes."""
        return self.ids is not None

    def choose(self, sandbox_id: str) -> None:
        """Choose a sandbox for this pane, or take it out again."""
        if sandbox_id in self.chosen:
            self.chosen = tuple(each for each in self.chosen if each != sandbox_id)
        else:
            self.chosen = (*self.chosen, sandbox_id)
        if self.is_wanted and self.chosen:
            self.ids = self.chosen

    def show(self, facts: Mapping[str, SandboxFacts]) -> None:
        """Show those of these sandboxes that are wanted; each keeps its colour meanwhile."""
        self.chosen = tuple(each for each in self.chosen if each in facts)
        self.display = self.is_wanted
        there = [facts[each] for each in self.ids or () if each in facts]
        ids = [each.id for each in there]
        self._numbers = {each: number for each, number in self._numbers.items() if each in ids}
        for each in ids:
            free = (n for n in range(len(ids)) if n not in self._numbers.values())
            self._numbers.setdefault(each, next(free, len(self._numbers)))
        self._facts = there
        if self._open():
            self._view.show(Interleaved(self._consoles))
        self._repaint()

    def begin_at(self, when: float | None) -> None:
        """Stand at a moment, seconds since the epoch; with None, follow the end."""
        if when is None:
            self._view.follow()
        else:
            self._view.hold_at(Place(when, -1, LAST.at))
        self._repaint()

    def beat(self, now: float) -> None:
        """Look for new output and paint it, if there is any.

        Args:
            now: seconds since the epoch, UTC.
        """
        has_news = self._open()
        if has_news:
            self._view.show(Interleaved(self._consoles))
        for console in self._consoles.values():
            console.look_again()
        for facts in self._facts:
            viewing = self._viewings.of(facts)
            if viewing is not None:
                has_news = viewing.poll(now, facts.generation) or has_news
                if self.following:
                    viewing.saw_all()
        if has_news:
            self._retries = _RETRIES
        elif self._retries and any(row.place.when == inf for row in self._rows):
            self._retries -= 1
            has_news = True
        is_unfinished = self._painter is not None and self._painter.is_unfinished
        if has_news or is_unfinished:
            self._repaint()

    # How it is moved

    def scroll_rows(self, n: int) -> None:
        """Scroll by rows, down when positive; reaching the end follows again."""
        self._view.scroll(n, self._height)
        self._repaint()

    def scroll_pages(self, n: int) -> None:
        """Scroll by panes full, less a row for the eye to hold on to."""
        self.scroll_rows(n * max(1, self._height - 1))

    def scroll_half_pages(self, n: int) -> None:
        """Scroll by halves of a pane."""
        self.scroll_rows(n * max(1, self._height // 2))

    def go_home(self) -> None:
        """Go to the first row there is."""
        self._view.go_home()
        self._repaint()

    def follow(self) -> None:
        """Keep the last row in sight from now on."""
        self._view.follow()
        self._repaint()

    def go_end(self) -> None:
        """Go to the last row and follow."""
        self.follow()

    def scroll_columns(self, n: int) -> None:
        """Scroll sideways by cells, right when positive."""
        limit = 0 if self._painter is None else self._painter.longest(self._rows) - 1
        self._view.scroll_columns(n, limit)
        self._repaint()

    def toggle_raw(self) -> None:
        """Show lines as the guests wrote them, or as agent and kernel lines again."""
        self._is_raw = not self._is_raw
        self._repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls rows."""
        event.stop()
        self.scroll_rows(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls rows."""
        event.stop()
        self.scroll_rows(-_WHEEL_ROWS)

    # How it is painted

    @property
    def _height(self) -> int:
        return max(0, self.size.height - 2)

    def render_line(self, y: int) -> Strip:
        """The strip of row `y`, made beforehand."""
        if len(self._strips) != self.size.height or not self.has_paint:
            self._strips = self._all_strips()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def on_resize(self) -> None:
        """Paint for the new size."""
        self._repaint()

    def _open(self) -> bool:
        """Whether the viewings to show are other ones than before."""
        opened: dict[int, Viewing] = {}
        for facts in self._facts:
            viewing = self._viewings.of(facts)
            if viewing is not None:
                opened[self._numbers[facts.id]] = viewing
        known = {number: console.viewing for number, console in self._consoles.items()}
        if opened == known:
            return False
        self._consoles = {number: DatedViewing(viewing) for number, viewing in opened.items()}
        return True

    def _repaint(self) -> None:
        if self.is_attached and self.display and self.size.height > 0:
            before, self._strips = self._strips, self._all_strips()
            if len(before) != len(self._strips):
                self.refresh()
                return
            changed = [y for y, strip in enumerate(self._strips) if strip is not before[y]]
            if changed:
                self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _all_strips(self) -> list[Strip]:
        width, height = self.size
        paint = self.paint
        if width < 8 or height < 3:
            return [Strip.blank(width, paint.plain)] * height
        names = tuple((self._numbers[each.id], _name(each)) for each in self._facts)
        setting = Setting(width, self._view.column, self._is_raw, names)
        painter = self._painter
        if painter is None or painter.setting != setting or painter.paint is not paint:
            painter = self._painter = InterleavedPainter(setting, paint)
        self._rows = self._view.window(height - 2)
        strips = painter.strips(self._rows, None if self.following else self._current)
        if not strips:
            strips = [painter.message(_NOTHING_YET)]
        strips += [painter.blank] * (height - 2 - len(strips))
        return self._framed(strips)

    @property
    def _current(self) -> Place | None:
        rows = [row for row in self._rows if row.line.row is not None]
        return rows[-1 if self.following else 0].place if rows else None

    def _framed(self, strips: list[Strip]) -> list[Strip]:
        """`strips` between the borders, which stay the same objects while they say the same."""
        facts, width, look = self._frame(), self.size.width, self.paint.look
        if self._said != (facts, width, self.paint) or len(self._strips) < 2:
            self._said = facts, width, self.paint
            self._edges = (
                Strip(top_edge(facts, width, look), width),
                Strip(bottom_edge(facts, width, look), width),
            )
        return [self._edges[0], *strips, self._edges[1]]

    def _frame(self) -> FrameFacts:
        count = len(self._facts)
        when = self._rows[0].place.when if self._rows and not self.following else inf
        place = "" if when == inf else f"{datetime.fromtimestamp(when):%Y-%m-%d %H:%M:%S}"
        return FrameFacts(
            number=0,
            name=safe_text(f"{count} console{'' if count == 1 else 's'}"),
            family=safe_text("by arrival"),
            glyph=INTERLEAVED_GLYPH,
            word=safe_text("interleaved"),
            tone="live",
            is_following=self.following,
            can_follow=True,
            unseen=0,
            place=safe_text(place),
            percent=-1,
            column=self._view.column,
            trouble=safe_text(""),
            modes=safe_text("raw" if self._is_raw else ""),
        )


def _name(facts: SandboxFacts) -> SafeStr:
    return safe_text(facts.name, limit=64)
