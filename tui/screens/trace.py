"""An alert's trace on top of the panes, ready to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from core import __version__
from core.clock import now
from core.console import Position, safe_text
from core.reports import Guest, TraceReader, trace_markdown
from core.sandboxes.model import AlertFacts
from tui.copying.clipboard import MAX_BYTES, copy
from tui.copying.taking import Taken
from tui.literal import literal
from tui.widgets.trace_view import TraceView

_STEPS_PER_S = 15
_STEP_S = 0.02
"""How long one step goes on with further guests; keys are waiting for it."""

_COLUMNS_A_PRESS = 8


class Alerts(Protocol):
    """A guest's alerts, in the order in which they lie."""

    def beside(self, alert: AlertFacts, step: int) -> AlertFacts | None:
        """The next one with 1, the one before with -1; None when there is none."""


class TraceScreen(ModalScreen[Position | None]):
    """One alert at a time; answers with the row to go to, None for none.

    Args:
        guest: whose alert it is.
        alert: the one to begin with.
        others: the other guests of the host.
        alerts: the way to the next one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,a", "leave", show=False),
        Binding("enter", "go", show=False),
        Binding("y", "copy", show=False),
        Binding("n,right_square_bracket", "turn(1)", show=False),
        Binding("N,p,left_square_bracket", "turn(-1)", show=False),
        Binding("down,j", "rows(1)", show=False),
        Binding("up,k", "rows(-1)", show=False),
        Binding("pagedown,space", "pages(1)", show=False),
        Binding("pageup,b", "pages(-1)", show=False),
        Binding("home,g", "rows(-100000)", show=False),
        Binding("end,G", "rows(100000)", show=False),
        Binding("left", "columns(-1)", show=False),
        Binding("right", "columns(1)", show=False),
    ]

    DEFAULT_CSS = """
    TraceScreen {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }

        TraceView {
            width: 96%;
            height: 94%;
            background: $background;
            border: round $gw-failed;
            border-title-color: $gw-failed;
            border-title-style: bold;
            border-subtitle-color: $gw-quiet;
        }
    }
    """

    def __init__(
        self,
        guest: Guest,
        alert: AlertFacts,
        others: Sequence[Guest],
        alerts: Alerts,
    ) -> None:
        super().__init__()
        self._guest = guest
        self._others = others
        self._alerts = alerts
        self._reader = TraceReader(guest, alert, others)
        self._view = TraceView()

    def compose(self) -> ComposeResult:
        """Nothing but the trace."""
        yield self._view

    def on_mount(self) -> None:
        """The trace is there at once; what others printed comes a guest a step."""
        self._view.border_subtitle = literal(
            safe_text("y copies it · n p next, previous · enter goes to it · esc closes")
        )
        self._view.focus()
        self._show()
        self.set_interval(1 / _STEPS_PER_S, self._step)

    @property
    def is_settled(self) -> bool:
        """Whether all there is to read was read."""
        return self._reader.is_done

    def _step(self) -> None:
        has_news = False
        began = now().boot
        while not self._reader.is_done and now().boot - began < _STEP_S:
            has_news = self._reader.step() or has_news
        if has_news:
            self._view.show(self._reader.report)

    def _show(self) -> None:
        alert = self._reader.alert
        family = f" · {self._guest.family}" if self._guest.family else ""
        title = f"▲ {alert.kind} · {self._guest.name}{family}"
        self._view.border_title = literal(safe_text(title, limit=120))
        self._view.show(self._reader.report)

    def action_leave(self) -> None:
        """Back to where it was called."""
        self.dismiss(None)

    def action_go(self) -> None:
        """Back, with the pane at the trace."""
        report = self._reader.report
        self.dismiss(None if report.trouble else Position(report.sequence, report.begin))

    async def action_copy(self) -> None:
        """Copy all of it, what is not read yet included; without the other guests if it is long."""
        while not self._reader.is_done:
            self._reader.step()
        report = self._reader.report
        text = trace_markdown(report, __version__)
        is_cut = len(text.encode()) > MAX_BYTES
        if is_cut:
            text = trace_markdown(replace(report, beside=()), __version__)
        await copy(self, Taken(text, text.count("\n"), is_cut))

    def action_turn(self, step: int) -> None:
        """Another alert of the same guest."""
        other = self._alerts.beside(self._reader.alert, step)
        if other is None:
            self.app.bell()
            return
        self._reader = TraceReader(self._guest, other, self._others)
        self._show()

    def action_rows(self, rows: int) -> None:
        """Scroll by rows."""
        self._view.scroll_by(rows)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self._view.scroll_pages(pages)

    def action_columns(self, presses: int) -> None:
        """Scroll sideways."""
        self._view.scroll_columns(presses * _COLUMNS_A_PRESS)
