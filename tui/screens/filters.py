"""What a console is filtered by, as a list to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from core.console import SafeStr, safe_text
from tui.finding.filtering import Filtering
from tui.literal import literal

_HINT = "enter change · e hide/show · backspace take off · esc close"


class FiltersScreen(ModalScreen[int | None]):
    """Every pattern and the level; answers with the pattern to change, None for none.

    Args:
        filtering: what is listed.
        changed: called when something was taken off or turned round.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,F", "leave", show=False),
        Binding("backspace,delete", "take_off", show=False),
        Binding("e", "turn", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    DEFAULT_CSS = """
    FiltersScreen {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }

        #filters-box {
            width: 66;
            max-width: 94%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $gw-raised;
            border: round $gw-accent;
            border-title-color: $gw-guest;
            border-title-style: bold;
        }
        OptionList, OptionList:focus {
            height: auto;
            max-height: 16;
            border: none;
            padding: 0;
            background: $gw-raised;
            background-tint: transparent;
        }
        #filters-hint { color: $gw-quiet; margin-top: 1; height: auto; }
    }
    """

    def __init__(self, filtering: Filtering, changed: Callable[[], None]) -> None:
        super().__init__()
        self._filtering = filtering
        self._changed = changed
        self._list = OptionList(*self._options())

    def compose(self) -> ComposeResult:
        """The list, and the keys it has."""
        with Vertical(id="filters-box") as box:
            box.border_title = literal(safe_text("Filtered by"))
            yield self._list
            yield Static(literal(safe_text(_HINT)), id="filters-hint", markup=False)

    def on_mount(self) -> None:
        """The newest one first: it is what one comes for."""
        self._list.focus()
        self._list.highlighted = self._list.option_count - 1

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Change a pattern."""
        event.stop()
        is_pattern = event.option_index < len(self._filtering.filters.terms)
        if is_pattern:
            self.dismiss(event.option_index)

    def action_leave(self) -> None:
        """Back to the pane."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Highlight another one."""
        if rows > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_take_off(self) -> None:
        """Take off the highlighted one."""
        at = self._list.highlighted
        if at is None:
            return
        filters = self._filtering.filters.without(at)
        if filters.is_empty:
            self._filtering.leave()
            self._changed()
            self.dismiss(None)
            return
        self._filtering.give(filters)
        self._refill(at)

    def action_turn(self) -> None:
        """Hide what the highlighted one showed, or the other way round."""
        at = self._list.highlighted
        filters = self._filtering.filters
        if at is not None and at < len(filters.terms):
            self._filtering.give(filters.turned(at))
            self._refill(at)

    def _refill(self, at: int) -> None:
        self._changed()
        self._list.clear_options()
        self._list.add_options(self._options())
        self._list.highlighted = min(at, self._list.option_count - 1)

    def _options(self) -> list[Option]:
        filters = self._filtering.filters
        said = [_said(term.chip, term.is_exclude) for term in filters.terms]
        if filters.level is not None:
            said.append(safe_text(f"only {filters.level_words}"))
        return [Option(literal(each)) for each in said]


def _said(chip: SafeStr, is_exclude: bool) -> SafeStr:
    what = "hidden" if is_exclude else "shown"
    return safe_text(f"{chip:<28} {what}")
