"""A question before something that other programs would notice."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from core.console import SafeStr, safe_text
from tui.literal import literal

ACCEPT_KEY = "y"
"""Never a key that leads here, so that pressing one twice accepts nothing."""


class ConfirmScreen(ModalScreen[bool]):
    """Asks, and answers whether it may be done. Cancel has the focus.

    Args:
        question: names the sandbox.
        consequence: what happens to others.
        verb: what the accepting button says, such as `Stop it`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(ACCEPT_KEY, "answer(True)", "Accept", show=False),
        Binding("escape,n", "answer(False)", "Cancel", show=False),
        Binding("left,right,h,l", "app.focus_next", "Other button", show=False),
    ]

    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }

        #question-box {
            width: 64;
            max-width: 90%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $gw-raised;
            border: round $gw-silent;
        }
        #question { color: $gw-guest; text-style: bold; height: auto; }
        #consequence { color: $gw-quiet; margin-top: 1; height: auto; }
        #answers { height: 1; margin-top: 1; align-horizontal: right; }
        #answers Button {
            min-width: 0;
            width: auto;
            margin-left: 2;
            padding: 0 1;
            border: none;
            color: $gw-guest;
            background: $gw-selected;
            background-tint: transparent;
            text-style: none;
            &:focus {
                color: $background;
                background: $gw-accent;
                background-tint: transparent;
                text-style: bold;
            }
            &:ansi:focus {
                color: ansi_default;
                background: ansi_default;
                text-style: bold reverse;
            }
        }
    }
    """

    def __init__(self, question: SafeStr, consequence: SafeStr, verb: SafeStr) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._cancel = Button(literal(safe_text("Cancel  esc")), id="cancel", compact=True)
        self._accept = Button(
            literal(safe_text(f"{verb}  {ACCEPT_KEY}")), id="accept", compact=True
        )

    def compose(self) -> ComposeResult:
        """The question, what it means, and two answers."""
        with Vertical(id="question-box"):
            yield Static(literal(self._question), id="question")
            yield Static(literal(self._consequence), id="consequence")
            with Horizontal(id="answers"):
                yield self._cancel
                yield self._accept

    def on_mount(self) -> None:
        """Nothing happens to who only presses enter."""
        self._cancel.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button is self._accept)

    def action_answer(self, accepted: bool) -> None:
        """Answer by key."""
        self.dismiss(accepted)
