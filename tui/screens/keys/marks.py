"""Marks, events, and the way from one to the next."""

from __future__ import annotations

from functools import cached_property, partial
from typing import NamedTuple

from textual import on

from core.console import Position, SafeStr, TranscriptRow, safe_text
from core.recording import EventKind
from core.recording.marks import MAX_NOTE_CHARS
from tui.actions import keymap_of
from tui.bridge import EnterMark, RemoveMark
from tui.events.annotations import Annotations, Found
from tui.events.timeline import strip
from tui.opened.viewing import Viewing
from tui.pane.view import Note
from tui.screens.pane_screen import PaneScreen
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Memory, Question
from tui.widgets.timeline import TimelineStrip

_NOTHING = safe_text("")


class _Sort(NamedTuple):
    """What is walked through."""

    word: str
    kinds: frozenset[EventKind] | None


_EVENTS = _Sort("event", None)
_MARKS = _Sort("mark", frozenset({EventKind.MARK}))
_ALERTS = _Sort("alert", frozenset({EventKind.ALERT, EventKind.NOTICE}))

TIMELINE_S = 1.0

_LOOKS = 4
"""How often in that time it is looked whether a held view was moved."""

TALL_ROWS = 32
"""In a lower window the timeline is only shown when it is asked for."""


class MarkKeys(PaneScreen):
    """Marks, events, and the way from one to the next."""

    wants_timeline: bool | None = None
    """Whether a person wants to see the timeline; None: nobody said."""

    _timeline_beat = 0
    _timeline_at: tuple[ConsolePane | None, Position | None] = (None, None)

    @cached_property
    def _notes(self) -> Memory:
        """The notes that were given before."""
        return Memory()

    # Marking.

    def action_mark(self) -> None:
        """Ask for a note, and mark the row that keys are about."""
        pane, viewing = self._reading()
        row = None if pane is None or viewing is None else _row(pane, viewing)
        if pane is None or viewing is None or row is None:
            say(self, safe_text("There is no line to mark yet"))
            return
        if not viewing.library.has_times:
            say(self, safe_text("Only a recording holds marks."))
            return
        before, viewing.cursor.at = viewing.cursor.at, row.position
        pane.repaint()
        self.prompt.ask(
            Question(
                safe_text("mark"),
                partial(self._mark, pane, viewing, row.position),
                drop=partial(_put_back, pane, viewing, before),
                memory=self._notes,
                hint=safe_text("a note, or none · enter marks"),
            )
        )

    def _mark(self, pane: ConsolePane, viewing: Viewing, at: Position, note: str) -> SafeStr:
        generation = viewing.generation(at.generation)
        if generation is None or pane.facts is None:
            return safe_text("The recording is not there any more")
        if len(note) > MAX_NOTE_CHARS:
            return safe_text(f"A note has {MAX_NOTE_CHARS} characters at most")
        viewing.view.show_above(at)
        viewing.annotations.nudge()
        wish = EnterMark(pane.facts.id, generation.name, at.offset, note)
        self.enter(wish, generation.folder)
        return _NOTHING

    def action_unmark(self) -> None:
        """Take away the mark on the row that keys are about."""
        pane, viewing = self._reading()
        if pane is None or pane.facts is None or viewing is None:
            return
        found = _mark_at(pane, viewing)
        generation = None if found is None else viewing.generation(found.position.generation)
        if found is None or generation is None:
            go = keymap_of(self.app).press("next-mark")
            say(self, safe_text(f"There is no mark on this line. {go} to go to the next one"))
            return
        viewing.annotations.nudge()
        wish = RemoveMark(pane.facts.id, generation.name, found.place)
        self.enter(wish, generation.folder)

    # Walking.

    def action_next_mark(self) -> None:
        """To the next mark."""
        self._walk(_MARKS, is_forward=True)

    def action_previous_mark(self) -> None:
        """To the mark before."""
        self._walk(_MARKS, is_forward=False)

    def action_next_alert(self) -> None:
        """To the next alert."""
        self._walk(_ALERTS, is_forward=True)

    def action_previous_alert(self) -> None:
        """To the alert before."""
        self._walk(_ALERTS, is_forward=False)

    def action_next_event(self) -> None:
        """To the next event of any sort."""
        self._walk(_EVENTS, is_forward=True)

    def action_previous_event(self) -> None:
        """To the event before, of any sort."""
        self._walk(_EVENTS, is_forward=False)

    def _walk(self, sort: _Sort, *, is_forward: bool) -> None:
        pane, viewing = self._reading()
        if pane is None or viewing is None:
            return
        annotations = viewing.annotations
        # A place that is not shown cannot be gone to.
        annotations.is_shown = True
        here = _here(pane, viewing)
        found = _next(annotations, here, sort, is_forward=is_forward)
        if found is None:
            end = Position(-1, 0) if is_forward else viewing.view.last
            found = _next(annotations, end, sort, is_forward=is_forward)
            if found is not None:
                ends = ("last", "first") if is_forward else ("first", "last")
                more = f"; {annotations.left_out:,} older ones are not kept"
                more = more if annotations.left_out else ""
                words = f"That was the {ends[0]} {sort.word}; this is the {ends[1]}{more}"
                say(self, safe_text(words))
        if found is None:
            more = ", as far as its ledger is read" if annotations.is_behind else ""
            say(self, safe_text(f"There is no {sort.word} in this recording{more}"))
            return
        pane.go_to(found.position)
        self.refresh_timeline()

    # What is shown.

    def action_toggle_events(self) -> None:
        """Hide the lines of events, or show them again."""
        pane, viewing = self._reading()
        if pane is None or viewing is None:
            return
        shown = viewing.annotations.is_shown = not viewing.annotations.is_shown
        again = keymap_of(self.app).press("toggle-events")
        hidden = f"Events are hidden. {again} to show them again"
        say(self, safe_text("Events are shown" if shown else hidden))
        pane.repaint()

    def action_toggle_timeline(self) -> None:
        """Show the timeline, or hide it."""
        _, viewing = self._reading()
        if viewing is not None and not viewing.library.has_times:
            say(self, safe_text("It is not known when these lines were written."))
            return
        self.wants_timeline = not self.timeline.display
        self.refresh_timeline()

    def on_mount(self) -> None:
        """One look a second at what was recorded; no line of a guest costs another."""
        self.set_interval(TIMELINE_S / _LOOKS, self._beat_timeline, name="timeline")

    def _beat_timeline(self) -> None:
        """Refresh the timeline once a second, and as soon as a held view was moved."""
        pane, viewing = self._reading()
        self._timeline_beat = (self._timeline_beat + 1) % _LOOKS
        top = None if viewing is None else viewing.view.top
        is_moved = top is not None and (pane, top) != self._timeline_at
        is_behind = viewing is not None and viewing.shape.is_behind
        if self._timeline_beat and not (is_moved or (is_behind and self.timeline.display)):
            return
        self._timeline_at = (pane, top)
        self.refresh_timeline()

    def refresh_timeline(self) -> None:
        """Show where in its recording the pane stands that keys are about."""
        pane, viewing = self._reading()
        wanted = self.wants_timeline
        is_shown = self.size.height >= TALL_ROWS if wanted is None else wanted
        was_shown = self.timeline.display
        has_times = viewing is None or viewing.library.has_times
        # Going from pane to pane shall not move them.
        is_recorded = any(each.viewing is not None for each in self.panes)
        self.timeline.display = is_shown and is_recorded and has_times
        if not self.timeline.display or pane is None or pane.facts is None:
            return
        if not was_shown:
            # Its width is not known before it has its place.
            self.call_after_refresh(self.refresh_timeline)
            return
        self.timeline.name_ = safe_text(pane.facts.name)
        if viewing is None:
            self.timeline.strip = None
            return
        viewing.shape.poll()
        lines = viewing.lines(pane.height)
        self.timeline.strip = strip(viewing, lines, self.timeline.cells)

    def on_resize(self) -> None:
        """A low window has no room for the timeline, unless it was asked for."""
        self.call_after_refresh(self.refresh_timeline)

    @on(TimelineStrip.Chosen)
    def _go_to_time(self, message: TimelineStrip.Chosen) -> None:
        pane, viewing = self._reading()
        if pane is None or viewing is None:
            return
        if message.is_event:
            viewing.annotations.is_shown = True
        at = message.position if message.is_event else viewing.view.line_at(message.position)
        if at is None:
            pane.follow()
        else:
            pane.go_to(at)
        self.refresh_timeline()

    def _reading(self) -> tuple[ConsolePane | None, Viewing | None]:
        pane = self.pane
        return pane, None if pane is None else pane.viewing


