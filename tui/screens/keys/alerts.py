"""An alert's trace, on top of the panes."""

from __future__ import annotations

from functools import partial

from core.console import Position, safe_text
from core.errors import RecordingError
from core.recording.alerts import Ledgers, alert_beside, alert_near
from core.reports import Guest
from core.sandboxes.model import AlertFacts
from tui.opened.viewing import Viewing
from tui.screens.pane_screen import PaneScreen
from tui.screens.trace import TraceScreen
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane


class AlertKeys(PaneScreen):
    """The trace of the alert that is nearest to what is read."""

    def action_show_trace(self) -> None:
        """Show the trace of the last alert at the row that keys are about, or before it."""
        pane = self.pane
        viewing = None if pane is None else pane.viewing
        if pane is None or pane.facts is None or viewing is None:
            return
        facts = pane.facts
        at = viewing.cursor.at or (None if pane.current is None else pane.current.position)
        alerts = _Alerts(viewing.annotations.ledgers)
        try:
            found = alerts.near(viewing.view.last if at is None else at)
        except RecordingError as error:
            say(self, sentences(error.message, error.hint), severity="error")
            return
        if found is None:
            more = ", as far as its ledger is read" if viewing.annotations.is_behind else ""
            say(self, safe_text(f"There is no alert in this recording{more}"))
            return
        guest = Guest(facts.name, facts.family or facts.spec.family, viewing.folder)
        others = [each for each in self.guests if each.folder != viewing.folder]
        screen = TraceScreen(guest, found, others, alerts)
        self.app.push_screen(screen, partial(_go_to, pane, viewing))


class _Alerts:
    """The alerts of one guest, as its ledgers are read so far."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers

    def near(self, at: Position) -> AlertFacts | None:
        """The last one at a place or before it, else the next one."""
        return alert_near(self._ledgers, at.generation, at.offset)

    def beside(self, alert: AlertFacts, step: int) -> AlertFacts | None:
        """The next one with 1, the one before with -1."""
        try:
            return alert_beside(self._ledgers, alert, step)
        except RecordingError:
            return None


def _go_to(pane: ConsolePane, viewing: Viewing, at: Position | None) -> None:
    # The pane may show another guest by now.
    if at is not None and pane.viewing is viewing:
        pane.go_to(at)
