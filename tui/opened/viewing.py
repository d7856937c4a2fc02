"""One sandbox's recording, opened for the screen, and where its viewer stands in it.

A `Viewing` outlives the pane that shows it: panes are pooled and bound anew, while
the scroll position, the count of unseen lines and the choices made for a sandbox
stay with the sandbox.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from core.clock import Instant
from core.console import Annotated, Position, SafeStr, Script, Transcript, safe_text
from core.console.line_numbers import LineNumbers
from core.errors import RecordingError
from core.recording import Generation, RecordingClock
from tui.copying.selection import Selection
from tui.events.annotations import Annotations
from tui.events.shape import Shape
from tui.finding.filtering import Filtering
from tui.finding.search import PaneSearch
from tui.opened.library import Library, Part, RecordingLibrary
from tui.opened.unseen import LineCounter, Numbered
from tui.pane.cursor import Cursor
from tui.pane.overlay import Overlay
from tui.pane.row_texts import RowLook
from tui.pane.view import Line, PaneView

LOOK_AROUND_S = 1.0
"""How often the folder is looked at for what the newest generation's size does not tell."""

MAX_CLOCKS = 4
"""Generations whose dates are at hand at once; a screen rarely shows more."""

MAX_GENERATIONS = 512
"""The newest generations that one scroll holds."""


class Gutter(enum.Enum):
    """How a row is dated."""

    OFF = "off"
    RELATIVE = "relative"
    """Seconds since its generation began."""
    LOCAL = "local"
    """Local time of day."""
    UTC = "utc"
    """The same in UTC, with a `Z` behind it."""

    def next(self) -> Gutter:
        """The choice after this one."""
        order = list(Gutter)
        return order[(order.index(self) + 1) % len(order)]


