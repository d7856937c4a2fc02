"""Taking text out of the pane that keys are about."""

from __future__ import annotations

from textual.actions import SkipAction

from core.console import Position, safe_text
from core.errors import RecordingError
from tui.copying.clipboard import MAX_BYTES, copy
from tui.copying.report_block import TEXT_BYTES, Origin, block
from tui.copying.selection import Grain
from tui.copying.taking import Cut, Stretch, Taken, everything, pieces, take
from tui.opened.viewing import Viewing
from tui.pane.row_texts import RowLook
from tui.screens.keys.about import AboutKeys
from tui.screens.keys.saving import SavingKeys
from tui.toast import say
from tui.widgets.console_pane import ConsolePane

_NOTHING = safe_text("There is nothing to copy yet.")


class CopyingKeys(SavingKeys, AboutKeys):
    """Taking text out of the pane that keys are about."""

    # Selecting.

    def action_select_lines(self) -> None:
        """Select lines from the current one on; again: select nothing."""
        self._begin_selection(Grain.ROWS)

    def action_select_characters(self) -> None:
        """Select characters from the current row on."""
        self._begin_selection(Grain.CHARACTERS)

    def action_swap_ends(self) -> None:
        """Let the other end move."""
        if (pane := self.pane) is not None:
            pane.swap_ends()

    def peel(self) -> bool:
        """Select nothing, or else take away what lies below."""
        pane = self.pane
        return (pane is not None and pane.clear_selection()) or super().peel()

    def _begin_selection(self, grain: Grain) -> None:
        pane = self.pane
        row = None if pane is None else pane.current
        if pane is None or row is None:
            say(self, safe_text("There is nothing to select yet."))
        elif not pane.change_grain(grain):
            pane.begin_visual(row, grain)

    # Copying.

    async def action_yank(self) -> None:
        """Copy what is selected, or else the current line."""
        pane = self.pane
        if pane is None or pane.viewing is None:
            say(self, _NOTHING)
            return
        selection, row = pane.selection, pane.current
        if selection is not None:
            stretch = Stretch(selection.first, selection.last)
            is_done = await self._copy_rows(pane.viewing, stretch, selection.cut)
            if is_done and selection.is_visual:
                pane.clear_selection()
        elif row is not None:
            await self._copy_rows(pane.viewing, Stretch(row.position, row.position), everything)
        else:
            say(self, _NOTHING)

    async def action_yank_screen(self) -> None:
        """Copy the lines in sight."""
        pane = self.pane
        stretch = None if pane is None else _in_sight(pane)
        if pane is None or pane.viewing is None or stretch is None:
            say(self, _NOTHING)
        else:
            await self._copy_rows(pane.viewing, stretch, everything)

    async def action_yank_report(self) -> None:
        """Copy a block for a bug report."""
        pane = self.pane
        stretch = None if pane is None else _chosen(pane) or _in_sight(pane)
        if pane is None or pane.viewing is None or stretch is None:
            say(self, _NOTHING)
            return
        origin = _origin(pane, stretch)
        for limit in TEXT_BYTES:
            # As the guest wrote it: who reads a report has no key that shows a line raw.
            taken = self._take_rows(pane.viewing, stretch, everything, limit, RowLook(is_raw=True))
            if taken is None or origin is None:
                return
            text = block(origin, taken)
            if len(text.encode()) <= MAX_BYTES:
                await self._send_copy(taken._replace(text=text))
                return

    def action_copy_text(self) -> None:
        """What ctrl+c does: copy if something is selected, else tell how to quit."""
        pane = self.pane
        if pane is None or pane.selection is None:
            raise SkipAction
        self.call_later(self.action_yank)

    async def _copy_rows(self, viewing: Viewing, stretch: Stretch, cut: Cut) -> bool:
        taken = self._take_rows(viewing, stretch, cut, MAX_BYTES, viewing.look)
        return taken is not None and await self._send_copy(taken)

    def _take_rows(
        self, viewing: Viewing, stretch: Stretch, cut: Cut, limit: int, look: RowLook
    ) -> Taken | None:
        """The text of these rows; None, and said why, when there is none."""
        try:
            rows = viewing.filtering.rows
            found = pieces(viewing.transcript, stretch, cut, look=look, rows=rows)
            taken = take(found, limit)
        except RecordingError as error:
            say(self, safe_text(f"The recording cannot be read: {error}"), severity="error")
            return None
        if taken.lines == 0:
            gone = safe_text("What was selected has been dropped from the recording.")
            say(self, gone, severity="warning")
            return None
        return taken

    async def _send_copy(self, taken: Taken) -> bool:
        self.copied = taken
        await copy(self, taken)
        return True


def _chosen(pane: ConsolePane) -> Stretch | None:
    selection = pane.selection
    return None if selection is None else Stretch(selection.first, selection.last)


def _in_sight(pane: ConsolePane) -> Stretch | None:
    rows = pane.guest_rows
    return Stretch(rows[0].position, rows[-1].position) if rows else None


def _origin(pane: ConsolePane, stretch: Stretch) -> Origin | None:
    facts, viewing = pane.facts, pane.viewing
    if facts is None or viewing is None:
        return None
    rows = viewing.transcript.forward(stretch.last, 1)
    end = rows[0].end if rows else stretch.last
    last_byte = Position(end.generation, max(0, end.offset - 1))
    began, ended = viewing.instant(stretch.first), viewing.instant(last_byte)
    return Origin(
        name=safe_text(facts.name),
        family=safe_text(facts.family or facts.spec.family, limit=64),
        first=stretch.first,
        end=end,
        began=None if began is None else began.wall,
        ended=None if ended is None else ended.wall,
    )