def _put_back(pane: ConsolePane, viewing: Viewing, at: Position | None) -> None:
    """Let keys be about the row they were about before."""
    viewing.cursor.at = at
    pane.repaint()


def _row(pane: ConsolePane, viewing: Viewing) -> TranscriptRow | None:
    """The row that keys are about; where the cursor is on a line of ours, the one below it."""
    lines = [line for line in viewing.lines(pane.height) if not isinstance(line, Note)]
    at = viewing.cursor.at
    if at in [line.position for line in lines if line.row is None]:
        below = (line for line in lines if line.row is not None and line.position > at)
        return next(below, pane.current)
    return pane.current


def _here(pane: ConsolePane, viewing: Viewing) -> Position:
    """Where a walk goes on: at the cursor if it is in sight, else at what is read."""
    lines = viewing.lines(pane.height)
    places = [line.position for line in lines if not isinstance(line, Note)]
    if viewing.cursor.at in places:
        return viewing.cursor.at
    if pane.following or not places:
        return viewing.view.last
    return places[0]


def _next(annotations: Annotations, at: Position, sort: _Sort, *, is_forward: bool) -> Found | None:
    walk = annotations.after if is_forward else annotations.before
    return walk(at, sort.kinds)


def _mark_at(pane: ConsolePane, viewing: Viewing) -> Found | None:
    """The mark that the cursor is on, or the last one on the row that keys are about."""
    marks = frozenset({EventKind.MARK})
    at = viewing.cursor.at
    if at is not None and at.rank:
        return viewing.annotations.within(at, at._replace(rank=at.rank + 1), marks)
    row = pane.current
    found = None if row is None else viewing.annotations.before(row.position, marks)
    is_here = found is not None and row is not None and found.position.bare == row.position
    return found if is_here else None
