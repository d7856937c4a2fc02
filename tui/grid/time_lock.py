"""Panes held at one moment: who scrolls one of them scrolls them all, by when rows came.

The row of the moment stands on the same line in every pane, with a sign beside it. A pane
that is moved by anything, a key, the wheel or a jump, leads, and the others go to its
row's moment, some milliseconds of searching a call. Leaving brings every pane back to
where it stood.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from core.clock import now as this_moment
from core.console import Position, SafeStr, TranscriptRow, safe_text
from core.console.place import AtMoment
from core.errors import RecordingError
from core.sandboxes.model import SandboxFacts
from tui.opened.going import Arrival, Journey
from tui.opened.viewing import Viewing
from tui.pane.view import Note, Stand

SAME_S = 1.0
"""A row that came so long after the moment is none of that moment."""

_BARELY_S = 1e-6
"""What a moment may lose on its way through a calendar."""


class Sight(Protocol):
    """A pane in sight."""

    @property
    def viewing(self) -> Viewing | None:
        """What it shows."""

    @property
    def height(self) -> int:
        """Rows between its borders."""

    @property
    def facts(self) -> SandboxFacts | None:
        """Whose console it is."""

    def repaint(self) -> None:
        """Show what was changed in the viewing."""


class _Place(NamedTuple):
    stand: Stand
    cursor: Position | None


class _Held:
    """One viewing that is held."""

    def __init__(self, viewing: Viewing) -> None:
        self.viewing = viewing
        self.before = self.place
        """Where it stood before."""
        self.left: _Place | None = None
        """Where it was put: when it stands elsewhere, somebody moved it."""
        self.wall: float | None = None
        """The moment it was put to."""
        self.journey: Journey | None = None
        self.going_to = 0.0
        self.note = safe_text("")

    @property
    def place(self) -> _Place:
        return _Place(self.viewing.view.stand, self.viewing.cursor.at)

    @property
    def was_moved(self) -> bool:
        return self.left is not None and self.left != self.place

    def restore(self) -> None:
        self.viewing.view.stand = self.before.stand
        self.viewing.cursor.at = self.before.cursor


class TimeLock:
    """Nothing is held until `begin`."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._wall: float | None = None
        self._line = 0
        """The line of every pane on which the row of the moment stands."""

    @property
    def is_on(self) -> bool:
        """Whether panes are held."""
        return self._wall is not None

    @property
    def word(self) -> SafeStr:
        """What the border of every held pane says; empty when none is held."""
        return safe_text("" if self._wall is None else f"LOCKED {_clock(self._wall)}")

    def note(self, sandbox_id: str) -> SafeStr:
        """That a pane has no output at the moment; empty when it has, or is not there yet."""
        held = self._held.get(sandbox_id)
        return safe_text("") if held is None else held.note

    def is_settled(self, panes: Sequence[Sight]) -> bool:
        """Whether all these panes are where they belong, as far as nobody moved them since."""
        held = [self._of(pane) for pane in panes] if self.is_on else []
        return all(each is None or each.wall == self._wall for each in held)

    def begin(self, lead: Sight) -> bool:
        """Hold panes at the moment of the row that keys are about in `lead`.

        Without a row of its own choice, that is the first one in sight.

        Returns:
            False when no row is dated, so that nothing is held.
        """
        self.end()
        self._line = 0
        viewing = lead.viewing
        if viewing is None or lead.facts is None:
            return False
        held = _Held(viewing)
        if not self._lead(lead, held):
            held.restore()
            return False
        self._held[lead.facts.id] = held
        return True

    def keep(self, sandbox_ids: Container[str]) -> None:
        """Forget where the panes of all other sandboxes stood: they are gone."""
        self._held = {each: held for each, held in self._held.items() if each in sandbox_ids}

    def end(self) -> None:
        """Bring every pane back to where it stood."""
        for held in self._held.values():
            held.restore()
        self._held.clear()
        self._wall = None

    def go_on(self, panes: Sequence[Sight], seconds: float) -> bool:
        """Let the panes in sight go to the moment, for about so long.

        Returns:
            Whether a pane says something else now.
        """
        if self._wall is None:
            return False
        said = self._said()
        for pane in panes:
            held = self._of(pane)
            if held is not None and held.was_moved:
                self._lead(pane, held)
        until = this_moment().boot + seconds
        for pane in panes:
            held = self._of(pane)
            if held is not None and held.wall != self._wall:
                self._follow(pane, held, until - this_moment().boot)
                if this_moment().boot >= until:
                    break
        return said != self._said()

    def _said(self) -> tuple[SafeStr, tuple[SafeStr, ...]]:
        return self.word, tuple(held.note for held in self._held.values())

    def _of(self, pane: Sight) -> _Held | None:
        viewing = pane.viewing
        if viewing is None or pane.facts is None:
            return None
        held = self._held.get(pane.facts.id)
        if held is None or held.viewing is not viewing:
            held = self._held[pane.facts.id] = _Held(viewing)
        return held

    def _lead(self, pane: Sight, held: _Held) -> bool:
        """Take the moment from where a pane stands now; whether it has one."""
        viewing = held.viewing
        viewing.view.hold(pane.height)
        lines = viewing.lines(pane.height)
        at = viewing.cursor.at
        chosen = [number for number, line in enumerate(lines) if _position(line) == at]
        if chosen and (held.left is None or at != held.left.cursor):
            self._line = chosen[0]
        row = _row_at(lines, self._line)
        instant = None if row is None else viewing.instant(row.position)
        if row is None or instant is None:
            held.left = held.place
            return False
        self._wall = held.wall = instant.wall
        viewing.cursor.at = row.position
        held.left, held.note, held.journey = held.place, safe_text(""), None
        pane.repaint()
        return True

    def _follow(self, pane: Sight, held: _Held, seconds: float) -> None:
        """Bring a pane to the moment, or nearer to it."""
        assert self._wall is not None
        if held.journey is None or held.going_to != self._wall:
            when = datetime.fromtimestamp(self._wall - _BARELY_S)
            held.journey = Journey(held.viewing, AtMoment(when), None)
            held.going_to = self._wall
        try:
            arrival = held.journey.go_on(max(0.0, seconds))
        except RecordingError:
            # The pane says by itself what is wrong with its recording.
            arrival = Arrival(None, safe_text(""))
        if arrival is not None:
            held.journey, held.wall = None, self._wall
            self._arrive(pane, held, arrival.at)

    def _arrive(self, pane: Sight, held: _Held, at: Position | None) -> None:
        assert self._wall is not None
        viewing = held.viewing
        if at is None:
            held.note = safe_text("nothing was recorded")
            viewing.view.hold(pane.height)
        else:
            instant = viewing.instant(at)
            wall = self._wall if instant is None else instant.wall
            held.note = safe_text("")
            is_over = wall < self._wall and _is_last(viewing, at)
            if is_over:
                held.note = safe_text(f"nothing since {_clock(wall)}")
            elif wall - self._wall >= SAME_S:
                held.note = safe_text(f"nothing until {_clock(wall)}")
            foot = pane.height - 1 - (viewing.view.tail is not None)
            viewing.view.hold_at(at, foot if is_over else self._line)
            # A filter may hide the row itself.
            lines = viewing.lines(pane.height)
            if at not in map(_position, lines) and (row := _row_at(lines, self._line)) is not None:
                at = row.position
            viewing.cursor.at = at
        held.left = held.place
        pane.repaint()


def _is_last(viewing: Viewing, at: Position) -> bool:
    return len(viewing.transcript.forward(at, 2)) < 2


def _position(line: object) -> Position | None:
    return line.position if isinstance(line, TranscriptRow) else None


def _row_at(lines: Sequence[TranscriptRow | Note], number: int) -> TranscriptRow | None:
    """The guest's row on a line, or else the nearest one below it, or above."""
    rows = [
        (at, line)
        for at, line in enumerate(lines)
        if not isinstance(line, Note) and line.row is not None
    ]
    below = [line for at, line in rows if at >= number]
    return below[0] if below else rows[-1][1] if rows else None


def _clock(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall):%H:%M:%S}"
