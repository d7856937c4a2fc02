"""How a pane is read: by half a page or a whole one, wrapped or along its lines, and dated how."""

from __future__ import annotations

from tui.opened.viewing import Viewing
from tui.pane.rows import RowPainter
from tui.widgets.strip_pane import StripPane


class ReadingPane(StripPane):
    """The base of a pane: what a person may choose about the rows in it."""

    @property
    def viewing(self) -> Viewing | None:
        """The open recording of its sandbox, None while there is none."""
        raise NotImplementedError

    @property
    def height(self) -> int:
        """Rows between the borders."""
        raise NotImplementedError

    @property
    def painter(self) -> RowPainter | None:
        """What made the rows in sight, None before there were any."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Show what was changed in the viewing."""
        raise NotImplementedError

    def scroll_rows(self, n: int) -> None:
        """Scroll by `n` rows, down when positive; reaching the end follows again."""
        raise NotImplementedError

    # Where it stands

    def scroll_pages(self, n: int) -> None:
        """Scroll by `n` panes full, as `less` does: the next page begins where this one ends."""
        self.scroll_rows(n * max(1, self.height))

    def scroll_half_pages(self, n: int) -> None:
        """Scroll by `n` halves of a pane."""
        self.scroll_rows(n * max(1, self.height // 2))

    def go_line_start(self) -> None:
        """Show where lines begin."""
        if (viewing := self.viewing) is not None:
            viewing.view.column = 0
            self.repaint()

    def go_line_end(self) -> None:
        """Show where the longest line in sight ends."""
        viewing, painter = self.viewing, self.painter
        if viewing is None or painter is None or viewing.is_wrapped:
            return
        beyond = painter.longest(viewing.lines(self.height)) - painter.setting.text_width
        viewing.view.column = max(viewing.view.column, beyond)
        self.repaint()

    # How it looks

    def cycle_time(self) -> None:
        """Date rows in the next way: not at all, since the generation began, local, UTC."""
        if (viewing := self.viewing) is not None:
            viewing.gutter = viewing.gutter.next()
            self.repaint()

    def toggle_wrap(self) -> None:
        """Break lines that are longer than the pane, or clip them again."""
        if (viewing := self.viewing) is not None:
            viewing.is_wrapped = not viewing.is_wrapped
            self.repaint()

    def toggle_raw(self) -> None:
        """Show lines as the guest wrote them, or as agent and kernel lines again."""
        if (viewing := self.viewing) is not None:
            viewing.look = viewing.look._replace(is_raw=not viewing.look.is_raw)
            self.repaint()

    def toggle_fields(self) -> None:
        """Show all fields of an agent's lines, or count them again."""
        if (viewing := self.viewing) is not None:
            viewing.look = viewing.look._replace(has_fields=not viewing.look.has_fields)
            self.repaint()

    def toggle_plain(self) -> None:
        """Leave out the guest's own colours, or show them again."""
        if (viewing := self.viewing) is not None:
            viewing.look = viewing.look._replace(is_plain=not viewing.look.is_plain)
            self.repaint()
