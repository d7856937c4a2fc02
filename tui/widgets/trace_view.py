"""An alert's trace, what it says of itself, and what stood around and beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from core.console import SafeStr, safe_text
from core.console.alerts.about import task_words
from core.reports.trace import Said, TraceReport
from tui.pane.frame import divider, wrapped
from tui.widgets.console_look import ConsoleLook

_DATE_CELLS = 14
_LABEL_CELLS = 11
_TWO_COLUMNS = 100
"""From this width on two facts stand in a row."""
_WHEEL_ROWS = 3
_TITLE_CHARS = 2000


class TraceView(ConsoleLook, can_focus=True):
    """A report as rows that scroll; `show` may be called again as it grows."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    TraceView {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._report: TraceReport | None = None
        self._rows: list[list[Segment]] = []
        self._top = 0
        self._column = 0

    def show(self, report: TraceReport) -> None:
        """Show this report, from its beginning if it is another alert's."""
        if self._report is None or self._report.alert != report.alert:
            self._top = self._column = 0
        self._report = report
        self._rebuild()

    def scroll_by(self, rows: int) -> None:
        """Scroll, down when positive."""
        self._top = max(0, min(self._top + rows, len(self._rows) - self.size.height))
        self.refresh()

    def scroll_pages(self, pages: int) -> None:
        """Scroll by so many screens, less a row."""
        self.scroll_by(pages * max(1, self.size.height - 1))

    def scroll_columns(self, cells: int) -> None:
        """Scroll sideways, right when positive."""
        longest = max((len(said.line.text) for said in self._all_said()), default=0)
        self._column = max(0, min(self._column + cells, longest - 1))
        self._rebuild()

    def on_resize(self) -> None:
        """Break the rows anew."""
        self._rebuild()

    def notify_style_update(self) -> None:
        """Other colours, other rows."""
        super().notify_style_update()
        self._rows = []

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls rows."""
        event.stop()
        self.scroll_by(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls rows."""
        event.stop()
        self.scroll_by(-_WHEEL_ROWS)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of the report that are in sight; the padding is Textual's."""
        if not self._rows:
            self._rows = list(self._made())
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width, at = self.size.width, self._top + y
        if at >= len(self._rows):
            return Strip.blank(width, self.paint.plain)
        return Strip(self._rows[at]).extend_cell_length(width, self.paint.plain)

    def _rebuild(self) -> None:
        if self.is_attached:
            self._rows = list(self._made())
            self.scroll_by(0)

    def _all_said(self) -> Iterator[Said]:
        report = self._report
        if report is not None:
            yield from (*report.before, *report.trace, *report.after)
            for each in report.beside:
                yield from each.rows

    def _made(self) -> Iterator[list[Segment]]:
        report = self._report
        if report is None or self.size.width < _LABEL_CELLS + 4:
            return
        title = safe_text(report.alert.title, limit=_TITLE_CHARS)
        for line in wrapped(title, self.size.width):
            yield [Segment(line, self.paint.look("name"))]
        yield []
        yield from self._facts(report)
        yield []
        if report.trouble:
            for line in wrapped(
                safe_text(f"The trace is not here: {report.trouble}."), self.size.width
            ):
                yield [Segment(line, self.paint.look("failed"))]
            return
        if report.before:
            yield self._divider("before it")
            yield from map(self._row, report.before)
        yield self._divider(f"▲ {report.alert.kind}", "failed")
        yield from map(self._row, report.trace)
        yield self._divider(
            "cut here; the pane has the rest of it" if report.is_cut else "after it"
        )
        yield from map(self._row, report.after)
        for each in report.beside:
            more = ", and more" if each.is_cut else ""
            yield self._divider(f"{each.guest.name} at the same time{more}", "paused")
            yield from map(self._row, each.rows)

    def _facts(self, report: TraceReport) -> Iterator[list[Segment]]:
        alert, facts = report.alert, report.about
        moment = datetime.fromtimestamp(alert.wall)
        where = f"boot {report.sequence}, bytes {alert.start:,}–{alert.end:,}"
        pairs = [
            ("when", f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"),
            ("recording", where),
            ("kernel", facts.kernel),
            ("process", task_words(facts)),
            ("place", facts.place),
            ("tainted", facts.taint),
            ("hardware", facts.hardware),
        ]
        known = [(label, safe_text(value)) for label, value in pairs if value]
        width = self.size.width
        columns = 2 if width >= _TWO_COLUMNS else 1
        for at in range(0, len(known), columns):
            yield self._pairs(known[at : at + columns], width // columns)

    def _pairs(self, pairs: Sequence[tuple[str, SafeStr]], width: int) -> list[Segment]:
        segments: list[Segment] = []
        for label, value in pairs:
            segments.append(Segment(f"{label:{_LABEL_CELLS}}", self.paint.look("quiet")))
            room = width - _LABEL_CELLS - 2
            shown = value if cell_len(value) <= room else set_cell_size(value, room - 1) + "…"
            segments.append(Segment(set_cell_size(shown, room + 2), self.paint.plain))
        return segments

    def _divider(self, text: str, look: str = "divider") -> list[Segment]:
        return divider(safe_text(text), look, self.size.width, self.paint.look)

    def _row(self, said: Said) -> list[Segment]:
        date = ""
        if said.wall is not None:
            moment = datetime.fromtimestamp(said.wall)
            date = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"
        gutter = Segment(f"{date:{_DATE_CELLS}}", self.paint.look("gutter"))
        room = self.size.width - _DATE_CELLS
        return [gutter, *self.paint.segments(said.line, self._column, room)]