class Viewing:
    """The open recording of one sandbox, or what else a library holds.

    Args:
        folder: the sandbox's.
        library: where the bytes are from when it is not that folder.
    """

    def __init__(self, folder: Path, library: Library | None = None) -> None:
        self.folder = folder
        self.library: Library = RecordingLibrary(folder) if library is None else library
        self.transcript = Transcript()
        self.annotations = Annotations(self._retell)
        self.shape = Shape()
        self.view = PaneView(self._annotated(self.transcript))
        self.counter = LineCounter()
        self.gutter = Gutter.RELATIVE if self.library.has_times else Gutter.OFF
        self.look = RowLook()
        self.is_wrapped = False
        self.cursor = Cursor()
        self.selection = Selection()
        self.filtering = Filtering(self.view, self.transcript, self._annotated)
        self.overlays: list[Overlay] = [self.filtering, self.selection, self.cursor]
        """What lies over the rows; the last one is on top."""
        self.hits_behind: Callable[[Position], int] = _no_hits
        """How many hits of its own search lie behind a place; whoever searches says so."""
        self.search: PaneSearch | None = None
        """What is searched for in it; None while nothing is."""
        self.trouble = safe_text("")
        """Why the recording cannot be read; empty when it can."""
        self.errand = safe_text("")
        """What is being looked for on the way to a place; empty when nothing is."""
        self.on_opened: Callable[[], None] | None = None
        """Called once the recording is open for the first time."""
        self.has_lost_place = False
        """Whether it was left at a place whose bytes were dropped meanwhile."""
        self._recorded: list[Part] = []
        self._numbers: dict[int, LineNumbers] = {}
        self._clocks: dict[int, RecordingClock] = {}
        self._looked_at = float("-inf")
        self._generation = ""
        self._was_opened = False
        self._is_closed = False

    def _annotated(self, script: Script) -> Script:
        return Annotated(script, self.annotations)

    @property
    def generations(self) -> int:
        """How many generations the scroll holds."""
        return len(self._recorded)

    def generation(self, sequence: int) -> Generation | None:
        """The generation with this number, if the scroll holds it."""
        found = (each for each in self._recorded if each.sequence == sequence)
        return next((each.generation for each in found), None)

    @property
    def parts(self) -> Sequence[Part]:
        """The generations' bytes, oldest first."""
        return self._recorded

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return sum(each.end - each.start for each in self._recorded)

    @property
    def is_closed(self) -> bool:
        """Whether nothing of it can be shown any more."""
        return self._is_closed

    @property
    def is_empty(self) -> bool:
        """Whether there is no byte to show."""
        return all(each.end <= each.start for each in self._recorded)

    def poll(self, now: float, generation: str = "") -> bool:
        """Whether there is something else to show than at the last call.

        Args:
            now: seconds on any clock that goes forward.
            generation: the newest generation's name as capture tells it; a new name
                is looked for at once.
        """
        if self._is_closed:
            return False
        try:
            has_news = self._recorded[-1].refresh() if self._recorded else False
            if generation != self._generation or now - self._looked_at >= LOOK_AROUND_S:
                self._looked_at = now
                has_news = self._look_around() or has_news
                if not generation or (self._recorded and self._newest == generation):
                    self._generation = generation
        except RecordingError as error:
            return self._failed(error)
        self.trouble = self.library.trouble
        if not self._was_opened:
            # What was there before anybody looked is history, not news.
            self._was_opened = True
            self.saw_all()
            if self.on_opened is not None:
                self.on_opened()
        return self.filtering.poll() or has_news

    def poll_all(self, now: float, generation: str = "") -> None:
        """As `poll`, and take in a piece of the newest ledger: a screen is painted with both."""
        self.poll(now, generation)
        self.annotations.poll(now, for_s=0.0)

    def poll_events(self, now: float) -> bool:
        """Read on in the ledgers, for some milliseconds; whether other events or hits are there.

        Args:
            now: seconds on any clock that goes forward.
        """
        has_hits = self.search is not None and self.search.has_news()
        return not self._is_closed and (self.annotations.poll(now) or has_hits)

    def count(self) -> bool:
        """Count lines that nobody saw, bounded; whether the number changed."""
        if self._is_closed:
            return False
        try:
            return self.counter.count([Numbered(each.sequence, each) for each in self._recorded])
        except RecordingError as error:
            return self._failed(error)

    def saw_all(self) -> None:
        """Every line so far has been seen."""
        self.counter.reset(self.transcript.last)

    def lines(self, height: int) -> tuple[Line, ...]:
        """What a pane of `height` rows shows."""
        if self._is_closed:
            return ()
        try:
            self.filtering.settle(height)
            return self.view.window(height)
        except RecordingError as error:
            self._failed(error)
            return ()

    def elapsed(self, at: Position) -> float | None:
        """Seconds from its generation's begin to the arrival of the byte `at`."""
        try:
            clock = self._clock(at.generation)
            return None if clock is None else clock.elapsed(at.offset)
        except RecordingError:
            return None

    def instant(self, at: Position) -> Instant | None:
        """When the byte `at` arrived."""
        try:
            clock = self._clock(at.generation)
            return None if clock is None else clock.at(at.offset)
        except RecordingError:
            return None

    def around(self, part: Part, wall: float) -> tuple[int, int]:
        """Between which offsets of a part the first byte is that came at `wall` or later."""
        try:
            clock = self._clock(part.sequence)
            low, high = (0, None) if clock is None else clock.around(wall)
        except RecordingError:
            low, high = 0, None
        start, end = part.start, part.end
        return max(start, min(low, end)), end if high is None else max(start, min(high, end))

    def numbers(self, part: Part) -> LineNumbers:
        """The lines of one of the parts, counted as far as somebody wanted to know."""
        if part.sequence not in self._numbers:
            self._numbers[part.sequence] = LineNumbers(part)
        return self._numbers[part.sequence]

    def line_number(self, at: Position) -> int | None:
        """The number of the line at `at` in its generation; None while it is not known."""
        numbers = self._numbers.get(at.generation)
        try:
            return None if numbers is None else numbers.number_at(at.offset)
        except RecordingError:
            return None

    @property
    def span(self) -> tuple[Instant | None, Instant | None]:
        """When the first byte came, and the last; None where no record says so."""
        parts = [each for each in self._recorded if each.end > each.start]
        if not parts:
            return None, None
        first, last = parts[0], parts[-1]
        return (
            self.instant(Position(first.sequence, first.start)),
            self.instant(Position(last.sequence, last.end - 1)),
        )

    def percent(self, at: Position) -> int:
        """How much of the recording lies before `at`."""
        before = 0
        for each in self._recorded:
            end = min(each.end, at.offset) if each.sequence == at.generation else each.end
            if each.sequence <= at.generation:
                before += max(0, end - each.start)
        return 100 if self.size == 0 else before * 100 // self.size

    def find(self, search: PaneSearch | None) -> None:
        """Search for something else from now on, or for nothing."""
        if self.search is not None:
            self.search.close()
            self.overlays.remove(self.search)
        self.search = search
        self.hits_behind = _no_hits if search is None else search.hits_behind
        if search is not None:
            # Below what was there before: a selection lies over hits.
            self.overlays.insert(0, search)

    def close(self) -> None:
        """Give the descriptors back; from then on there is nothing to show. Harmless twice."""
        self._is_closed = True
        self.find(None)
        self.filtering.close()
        for each in self._recorded:
            each.close()
        for clock in self._clocks.values():
            clock.close()
        self._clocks.clear()
        self.library.close()

    @property
    def _newest(self) -> str:
        return self._recorded[-1].generation.name

    def _failed(self, error: RecordingError) -> bool:
        trouble = safe_text(f"recording cannot be read: {error}")
        is_news = trouble != self.trouble
        self.trouble = trouble
        return is_news

    def _look_around(self) -> bool:
        """Look for new generations, for the end of an older one and for dropped segments."""
        generations = self.library.look()
        has_news = False
        for each in self._recorded[:-1]:
            has_news = each.refresh() or has_news
            each.rest_if_unread()
        return self._open_new(generations) or has_news

    def _open_new(self, generations: tuple[Generation, ...]) -> bool:
        known = self._recorded[-1].sequence if self._recorded else -1
        fresh = [each for each in generations if each.sequence > known][-MAX_GENERATIONS:]
        for generation in fresh:
            seam = safe_text("")
            if self._recorded:
                seam = self.library.seam(self._recorded[-1].generation, generation)
            recorded = self.library.open(generation)
            self._recorded.append(recorded)
            if self.library.has_times:
                self.annotations.append(recorded)
                self.shape.append(recorded)
            self.transcript.append(generation.sequence, recorded, seam)
        return bool(fresh)

    def _retell(self, sequence: int, gap: SafeStr) -> None:
        """Let the seam before a generation say how long nobody heard the guest."""
        for earlier, later in pairwise(self._recorded):
            if later.sequence == sequence:
                seam = self.library.seam(earlier.generation, later.generation)
                self.transcript.retell(sequence, safe_text(f"{seam}, {gap}" if gap else seam))

    def _clock(self, sequence: int) -> RecordingClock | None:
        clock = self._clocks.get(sequence)
        if clock is None:
            generation = None if self._is_closed else self.generation(sequence)
            clock = None if generation is None else self.library.clock(generation)
            if clock is None:
                return None
            if len(self._clocks) >= MAX_CLOCKS:
                self._clocks.pop(next(iter(self._clocks))).close()
            self._clocks[sequence] = clock
        return clock


def _no_hits(at: Position) -> int:
    return 0
