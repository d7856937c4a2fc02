"""Searching and filtering a console."""

from __future__ import annotations

from tui.actions.model import Action

ACTIONS: tuple[Action, ...] = ()
