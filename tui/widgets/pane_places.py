"""Puts the panes of a grid where `tui.layouts` says."""

from __future__ import annotations

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.layouts import AUTOMATIC, Shape, places, shape_for
from tui.widgets.console_pane import ConsolePane


class PanePlaces(Layout):
    """Each pane at the place of its number; what is alone has all the room."""

    name = "panes"

    def __init__(self) -> None:
        self.layout = AUTOMATIC
        """How many panes a page was chosen to have."""
        self.count = 0
        """Places of the page in sight, empty ones too."""

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """All children at their places."""
        if len(children) == 1:
            return [WidgetPlacement(size.region, NULL_OFFSET, NULL_SPACING, children[0])]
        shape = self.shape(size)
        found = places(shape, self.count, *size)
        return [
            WidgetPlacement(Region(*found[child.number - 1]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if isinstance(child, ConsolePane) and 0 < child.number <= len(found)
        ]

    def shape(self, size: Size) -> Shape:
        """The grid of the page in sight."""
        return shape_for(self.layout or max(1, self.count), *size)
