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
from tui.grid.badges import Badges, Counts
from tui.grid.hidden import HiddenCount
from tui.grid.pages import Pages
from tui.grid.time_lock import TimeLock
from tui.opened.viewings import Viewings
from tui.pane.marks import PaneMarks
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
        self.pages = Pages()
        """What is on the page in sight; whoever changes that calls `rearrange`."""
        self._places = PanePlaces(self.pages)
        self._viewings = Viewings()
        self._hidden = HiddenCount(self._viewings)
        self.time_lock = TimeLock()
        """What holds panes at one moment."""
        self.interleaved = InterleavedPane(self._viewings)
        """The pane that shows several consoles by when their rows came."""
        self._panes = [make_pane(self._viewings) for _ in range(MAX_PANES)]
        self._facts: dict[str, SandboxFacts] = {}
        self._now = 0.0
        self._selected: str | None = None
        self._zoomed: str | None = None
        self._tick = 0

    @property
    def layout(self) -> Layout:
        """Places its panes by itself, so that no style decides."""
        return self._places

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
        # `has_focus` comes with a message, later than the next key may.
        focused = self.screen.focused if self.is_attached else None
        return next((pane for pane in self._panes if pane is focused), None)

    @property
    def viewings(self) -> Viewings:
        """The recordings of all sandboxes, as far as they are open."""
        return self._viewings

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
        self.pages.order.keep(self._facts)
        self._viewings.keep(self._facts)
        self.time_lock.keep(self._facts)
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
                # At once: the next key may be here already, and is meant for this pane.
                self.screen.set_focus(pane)

    def rearrange(self) -> None:
        """Put every pane where it belongs now."""
        self._bind()
        self.refresh(layout=True)

    def interleave(self, sandbox_ids: Sequence[str] | None, when: float | None = None) -> None:
        """Show these consoles in one pane, by when their rows came; with None, back to panes.

        Args:
            sandbox_ids: whose.
            when: the moment to stand at, seconds since the epoch; None to follow.
        """
        self.interleaved.ids = sandbox_ids
        self._bind()
        if sandbox_ids is not None:
            self.interleaved.begin_at(when)
            self.interleaved.focus()

    def hold_moment(self, pane: ConsolePane) -> bool:
        """Hold all panes in sight at a pane's moment; whether it has one."""
        is_on = self.time_lock.begin(pane)
        self.mark()
        return is_on

    def let_go(self) -> None:
        """Let every pane go back to where it stood."""
        self.time_lock.end()
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
        if self.interleaved.is_wanted and self.display:
            self.interleaved.beat(self._now)
        if self.time_lock.go_on(self.panes, LOCK_S):
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
                is_in_sight = self._zoomed in (None, facts.id)
                pane.display = is_in_sight and not self.interleaved.is_wanted
            self.interleaved.show(self._facts)
        if focused_id is not None and focused is not None and not _shows(focused, focused_id):
            self._carry_focus(focused_id)

    def _marks(self, sandbox_id: str) -> PaneMarks:
        return PaneMarks(
            sandbox_id in self.pages.order.pinned,
            sandbox_id in self.interleaved.chosen,
            self.badges(sandbox_id),
            self.time_lock.word,
            self.time_lock.note(sandbox_id),
        )

    def _page_facts(self) -> list[SandboxFacts | None]:
        pages = self.pages
        before = pages.page, pages.count
        pages.size = self.size
        page = pages.turn_to(self._zoomed or self._selected or "")
        if before != (pages.page, pages.count):
            self.post_message(self.PagesChanged())
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
