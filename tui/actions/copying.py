"""Taking text out: to the clipboard, to a file."""

from __future__ import annotations

from tui.actions.model import Action

ACTIONS: tuple[Action, ...] = ()
