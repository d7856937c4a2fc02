"""Hits against a plain sorted set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.console import Position
from core.search.hits import CHUNK_BYTES, Hits, packed

OFFSETS = st.one_of(
    st.integers(0, 3 * CHUNK_BYTES - 1),
    st.sampled_from([0, 1, 65535, 65536, 65537, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 65536]),
)
POSITIONS = st.builds(Position, st.integers(1, 4), OFFSETS, st.sampled_from([0, -1]))
STRETCH = st.tuples(st.integers(1, 4), OFFSETS, OFFSETS, st.sets(OFFSETS, max_size=12))
CHANGE = st.one_of(
    STRETCH,
    st.tuples(st.just("drop"), st.integers(1, 4), OFFSETS),
    st.tuples(st.just("keep"), st.sets(st.integers(1, 4))),
)


def put(
    hits: Hits, model: set[Position], generation: int, begin: int, end: int, found: set[int]
) -> None:
    chunk = begin // CHUNK_BYTES
    end = min(max(begin, end), (chunk + 1) * CHUNK_BYTES)
    offsets = sorted(offset for offset in found if begin <= offset < end)
    hits.put(generation, begin, end, packed(offsets))
    for gone in [p for p in model if p.generation == generation and begin <= p.offset < end]:
        model.remove(gone)
    model.update(Position(generation, offset) for offset in offsets)


def made(changes: list[tuple[object, ...]]) -> tuple[Hits, list[Position]]:
    hits = Hits()
    model: set[Position] = set()
    for change in changes:
        match change:
            case ("drop", int(generation), int(offset)):
                hits.drop_before(generation, offset)
                model = {p for p in model if p.generation != generation or p.offset >= offset}
            case ("keep", set(generations)):
                hits.keep(generations)
                model = {p for p in model if p.generation in generations}
            case (int(generation), int(begin), int(end), set(found)):
                put(hits, model, generation, begin, end, found)
    return hits, sorted(model)


@given(changes=st.lists(CHANGE, max_size=12), at=POSITIONS, index=st.integers(0, 20))
def test_hits_are_a_sorted_set(changes: list[tuple[object, ...]], at: Position, index: int) -> None:
    hits, model = made(changes)
    assert len(hits) == len(model)
    assert [hits[i] for i in range(len(model))] == model
    assert hits.window(index, 5) == model[index : index + 5]
    assert hits.count_before(at) == sum(each < at for each in model)
    assert hits.count_after(at) == sum(each >= at for each in model)
    assert (at in hits) == (at in model)


@given(changes=st.lists(CHANGE, max_size=12), at=POSITIONS)
def test_steps_go_around_the_ends(changes: list[tuple[object, ...]], at: Position) -> None:
    hits, model = made(changes)
    after, before = hits.after(at), hits.before(at)
    above = hits.nearest(at, prefers_above=True)
    below = hits.nearest(at, prefers_above=False)
    if not model:
        assert after is before is above is below is None
        return
    assert after is not None
    assert before is not None
    assert above is not None
    assert below is not None
    later, earlier = [p for p in model if p > at], [p for p in model if p < at]
    here = [at] if at in model else []
    assert after.position == (later or model)[0]
    assert after.wrapped == (not later)
    assert before.position == (earlier or model)[-1]
    assert before.wrapped == (not earlier)
    assert above.position == (here or earlier[-1:] or later)[0]
    assert below.position == (here or later[:1] or earlier[-1:])[0]
    for step in (after, before, above, below):
        assert hits[step.number] == step.position
