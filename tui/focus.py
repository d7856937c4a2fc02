"""What has the focus, as far as keys are concerned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from textual.widget import Widget

from tui.actions.footer import Mood
from tui.actions.model import OwnKey, Where
from tui.widgets.console_pane import ConsolePane


@runtime_checkable
class _Placed(Protocol):
    """A widget in which actions of the registry mean something."""

    WHERE: Where


@runtime_checkable
class _Keyed(Protocol):
    """A widget with keys of its own, besides the registry's."""

    @property
    def own_keys(self) -> Sequence[OwnKey]: ...


class Focus(NamedTuple):
    """What has the focus."""

    where: Where | None = None
    own_keys: Sequence[OwnKey] = ()


def focus_of(widget: Widget | None) -> Focus:
    """What this widget, or what it is in, is for keys."""
    where: Where | None = None
    own: list[OwnKey] = []
    for node in () if widget is None else widget.ancestors_with_self:
        if isinstance(node, _Keyed):
            own += node.own_keys
        if isinstance(node, _Placed):
            where = node.WHERE
            break
    return Focus(where, own)


def moods_of(pane: ConsolePane | None) -> set[Mood]:
    """What is the matter with a pane, as far as keys are concerned."""
    moods: set[Mood] = set()
    if pane is None or pane.viewing is None:
        return moods
    if not pane.following:
        moods.add(Mood.HELD)
    if pane.selection is not None:
        moods.add(Mood.SELECTING)
    if pane.viewing.search is not None:
        moods.add(Mood.SEARCHED)
    if pane.viewing.filtering.is_on:
        moods.add(Mood.FILTERED)
    return moods
