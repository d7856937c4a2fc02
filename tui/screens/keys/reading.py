"""Keys on what is read; in a list they move the selection."""

from __future__ import annotations

from tui.screens.pane_screen import PaneScreen

_COLUMNS_A_PRESS = 8
_HALF_A_LIST = 5
_ALL = 1_000_000
"""More rows than any list of sandboxes has."""


class ReadingKeys(PaneScreen):
    """Moving through the console of the pane that keys are about."""

    def _scroll(self, rows: int = 0, pages: int = 0) -> None:
        if self.move_selection(rows, pages):
            return
        if (pane := self.scrolled) is not None:
            if rows:
                pane.scroll_rows(rows)
            if pages:
                pane.scroll_pages(pages)

    def _scroll_half(self, direction: int) -> None:
        if (
            not self.move_selection(direction * _HALF_A_LIST, 0)
            and (pane := self.scrolled) is not None
        ):
            pane.scroll_half_pages(direction)

    def action_line_up(self) -> None:
        """Up a line or a sandbox."""
        self._scroll(rows=-1)

    def action_line_down(self) -> None:
        """Down a line or a sandbox."""
        self._scroll(rows=1)

    def action_page_up(self) -> None:
        """Up a page."""
        self._scroll(pages=-1)

    def action_page_down(self) -> None:
        """Down a page."""
        self._scroll(pages=1)

    def action_half_page_up(self) -> None:
        """Up half a page."""
        self._scroll_half(-1)

    def action_half_page_down(self) -> None:
        """Down half a page."""
        self._scroll_half(1)

    def action_first(self) -> None:
        """To the first line or sandbox."""
        if not self.move_selection(-_ALL, 0) and (pane := self.scrolled) is not None:
            pane.go_home()

    def action_last(self) -> None:
        """To the last line or sandbox."""
        if not self.move_selection(_ALL, 0) and (pane := self.scrolled) is not None:
            pane.go_end()

    def action_follow(self) -> None:
        """To the last line, and stay there."""
        if (pane := self.scrolled) is not None:
            pane.follow()

    def action_columns_left(self) -> None:
        """Scroll long lines back."""
        if (pane := self.scrolled) is not None:
            pane.scroll_columns(-_COLUMNS_A_PRESS)

    def action_columns_right(self) -> None:
        """Scroll long lines on."""
        if (pane := self.scrolled) is not None:
            pane.scroll_columns(_COLUMNS_A_PRESS)

    def action_line_start(self) -> None:
        """To where lines begin."""
        if (pane := self.pane) is not None:
            pane.go_line_start()

    def action_line_end(self) -> None:
        """To where the longest line in sight ends."""
        if (pane := self.pane) is not None:
            pane.go_line_end()

    def action_toggle_wrap(self) -> None:
        """Wrap long lines, or clip them."""
        if (pane := self.pane) is not None:
            pane.toggle_wrap()

    def action_cycle_time(self) -> None:
        """Date lines another way."""
        if (pane := self.pane) is not None:
            pane.cycle_time()

    def action_toggle_raw(self) -> None:
        """Show lines as they were printed."""
        if (pane := self.scrolled) is not None:
            pane.toggle_raw()

    def action_toggle_fields(self) -> None:
        """Show all that an agent's lines say, or less."""
        if (pane := self.pane) is not None:
            pane.toggle_fields()

    def action_toggle_plain(self) -> None:
        """Show lines without the guest's own colours, or with them."""
        if (pane := self.pane) is not None:
            pane.toggle_plain()
