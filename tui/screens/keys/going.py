"""Going to a place that is typed: a line, a share, a time, a byte."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from core.console import SafeStr, safe_text
from core.console.place import Place, parse_place
from core.errors import RecordingError, UsageError
from tui.opened.going import Arrival, Journey
from tui.opened.viewing import Viewing
from tui.screens.pane_screen import PaneScreen
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Memory, Question

STEP_S = 0.015
"""How long one turn of a journey goes on; keys are waiting for it."""

_REST_S = 0.01
"""Between two turns, so that keys and frames have theirs."""

_HINT = safe_text("123  45%  12:04:31  +29.5  @4711")


class GoingKeys(PaneScreen):
    """The way to a place in the pane that keys are about; one journey at a time."""

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(clock, id=id)
        self._places = Memory()
        self._journey: Journey | None = None
        self._going: Timer | None = None

    @property
    def is_going(self) -> bool:
        """Whether the way to a place is not done yet."""
        return self._journey is not None

    def action_go_to(self) -> None:
        """Ask where to go."""
        if self.pane is None or self.pane.viewing is None:
            say(self, safe_text("There is nothing to go to yet."))
            return
        self.prompt.ask(
            Question(safe_text("go to"), self._take_place, memory=self._places, hint=_HINT)
        )

    def go_to(self, place: Place) -> None:
        """Go to a place in the pane that keys are about."""
        pane = self.pane
        if pane is None or pane.viewing is None:
            return
        self.stop_going()
        here = pane.current
        journey = Journey(pane.viewing, place, None if here is None else here.position)
        self._journey = journey
        # Most places are found before anybody could see that they are looked for.
        self._go_on()
        if self._journey is journey:
            self._going = self.set_interval(_REST_S, self._go_on, name="going")

    def peel(self) -> bool:
        """Stop going to a place."""
        return self.stop_going() or super().peel()

    def stop_going(self) -> bool:
        """Stay where one is; whether one was going anywhere."""
        if self._going is not None:
            self._going.stop()
            self._going = None
        journey, self._journey = self._journey, None
        if journey is None:
            return False
        journey.viewing.errand = safe_text("")
        if (pane := self._pane_of(journey.viewing)) is not None:
            pane.repaint()
        return True

    def _take_place(self, text: str) -> SafeStr:
        try:
            place = parse_place(text)
        except UsageError as error:
            return sentences(error.message, error.hint)
        self.go_to(place)
        return safe_text("")

    def _go_on(self) -> None:
        journey = self._journey
        if journey is None:
            return
        try:
            arrival = journey.go_on(STEP_S)
        except RecordingError as error:
            self.stop_going()
            say(self, sentences(str(error), error.hint), severity="error")
            return
        if arrival is None:
            errand = safe_text(f"looking for it: {journey.done:.0%} · esc stops")
            if errand != journey.viewing.errand:
                journey.viewing.errand = errand
                if (pane := self._pane_of(journey.viewing)) is not None:
                    pane.repaint()
            return
        self.stop_going()
        self._arrive(journey.viewing, arrival)

    def _arrive(self, viewing: Viewing, arrival: Arrival) -> None:
        pane = self._pane_of(viewing)
        if pane is not None and arrival.at is not None:
            pane.go_to(arrival.at)
        if arrival.remark:
            say(self, sentences(arrival.remark))

    def _pane_of(self, viewing: Viewing) -> ConsolePane | None:
        """The pane that shows a viewing; it may be another one by now, or none."""
        return next((pane for pane in self.panes if pane.viewing is viewing), None)
