"""A widget that is a strip a row, made beforehand, and paints those that changed."""

from __future__ import annotations

from itertools import groupby

from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.console_look import ConsoleLook


class StripPane(ConsoleLook):
    """The base of a pane: how its strips come onto the screen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strips: list[Strip] = []

    def _all_strips(self) -> list[Strip]:
        """A strip for each row there is, the same object as before where nothing changed."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The strip of row `y`, made beforehand."""
        if len(self._strips) != self.size.height or not self.has_paint:
            self._strips = self._all_strips()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of the rows in `crop`.

        A strip is whole as it stands, border and background included. Taking the way
        through Textual's styles again would double what a frame costs.
        """
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            if isinstance(line_filter, ANSIToTruecolor):
                # There is nothing left to convert: `Paint` knows true colours itself.
                continue
            strips = [strip.apply_filter(line_filter, self.behind) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def _show_strips(self, after: list[Strip]) -> None:
        """Have those rows painted whose strips are other objects than before."""
        before, self._strips = self._strips, after
        if len(before) != len(after):
            self.refresh()
            return
        changed = [strip is not before[y] for y, strip in enumerate(after)]
        regions: list[Region] = []
        y = 0
        for is_changed, rows in groupby(changed):
            height = len(list(rows))
            if is_changed:
                regions.append(Region(0, y, self.size.width, height))
            y += height
        if regions:
            self.refresh(*regions)
