"""How a console was read, as a small record: what is given when it is left, and taken up again.

A record may be old, of another version or somebody's joke: each fact is taken only when it
is of its kind, and a place only when its bytes are still there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from core.console import Level, Position
from core.console.filtered import MAX_CONTEXT
from core.errors import BadQuery, RecordingError
from core.search import Query
from core.search.sieve import MAX_QUERIES
from core.session import Record, Value
from tui.finding.filters import LEVELS, Filters, Term
from tui.grid.layouts import LAYOUTS
from tui.grid.pages import Pages
from tui.opened.viewing import Gutter, Viewing
from tui.pane.view import Stand


class _Fact(NamedTuple):
    """One thing that is remembered of a viewing."""

    name: str
    give: Callable[[Viewing], Value]
    take: Callable[[Viewing, Value], None]


def _take_gutter(viewing: Viewing, value: Value) -> None:
    found = [gutter for gutter in Gutter if gutter.value == value]
    if found:
        viewing.gutter = found[0]


def _look(name: str) -> _Fact:
    def take(viewing: Viewing, value: Value) -> None:
        if isinstance(value, bool):
            viewing.look = viewing.look._replace(**{name: value})

    return _Fact(name, lambda viewing: bool(getattr(viewing.look, name)), take)


def _take_wrapped(viewing: Viewing, value: Value) -> None:
    viewing.is_wrapped = value is True


def _take_events(viewing: Viewing, value: Value) -> None:
    viewing.annotations.is_shown = value is not False


_FACTS = (
    _Fact("gutter", lambda viewing: viewing.gutter.value, _take_gutter),
    _look("is_raw"),
    _look("has_fields"),
    _look("is_plain"),
    _Fact("wrapped", lambda viewing: viewing.is_wrapped, _take_wrapped),
    _Fact("events", lambda viewing: viewing.annotations.is_shown, _take_events),
)
"""What is remembered besides the place. Whoever adds a choice to a viewing adds it here."""


def remember(viewing: Viewing) -> dict[str, Value]:
    """What is known of how a console is read."""
    record = {fact.name: fact.give(viewing) for fact in _FACTS}
    if viewing.search is not None:
        query = viewing.search.query
        record |= {"search": query.text, "search_regex": query.is_regex}
    filters = viewing.filtering.filters
    if not filters.is_empty:
        record |= {
            "filter": [written(term) for term in filters.terms],
            "filter_level": "" if filters.level is None else filters.level.name.lower(),
            "filter_context": filters.context,
            "filter_hides": filters.hides,
        }
    top = viewing.view.top
    generation = None if top is None else viewing.generation(top.generation)
    if top is not None and generation is not None:
        record |= {"generation": generation.name, "offset": top.offset}
    return record


def recall(viewing: Viewing, record: Record) -> None:
    """Read a console as it was read; call it before the recording is opened.

    The place is gone to once the recording is open. `viewing.has_lost_place` tells then
    that the bytes there were dropped meanwhile.
    """
    for fact in _FACTS:
        if (value := record.get(fact.name)) is not None:
            fact.take(viewing, value)
    name, offset = record.get("generation"), record.get("offset")
    if isinstance(name, str) and isinstance(offset, int) and not isinstance(offset, bool):
        viewing.on_opened = lambda: _go_back(viewing, name, offset)


def query_of(record: Record) -> Query | None:
    """What a console was searched for; None when for nothing that can be searched for."""
    text = record.get("search")
    query = Query(text if isinstance(text, str) else "", record.get("search_regex") is True)
    return query if query.text and is_sound(query) else None


def filters_of(record: Record) -> Filters:
    """What a console was filtered by; empty filters when by nothing that can be."""
    texts, level = record.get("filter"), record.get("filter_level")
    terms = [_read(text) for text in (texts if isinstance(texts, list) else [])]
    context = record.get("filter_context")
    levels = [each for each in Level if each.name.lower() == level]
    return Filters(
        terms=tuple(term for term in terms if is_sound(term.query))[:MAX_QUERIES],
        level=levels[0] if levels and levels[0] in LEVELS else None,
        context=max(0, min(MAX_CONTEXT, context)) if type(context) is int else 0,
        hides=record.get("filter_hides") is not False,
    )


def written(term: Term) -> str:
    """A term as a record has it."""
    sort = "regex" if term.query.is_regex else "text"
    return f"{'not ' if term.is_exclude else ''}{sort} {term.query.text}"


def _read(written: str) -> Term:
    is_exclude = written.startswith("not ")
    sort, _, text = written.removeprefix("not ").partition(" ")
    return Term(Query(text, sort == "regex"), is_exclude)


def is_sound(query: Query) -> bool:
    """Whether there is something that can be searched for."""
    try:
        query.check()
    except BadQuery:
        return False
    return bool(query.text)


def _go_back(viewing: Viewing, name: str, offset: int) -> None:
    # What cannot be read now is told by the pane, which follows then.
    with contextlib.suppress(RecordingError):
        _hold(viewing, name, offset)


def _hold(viewing: Viewing, name: str, offset: int) -> None:
    found = [part for part in viewing.parts if part.generation.name == name]
    if not found:
        # Its folder is gone; what is left begins later than that.
        viewing.has_lost_place = viewing.generations > 0
        if viewing.has_lost_place:
            viewing.view.stand = Stand(viewing.view.first)
        return
    part = found[0]
    if -1 < offset < part.start:
        viewing.has_lost_place = True
        viewing.view.stand = Stand(Position(part.sequence, offset))
        return
    # A place that is no row's begin, which nobody wrote, is none to hold.
    at = viewing.view.line_at(Position(part.sequence, offset))
    if at is not None and offset < part.end:
        viewing.view.stand = Stand(at.bare)
    else:
        viewing.has_lost_place = True


def remember_pages(pages: Pages) -> dict[str, Value]:
    """How panes are arranged."""
    pins = [f"{place} {sandbox_id}" for sandbox_id, place in pages.order.pins.items()]
    return {"panes": pages.layout, "order": list(pages.order.ids), "pins": pins}


def recall_pages(pages: Pages, record: Record) -> None:
    """Arrange panes as they were; call it before it is told which sandboxes there are."""
    panes, order, pins = (record.get(name) for name in ("panes", "order", "pins"))
    if panes in LAYOUTS and not isinstance(panes, bool):
        pages.layout = LAYOUTS[LAYOUTS.index(panes)]
    places = {}
    for text in pins if isinstance(pins, list) else []:
        place, _, sandbox_id = text.partition(" ")
        if place.isdecimal() and len(place) == 1:
            places[sandbox_id] = int(place)
    pages.order.take_up(order if isinstance(order, list) else [], places)


class Memory:
    """How each sandbox's console is read, while nobody looks at it.

    Args:
        records: by sandbox id, what was looked at last behind.
    """

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = {name: dict(record) for name, record in records.items()}

    def take_up(self, sandbox_id: str, viewing: Viewing) -> None:
        """Read a console as it was read before."""
        recall(viewing, self._records.get(sandbox_id, {}))

    def put_down(self, sandbox_id: str, viewing: Viewing) -> None:
        """Remember how a console is read."""
        self._records.pop(sandbox_id, None)
        self._records[sandbox_id] = remember(viewing)

    def record_of(self, sandbox_id: str) -> Record:
        """What is remembered of a sandbox's console; empty when nothing is."""
        return self._records.get(sandbox_id, {})

    @property
    def records(self) -> dict[str, dict[str, Value]]:
        """All of it, what was put down last behind."""
        return dict(self._records)
