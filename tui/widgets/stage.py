"""Everything between the first line and the last: list and details, panes, or why none.

It decides what is in sight. The list folds away in a narrow window and beside a zoomed
pane; called there, it comes back, in a narrow window in the panes' place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.containers import Horizontal, Vertical

from core.console import safe_text
from core.sandboxes.model import SandboxFacts
from tui.actions import keymap_of
from tui.grid.badges import Badge, BadgeBook, Kind, next_badge
from tui.roster import Roster
from tui.states import sign_of, why_empty
from tui.widgets.console_pane import ConsolePane
from tui.widgets.details import Details
from tui.widgets.empty_room import EmptyRoom
from tui.widgets.pane_grid import PaneGrid
from tui.widgets.sandbox_list import Entry, SandboxList

FOLD_COLUMNS = 70
"""In a narrower window the list is folded away."""


class Stage(Horizontal):
    """The list of sandboxes on the left, their consoles on the right.

    Args:
        clock: seconds since the epoch, UTC.
    """

    DEFAULT_CSS = """
    Stage {
        height: 1fr;
    }
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.list = SandboxList()
        self.grid = PaneGrid(clock)
        self._details = Details()
        self._empty_room = EmptyRoom()
        self._side = Vertical(self.list, self._details, id="side")
        self.badges = BadgeBook()
        self.grid.badges = self.badges.of
        self._roster = Roster()
        self._is_list_called = False
        super().__init__(self._side, self.grid, self._empty_room, id="stage")

    @property
    def is_list_called(self) -> bool:
        """Whether somebody unfolded the list."""
        return self._is_list_called

    @property
    def is_zoomed(self) -> bool:
        """Whether one pane has all the room."""
        return self.grid.zoomed is not None

    @property
    def pane(self) -> ConsolePane | None:
        """The pane that keys are about: the focused one, or else the selected sandbox's."""
        found = self.grid.focused_pane
        return self._selected_pane() if found is None else found

    def on_resize(self) -> None:
        """Another width may fold or unfold the list."""
        self._fold()

    def show(self, roster: Roster, now: float) -> None:
        """Hand the facts down to whatever is in sight.

        Args:
            roster: all of them; it is kept and looked at again.
            now: seconds since the epoch, UTC.
        """
        self._roster = roster
        selected = roster.selected
        self._details.now = now
        self._details.facts = selected
        self._empty_room.is_known = roster.is_known
        keys = keymap_of(self.app)
        self._empty_room.reason = why_empty(selected, now, keys) if selected else None
        self.grid.show(roster.shown, now)
        self.grid.select(selected.id if selected else None)
        self._fold()
        self.list.selected = selected.id if selected else ""
        self._count_news(roster, now)
        self.list.entries = tuple(_entry(facts, now, self.badges) for facts in roster.all)

    def _count_news(self, roster: Roster, now: float) -> None:
        """Take what happened in every sandbox, and what somebody sees of it."""
        self.badges.keep(facts.id for facts in roster.all)
        # What a following pane shows is read as it comes.
        read = {pane.facts.id for pane in self.grid.panes if pane.following and pane.facts}
        for facts in roster.all:
            counts = self.grid.counts(facts.id)
            if facts.id in read:
                counts = counts._replace(unread=0)
            self.badges.take(facts, counts, now)
        focused = self.grid.focused_pane
        if focused is not None and focused.facts is not None:
            kinds = () if focused.following else (Kind.SILENCE,)
            self.badges.saw(focused.facts.id, *kinds)
        self.grid.mark()

    def next_badge(self, ids: Sequence[str]) -> tuple[str, Badge] | None:
        """The sandbox that needs somebody most and why; None when nothing happened anywhere.

        Args:
            ids: all sandboxes, in order.
        """
        focused = self.grid.focused_pane
        here = focused.facts.id if focused is not None and focused.facts is not None else None
        return next_badge(ids, self.badges.of, here)

    def keep_focus(self) -> None:
        """Give the focus to the list, or to a pane where it is folded away."""
        if self._side.display:
            self.list.focus()
        else:
            self.focus_selected_pane()

    def focus_selected_pane(self) -> None:
        """Give the focus to the selected sandbox's pane, if it has one."""
        pane = self._selected_pane()
        if pane is not None:
            pane.focus()
        elif self.grid.interleaved.is_wanted:
            self.grid.interleaved.focus()

    def call_list(self) -> None:
        """Unfold the list and go to it."""
        if len(self._roster):
            self._is_list_called = True
            self._fold()
            self.list.focus()

    def leave_list(self) -> None:
        """Fold the list where it was folded, and go to the selected pane."""
        self._is_list_called = False
        self._fold()
        self.focus_selected_pane()

    def zoom(self, sandbox_id: str | None) -> None:
        """Give a sandbox's pane all the room; with None, back to all panes."""
        self._is_list_called = False
        if sandbox_id is not None:
            # The list may have had its place; a pane without size takes no focus.
            self.grid.display = True
        self.grid.zoom(sandbox_id)
        self._fold()

    def _selected_pane(self) -> ConsolePane | None:
        selected = self._roster.selected
        return self.grid.pane_of(selected.id) if selected is not None else None

    def _fold(self) -> None:
        has_sandboxes = len(self._roster) > 0
        has_panes = bool(self._roster.shown)
        is_narrow = self.app.size.width < FOLD_COLUMNS
        is_open = self._is_list_called or not has_panes or not (is_narrow or self.is_zoomed)
        self._side.display = is_open and has_sandboxes
        has_room = not (is_narrow and self._side.display)
        self._side.set_class(not has_room, "-alone")
        self.grid.display = has_panes and has_room
        self._empty_room.display = not has_panes and has_room


def _entry(facts: SandboxFacts, now: float, book: BadgeBook) -> Entry:
    badges = book.of(facts.id)
    return Entry(
        id=facts.id,
        name=safe_text(facts.name, limit=128),
        sign=sign_of(facts, now),
        family=safe_text(facts.family or facts.spec.family, limit=32),
        proxy_type=safe_text(facts.spec.proxy_type.value),
        bytes_per_s=facts.traffic.bytes_per_s,
        unseen=book.unread(facts.id),
        badges=tuple(badge for badge in badges if badge.kind is not Kind.UNREAD),
    )
