"""Puts the panes of a grid where `tui.grid.layouts` says."""

from __future__ import annotations

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.grid.layouts import places
from tui.grid.pages import Pages
from tui.widgets.console_pane import ConsolePane


class PanePlaces(Layout):
    """Each pane at the place of its number; what is alone has all the room."""

    name = "panes"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """All children at their places."""
        if len(children) == 1:
            return [WidgetPlacement(size.region, NULL_OFFSET, NULL_SPACING, children[0])]
        found = places(self._pages.shape(*size), self._pages.places, *size)
        return [
            WidgetPlacement(Region(*found[child.number - 1]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if isinstance(child, ConsolePane) and 0 < child.number <= len(found)
        ]
