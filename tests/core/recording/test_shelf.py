"""A shelf of events against a plain sorted list."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import shelf as module
from core.recording.shelf import Event, EventKind, Shelf

NOWHERE = 1 << 62

offsets = st.integers(0, 40)
steps = st.lists(
    st.tuples(st.just("add"), offsets, st.sampled_from(EventKind))
    | st.tuples(st.just("discard"), st.integers(0, 200), st.none())
    | st.tuples(st.just("drop"), offsets, st.none()),
    max_size=120,
)


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", 3)
        yield


@given(steps, st.integers(1, 50), offsets)
def test_a_shelf_is_a_sorted_list(
    some: list[tuple[str, int, EventKind | None]], limit: int, at: int
) -> None:
    model: list[Event] = []
    shelf, gone = Shelf(limit), 0
    for place, (step, number, kind) in enumerate(some):
        if step == "add" and kind is not None:
            event = Event(number, place, kind)
            shelf.add(event)
            model = sorted([*model, event])
            gone += max(0, len(model) - limit)
            model = model[-limit:]
        elif step == "discard":
            known = next((event for event in model if event.place == number), None)
            assert shelf.discard(known.offset if known else 0, number) is (known is not None)
            model = [event for event in model if event.place != number]
        else:
            before = len(model)
            model = [event for event in model if event.offset >= number]
            assert shelf.drop_before(number) is (len(model) < before)
        assert (len(shelf), shelf.dropped) == (len(model), gone)
    assert list(shelf.forward(0, 0)) == model
    assert list(shelf.backward(NOWHERE, NOWHERE)) == model[::-1]
    for place in (0, 7, NOWHERE):
        later = [event for event in model if event[:2] >= (at, place)]
        assert list(shelf.forward(at, place)) == later
        assert list(shelf.backward(at, place)) == [e for e in model if e not in later][::-1]


def test_asking_for_a_few_of_a_million_yields_a_few() -> None:
    shelf = Shelf(100_000)
    for place in range(20_000):
        shelf.add(Event(place * 7919 % 20_000, place, EventKind.ALERT))
    found = list(islice(shelf.forward(10_000, 0), 3))
    assert [event.offset for event in found] == [10_000, 10_001, 10_002]
