"""What stands in the panes' place when there is no pane: why, and what to type."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from core.console import SafeStr
from tui.literal import literal
from tui.widgets.ink import Inked

NAME_ONE = (
    (
        "Name a console that a VM has on a unix socket:",
        "guestwatch watch vm1=unix:/run/vm1.sock",
    ),
    ("See guests that need no VM:", "guestwatch demo"),
    ("Watch the same ones every day:", "~/.config/guestwatch/config.toml"),
)
"""The ways to a first sandbox."""


class EmptyRoom(Inked):
    """A short text in the middle of nothing."""

    DEFAULT_CSS = """
    EmptyRoom {
        width: 1fr;
        height: 1fr;
        content-align: center middle;
    }
    """

    reason: reactive[SafeStr | None] = reactive(None)
    """Why there is no pane although there are sandboxes; None when there are none."""
    is_known: reactive[bool] = reactive(False)
    """Whether capture has told which sandboxes there are."""

    def render(self) -> Content:
        """The text, centred as a block."""
        width = max(20, min(64, self.size.width - 4))
        if not self.is_known:
            lines = [self.own("Asking capture …", "quiet")]
        elif self.reason is not None:
            lines = [self.own("No console is being watched.", "strong"), Content("")]
            style = self.get_visual_style("ink--quiet", partial=True)
            lines += [line.stylize(style) for line in literal(self.reason).wrap(width)]
        else:
            lines = [self.own("No sandbox is being watched.", "strong")]
            for words, command in NAME_ONE:
                lines += [Content(""), self.own(words, "quiet"), self.own(f"  {command}", "accent")]
        widest = max(line.cell_length for line in lines)
        return Content("\n").join(
            line.truncate(min(widest, width), ellipsis=True, pad=True) for line in lines
        )
