"""The grid of live consoles: which sandboxes are in sight, where, and how often they are painted.

Panes are made once and bound anew as pages turn. One timer drives them all. Places
change when the sandboxes, the page, the zoom or the size change, never because a
guest wrote something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.layout import Layout
from textual.message import Message
from textual.widget import Widget

from core.clock import now as this_moment
from core.sandboxes.model import SandboxFacts
from tui.badges import Badges, Counts
from tui.hidden import HiddenCount
from tui.layouts import held_in, next_layout
from tui.pane_marks import PaneMarks
from tui.pane_order import Direction, PaneOrder
from tui.time_lock import TimeLock
from tui.viewing import Viewings
from tui.widgets.console_pane import ConsolePane
from tui.widgets.interleaved_pane import InterleavedPane
from tui.widgets.pane_places import PanePlaces

BEATS_PER_S = 15
"""How often the focused pane is painted while its guest writes; the others half as often."""

BEAT_S = 0.02
"""How long one beat goes on with further panes; keys are waiting for it."""

LOCK_S = 0.01
"""How long one beat lets panes look for the moment they are held at."""

MAX_PANES = 9


class PaneGrid(Widget):
    """Up to nine consoles at once; more are on further pages."""

    DEFAULT_CSS = """
    PaneGrid {
        width: 1fr;
        height: 1fr;
        background: $background;
    }
    """

    class PaneFocused(Message):
        """A pane took the focus."""

        def __init__(self, sandbox_id: str) -> None:
            super().__init__()
            self.sandbox_id = sandbox_id

    class PagesChanged(Message):
        """Another page is in sight, or there is another number of them."""

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        *,
        make_pane: Callable[[Viewings], ConsolePane] = ConsolePane,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """A grid without panes until `show` is called.

        Args:
            clock: seconds since the epoch, UTC; without it, time stands at what
                `show` said last.
            make_pane: makes each of the panes.
            id: Textual's name for it.
            classes: Textual's style classes.
        """
        super().__init__(id=id, classes=classes)
        self.badges: Callable[[str], Badges] = lambda _: ()
        """What nobody saw of a sandbox yet."""
        self._clock = clock
        self._places = PanePlaces()
        self._order = PaneOrder()
        self._viewings = Viewings()
        self._hidden = HiddenCount(self._viewings)
        self._time_lock = TimeLock()
        self.interleaved = InterleavedPane(self._viewings)
        """The pane that shows several consoles by when their rows came."""
        self._interleaved_ids: tuple[str, ...] | None = None
        self._chosen: dict[str, None] = {}
        self._panes = [make_pane(self._viewings) for _ in range(MAX_PANES)]
        self._facts: dict[str, SandboxFacts] = {}
        self._now = 0.0
        self._selected: str | None = None
        self._zoomed: str | None = None
        self._page = 0
        self._pages = 1
        self._tick = 0

    @property
    def layout(self) -> Layout:
        """Places its panes by itself, so that no style decides."""
        return self._places

    @property
    def page(self) -> int:
        """The page in sight, from 0."""
        return self._page

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return self._pages

    @property
    def layout_choice(self) -> int:
        """How many panes a page was chosen to have; 0 where that is left to the grid."""
        return self._places.layout

    @property
    def held(self) -> int:
        """How many panes a page has room for."""
        return held_in(self._places.layout, len(self._facts), *self.size)

    @property
    def fitting(self) -> int:
        """How many panes the chosen layout has room for, however few sandboxes there are."""
        return held_in(self._places.layout, self._places.layout, *self.size)

    @property
    def zoomed(self) -> str | None:
        """The sandbox that has the whole grid, None when none has."""
        return self._zoomed

    @property
    def panes(self) -> list[ConsolePane]:
        """The panes in sight, in the order of their numbers."""
        return [pane for pane in self._panes if pane.display and pane.facts is not None]

    @property
    def focused_pane(self) -> ConsolePane | None:
        """The pane that has the focus, None when none of them has."""
        return next((pane for pane in self._panes if pane.has_focus), None)

    def pane_of(self, sandbox_id: str) -> ConsolePane | None:
        """The pane in sight that shows this sandbox."""
        return next((pane for pane in self.panes if _shows(pane, sandbox_id)), None)

    def unseen(self, sandbox_id: str) -> int:
        """Lines of this sandbox that nobody saw since this dashboard began to watch it."""
        viewing = self._viewings.get(sandbox_id)
        return 0 if viewing is None else viewing.counter.lines

    def counts(self, sandbox_id: str) -> Counts:
        """What is new in a sandbox since it was seen, as far as it was counted."""
        viewing = self._viewings.get(sandbox_id)
        if viewing is None:
            return Counts()
        return Counts(viewing.counter.lines, viewing.hits_behind(viewing.counter.seen))

    def mark(self) -> None:
        """Say on the panes what nobody saw of their sandboxes, as `badges` has it now."""
        for pane in self.panes:
            if pane.facts is not None:
                pane.marks = self._marks(pane.facts.id)

    def show(self, facts: Sequence[SandboxFacts], now: float) -> None:
        """Show these sandboxes, as they are now.

        Args:
            facts: all of them, in order; those without a place are on other pages.
            now: seconds since the epoch, UTC.
        """
        self._facts = {each.id: each for each in facts}
        self._now = now
        self._order.keep(self._facts)
        self._chosen = {each: None for each in self._chosen if each in self._facts}
        self._viewings.keep(self._facts)
        if self._zoomed not in self._facts:
            self._zoomed = None
        self._bind()

    def zoom(self, sandbox_id: str | None) -> None:
        """Give this sandbox the whole grid and the focus; with None, back to all."""
        self._zoomed = sandbox_id
        if sandbox_id is not None:
            self._selected = sandbox_id
        self._bind()
        if sandbox_id is not None and (pane := self.pane_of(sandbox_id)) is not None:
            pane.focus()

    def select(self, sandbox_id: str | None) -> None:
        """Turn to the page that holds this sandbox, and mark its pane."""
        if sandbox_id == self._selected:
            return
        self._selected = sandbox_id
        if self._zoomed is not None and sandbox_id is not None:
            self._zoomed = sandbox_id
        self._bind()

    def focus_pane(self, n: int) -> None:
        """Focus the pane whose number is `n`, if it is in sight."""
        for pane in self.panes:
            if pane.number == n:
                pane.focus()

    def choose_layout(self) -> None:
        """Have another number of panes on a page: the next one, round and round."""
        self._places.layout = next_layout(self._places.layout)
        self._places_changed()

    def after_turning(self, step: int) -> str | None:
        """The sandbox to select for another page, `step` further; None when there is none.

        Beside a zoomed pane, the next sandbox is the next page.
        """
        if self._zoomed is not None:
            ids = self._order.ids
            at = ids.index(self._zoomed) + step
            return ids[at] if 0 <= at < len(ids) else None
        page = self._page + step
        return self._order.first_on(page, self.held) if 0 <= page < self._pages else None

    def move(self, sandbox_id: str, direction: Direction) -> bool:
        """Let a sandbox change places with its neighbour; whether there is one."""
        columns = self._places.shape(self.size).columns
        page = self._order.page_of(sandbox_id, self.held, self._page)
        moved = self._order.move(sandbox_id, direction, columns, page, self.held)
        self._places_changed()
        return moved

    def swap(self, sandbox_id: str, number: int) -> bool:
        """Let a sandbox in sight change places with the pane of this number; whether it did."""
        pane = self.pane_of(sandbox_id)
        if pane is None or self._zoomed is not None:
            return False
        swapped = self._order.swap(pane.number - 1, number - 1, self._page, self.held)
        self._places_changed()
        return swapped

    def toggle_pin(self, sandbox_id: str) -> bool:
        """Pin a sandbox in sight to its place on every page, or let it go; whether it is pinned."""
        pane = self.pane_of(sandbox_id)
        is_pinned = pane is not None and self._order.toggle_pin(sandbox_id, pane.number - 1)
        self._places_changed()
        return is_pinned

    @property
    def is_interleaving(self) -> bool:
        """Whether the interleaved pane is in sight, in the panes' place."""
        return self._interleaved_ids is not None

    @property
    def chosen(self) -> tuple[str, ...]:
        """The sandboxes that were chosen to be interleaved, in that order."""
        return tuple(self._chosen)

    def choose(self, sandbox_id: str) -> None:
        """Choose a sandbox to be interleaved, or take it out again."""
        if self._chosen.pop(sandbox_id, self) is self:
            self._chosen[sandbox_id] = None
        if self._interleaved_ids is not None:
            self._interleaved_ids = self.chosen or self._interleaved_ids
        self._bind()

    def interleave(self, sandbox_ids: Sequence[str] | None, when: float | None = None) -> None:
        """Show these consoles in one pane, by when their rows came; with None, back to panes.

        Args:
            sandbox_ids: whose.
            when: the moment to stand at, seconds since the epoch; None to follow.
        """
        self._interleaved_ids = None if sandbox_ids is None else tuple(sandbox_ids)
        self._bind()
        if sandbox_ids is not None:
            self.interleaved.begin_at(when)
            self.interleaved.focus()

    @property
    def holds_moment(self) -> bool:
        """Whether the panes in sight are held at one moment."""
        return self._time_lock.is_on

    @property
    def is_settled(self) -> bool:
        """Whether every pane stands at the moment that it is held at."""
        return self._time_lock.is_settled(self.panes)

    def hold_moment(self, pane: ConsolePane) -> bool:
        """Hold all panes in sight at a pane's moment; whether it has one."""
        is_on = self._time_lock.begin(pane)
        self.mark()
        return is_on

    def let_go(self) -> None:
        """Let every pane go back to where it stood."""
        self._time_lock.end()
        self.mark()
        for pane in self.panes:
            pane.repaint()

    def compose(self) -> ComposeResult:
        """All the panes there will ever be, hidden."""
        for pane in self._panes:
            pane.display = False
            yield pane
        self.interleaved.display = False
        yield self.interleaved

    def on_mount(self) -> None:
        """Start the one timer."""
        self.set_interval(1 / BEATS_PER_S, self.beat, name="panes")

    def on_unmount(self) -> None:
        """Give the recordings' descriptors back."""
        self._viewings.close()

    def on_resize(self) -> None:
        """Another size may hold more or fewer panes."""
        self._bind()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell which sandbox has the focus now."""
        if isinstance(event.widget, ConsolePane) and event.widget.facts is not None:
            self.post_message(self.PaneFocused(event.widget.facts.id))

    def beat(self) -> None:
        """Paint what has changed: the focused pane each time, the others every second time."""
        if self._clock is not None:
            self._now = self._clock()
        self._tick += 1
        began = this_moment().boot
        for turn in self._turns():
            self._panes[turn].beat(self._now)
            if this_moment().boot - began > BEAT_S:
                break
        if self.is_interleaving and self.display:
            self.interleaved.beat(self._now)
        if self._time_lock.go_on(self.panes, LOCK_S):
            self.mark()
        self._count_hidden()

    def _turns(self) -> list[int]:
        """The panes whose turn it is, the focused one first, the others from another one each."""
        if not self.display:
            return []
        order = [(self._tick + step) % MAX_PANES for step in range(MAX_PANES)]
        due = [turn for turn in order if self._panes[turn].display]
        focused = [turn for turn in due if self._panes[turn].has_focus]
        others = [turn for turn in due if not self._panes[turn].has_focus]
        return focused + [turn for turn in others if (self._tick + turn) % 2 == 0]

    def _places_changed(self) -> None:
        """Put every pane where it belongs now."""
        self._bind()
        self.refresh(layout=True)

    def _bind(self) -> None:
        """Give each pane its sandbox and say which are in sight."""
        if not self.is_attached or not self.size:
            return
        focused = self.focused_pane
        focused_id = focused.facts.id if focused is not None and focused.facts else None
        page = self._page_facts()
        with self.app.batch_update():
            for index, pane in enumerate(self._panes):
                facts = page[index] if index < len(page) else None
                if facts is None:
                    pane.display = False
                    pane.clear()
                    continue
                pane.show(facts, index + 1, self._now)
                pane.marks = self._marks(facts.id)
                pane.is_selected = facts.id == self._selected
                is_alone = self._zoomed is not None or self.is_interleaving
                pane.display = not is_alone or (
                    facts.id == self._zoomed and not self.is_interleaving
                )
            self._bind_interleaved()
        if focused_id is not None and focused is not None and not _shows(focused, focused_id):
            self._carry_focus(focused_id)

    def _bind_interleaved(self) -> None:
        if self._interleaved_ids is None:
            self.interleaved.display = False
            return
        self.interleaved.display = True
        there = [self._facts[each] for each in self._interleaved_ids if each in self._facts]
        self.interleaved.show(there)

    def _marks(self, sandbox_id: str) -> PaneMarks:
        return PaneMarks(
            sandbox_id in self._order.pinned,
            sandbox_id in self._chosen,
            self.badges(sandbox_id),
            self._time_lock.word,
            self._time_lock.note(sandbox_id),
        )

    def _page_facts(self) -> list[SandboxFacts | None]:
        held = self.held
        wanted = self._zoomed or self._selected or ""
        pages = self._order.pages(held)
        before = self._page, self._pages
        self._pages = len(pages)
        self._page = self._order.page_of(wanted, held, self._page)
        if before != (self._page, self._pages):
            self.post_message(self.PagesChanged())
        page = pages[self._page]
        self._places.count = len(page)
        return [None if each is None else self._facts[each] for each in page]

    def _carry_focus(self, sandbox_id: str) -> None:
        """The focus stays with a sandbox whose pane is another one now."""
        pane = self.pane_of(sandbox_id)
        if pane is not None:
            pane.focus()

    def _count_hidden(self) -> None:
        panes = self.panes if self.display else []
        in_sight = {pane.facts.id for pane in panes if pane.facts is not None}
        hidden = [facts for facts in self._facts.values() if facts.id not in in_sight]
        self._hidden.go_on(hidden, self._now)


def _shows(pane: ConsolePane, sandbox_id: str) -> bool:
    return pane.facts is not None and pane.facts.id == sandbox_id
