"""Keys on what is read; in a list they move the selection."""

from __future__ import annotations

from tui.screens.pane_screen import PaneScreen

_COLUMNS_A_PRESS = 8
_ALL = 1_000_000
"""More rows than any list of sandboxes has."""


class ReadingKeys(PaneScreen):
    """Moving through the console of the pane that keys are about."""

    def _scroll(self, rows: int = 0, pages: int = 0) -> None:
        if self.move_selection(rows, pages):
            return
        if (pane := self.pane) is not None:
            if rows:
                pane.scroll_rows(rows)
            if pages:
                pane.scroll_pages(pages)

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

    def action_first(self) -> None:
        """To the first line or sandbox."""
        if not self.move_selection(-_ALL, 0) and (pane := self.pane) is not None:
            pane.go_home()

    def action_last(self) -> None:
        """To the last line or sandbox."""
        if not self.move_selection(_ALL, 0) and (pane := self.pane) is not None:
            pane.go_end()

    def action_follow(self) -> None:
        """To the last line, and stay there."""
        if (pane := self.pane) is not None:
            pane.follow()

    def action_columns_left(self) -> None:
        """Scroll long lines back."""
        if (pane := self.pane) is not None:
            pane.scroll_columns(-_COLUMNS_A_PRESS)

    def action_columns_right(self) -> None:
        """Scroll long lines on."""
        if (pane := self.pane) is not None:
            pane.scroll_columns(_COLUMNS_A_PRESS)

    def action_cycle_time(self) -> None:
        """Date lines another way."""
        if (pane := self.pane) is not None:
            pane.cycle_time()

    def action_toggle_raw(self) -> None:
        """Show lines as they were printed."""
        if (pane := self.pane) is not None:
            pane.toggle_raw()
