"""Text on its way to the clipboard of whoever looks at this terminal, and what became of it.

OSC 52 is all that reaches a clipboard over ssh. No terminal answers it, so nothing here
claims more than that the text was sent. Only text that was made safe comes here, and it
travels in base64: no byte of a guest is ever a part of the sequence.
"""

from __future__ import annotations

from typing import Protocol

from textual.widget import Widget

from core.console import SafeStr, safe_text
from core.errors import OutputFailed
from core.multiplexer import ask_tmux, is_inside_screen, load_buffer
from tui import amounts
from tui.actions import keymap_of
from tui.copying.taking import Taken, lines_said
from tui.toast import say

MAX_BYTES = 74_994
"""The most that is copied, in UTF-8. In base64 and with what stands around it that is a
sequence of 100,000 bytes, the longest that the terminals' own libraries (hterm) allow and
that k9s sends; xterm, foot, kitty and tmux take more."""


async def copy(where: Widget, taken: Taken) -> None:
    """Send text to the clipboard, and say above `where`'s screen what became of it."""
    told = await send(where.app, taken, keymap_of(where.app).press("save"))
    say(where, told, severity="warning" if taken.is_cut else "information")


class Sender(Protocol):
    """What has a line to the terminal; Textual's `App`."""

    def copy_to_clipboard(self, text: str) -> None:
        """Send the sequence."""


async def send(sender: Sender, taken: Taken, press: str) -> SafeStr:
    """Send text to the clipboard; returns what may honestly be said of that.

    Args:
        sender: what has a line to the terminal.
        taken: the text.
        press: how a file is saved instead, such as `Press S`.
    """
    what = said_of(taken)
    more = f" {press} to save all of it." if taken.is_cut else ""
    tmux = await ask_tmux()
    if tmux is None:
        sender.copy_to_clipboard(taken.text)
        if is_inside_screen():
            return safe_text(f"Sent {what}, but GNU screen may keep it. {press} to save a file.")
        return safe_text(f"Sent {what} to the terminal. It does not say whether it took it.{more}")
    if tmux.takes_copies:
        sender.copy_to_clipboard(taken.text)
        return safe_text(f"Sent {what} to tmux. Its prefix and ] paste it.{more}")
    try:
        await load_buffer(taken.text)
    except OutputFailed as error:
        sender.copy_to_clipboard(taken.text)
        return safe_text(f"Sent {what}, but tmux may keep it: {error}. {error.hint}")
    return safe_text(f"Put {what} into tmux's buffer. Its prefix and ] paste it.{more}")


def said_of(taken: Taken) -> SafeStr:
    """How much that is: `12 lines (1.2 kB)`, and whether there was more."""
    size = amounts.size(len(taken.text.encode()))
    first = "only the first " if taken.is_cut else ""
    return safe_text(f"{first}{lines_said(taken.lines)} ({size})")
