"""Marks of a person, events, and the way from one to the next."""

from __future__ import annotations

from tui.actions.model import Action

ACTIONS: tuple[Action, ...] = ()
